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


BOOT = [
    # host, key, proxy acknowledged, may serve
    ("127.0.0.1", "key", False, True),
    ("::1", "key", False, True),
    ("localhost", "key", False, True),
    ("127.0.0.1", "", False, False),
    ("0.0.0.0", "key", False, False),  # noqa: S104 - that it is refused is the point
    ("::", "key", False, False),
    ("10.0.0.5", "key", False, False),
    ("titrate.hospital.example", "key", False, False),
    ("0.0.0.0", "", True, False),  # noqa: S104
    ("0.0.0.0", "key", True, True),  # noqa: S104
]


@pytest.mark.parametrize(("host", "key", "proxy", "serves"), BOOT)
def test_boot_matrix(host, key, proxy, serves):
    settings = Settings(host=host, secret_key=key, trusted_proxy=proxy)
    if serves:
        check_for_serving(settings)
        return
    with pytest.raises(SettingsError):
        check_for_serving(settings)


def test_the_sandbox_is_served_to_this_machine_alone():
    check_for_serving(Settings(secret_key="key", sandbox=True))
    with pytest.raises(SettingsError, match="SANDBOX"):
        check_for_serving(Settings(secret_key="key", sandbox=True, host="10.0.0.5", trusted_proxy=True))


def test_secrets_are_in_no_repr():
    settings = Settings(secret_key="canary", database_url="postgresql://u:canary@db/x", broker_url="redis://:canary@b")
    assert "canary" not in repr(settings)
