"""Settings: safe by default, each documented, nothing misspelt goes unnoticed."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from cds_server.config import Settings, SettingsError, check_for_serving, from_environment

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_is_documented_and_every_documented_setting_exists():
    documented = set(re.findall(r"^\| `(TITRATE_[A-Z_]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == {"TITRATE_" + item.name.upper() for item in fields(Settings)}


def test_documented_defaults_are_the_real_ones():
    text = DOCUMENT.read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| `TITRATE_([A-Z_]+)` \| `([^`<]+)` \|", text, re.MULTILINE))
    environment = Settings().to_environment()
    assert shown == {name: environment[f"TITRATE_{name}"] for name in shown}
    assert len(shown) > 10


def test_only_config_reads_the_environment():
    package = Path(__file__).parents[2] / "cds_server"
    reading = {path.name for path in package.rglob("*.py") if re.search(r"os\.(environ|getenv)", path.read_text())}
    assert reading == {"config.py"}


def test_settings_survive_the_way_to_a_child_process():
    settings = Settings(
        fhir_servers=("https://a.example/fhir", "https://b.example/fhir"), sandbox=True, data_folder=Path("/x")
    )
    assert from_environment(settings.to_environment()) == settings


def test_defaults_listen_on_this_machine_and_read_from_no_server():
    settings = from_environment({})
    assert settings.loopback
    assert settings.fhir_servers == ()
    assert settings.cors_origins == ()
    assert not settings.sandbox


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TITRATE_PORT", "many"),
        ("TITRATE_PORT", "0"),
        ("TITRATE_TRUSTED_PROXY", "perhaps"),
        ("TITRATE_QUEUE", "carrier-pigeon"),
        ("TITRATE_LOG_LEVEL", "LOUD"),
        ("TITRATE_HOOK_BUDGET_MS", "-1"),
        ("TITRATE_FHIR_SERVERS", "ftp://ehr.example/fhir"),
        ("TITRATE_FHIR_SERVERS", "https://user:secret@ehr.example/fhir"),
        ("TITRATE_BASE_URL", "titrate.example"),
        ("TITRATE_FHIR_SERVRES", "https://ehr.example/fhir"),
    ],
)
def test_a_setting_that_can_not_be_used_stops_the_start_and_is_named(name, value):
    with pytest.raises(SettingsError) as caught:
        from_environment({name: value})
    assert name in str(caught.value) or value in str(caught.value)


HERE, OPEN = "127.0.0.1", "0.0.0.0"  # noqa: S104 - that it is refused is the point
HTTPS, PLAIN, LOCAL = "https://titrate.example", "http://titrate.example", "http://127.0.0.1:8080"


def boot(host=HERE, base_url="", **more):
    """Whether `titrate serve` would start, and if not why."""
    issuers = more.pop("issuers", 0)
    try:
        check_for_serving(
            Settings(**{"secret_key": "key", "host": host, "base_url": base_url, **more}), issuers=issuers
        )
    except SettingsError as refusal:
        return str(refusal)
    return "starts"


BOOT = [
    # host, public address, registered issuers, proxy, sandbox, what happens
    (HERE, "", 0, False, False, "starts"),
    ("::1", "", 0, False, False, "starts"),
    ("localhost", "", 1, False, False, "starts"),
    (HERE, LOCAL, 0, False, True, "starts"),
    (HERE, LOCAL, 1, False, True, "starts"),
    # listening beyond this machine
    (OPEN, "", 0, False, False, "stranger"),
    ("::", "", 0, False, False, "stranger"),
    ("10.0.0.5", "", 0, False, False, "stranger"),
    ("titrate.hospital.example", "", 0, False, False, "stranger"),
    (OPEN, HTTPS, 0, False, False, "stranger"),
    (OPEN, HTTPS, 1, False, False, "plain HTTP"),
    (OPEN, "", 1, True, False, "https"),
    (OPEN, PLAIN, 1, True, False, "https"),
    (OPEN, HTTPS, 1, True, False, "starts"),
    (OPEN, HTTPS, 0, True, False, "starts"),
    (OPEN, LOCAL, 0, True, False, "starts"),  # a container whose port is published on this machine alone
    # listening here, and reached from elsewhere: a proxy on this machine
    (HERE, HTTPS, 0, False, False, "stranger"),
    (HERE, HTTPS, 1, False, False, "plain HTTP"),
    (HERE, PLAIN, 1, True, False, "https"),
    (HERE, HTTPS, 1, True, False, "starts"),
    # the sandbox hands out tokens to whoever asks
    (OPEN, "", 0, False, True, "SANDBOX"),
    (OPEN, HTTPS, 1, True, True, "SANDBOX"),
    (HERE, HTTPS, 1, True, True, "SANDBOX"),
]


@pytest.mark.parametrize(("host", "address", "issuers", "proxy", "sandbox", "expected"), BOOT)
def test_boot_matrix(host, address, issuers, proxy, sandbox, expected):
    said = boot(host, address, issuers=issuers, trusted_proxy=proxy, sandbox=sandbox)
    assert expected in said
    assert (said == "starts") == (expected == "starts")


@pytest.mark.parametrize("host", [HERE, OPEN])
def test_nothing_is_served_without_a_key_for_links(host):
    assert "TITRATE_SECRET_KEY" in boot(host, HTTPS, issuers=1, trusted_proxy=True, secret_key="")


def test_jwts_are_optional_only_beside_registered_issuers():
    assert "TITRATE_JWT_OPTIONAL" in boot(OPEN, HTTPS, trusted_proxy=True, jwt_optional=True)
    assert boot(OPEN, HTTPS, trusted_proxy=True, jwt_optional=True, issuers=1) == "starts"


def test_secrets_are_in_no_repr():
    settings = Settings(secret_key="canary", database_url="postgresql://u:canary@db/x", broker_url="redis://:canary@b")
    assert "canary" not in repr(settings)
