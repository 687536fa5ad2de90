"""The registry file: what can not be used stops the start and says what, where and what was expected; keys rotate."""

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm

from cds_server.cli import titrate
from cds_server.config import Settings, SettingsError
from cds_server.ehr import connections_for
from cds_server.trust.fetch import FetchError, fetch_keys
from cds_server.trust.load import load_registry
from cds_server.trust.registry import Issuer
from cds_server.trust.ring import FRESH_S, PAUSE_S, STALE_S, KeyRing
from cds_server.work import utc_now
from tests.fhir.server import Reply, serving
from tests.security.issuers import ISS, SERVICE, Ehr, ec_key, jwk, jwks, registry_file, rsa_key

NORTH = Ehr()
PINNED = {"iss": ISS, "tenants": ["north"], "jwks": NORTH.jwks()}
URL = "https://ehr.north.example/jwks.json"


def issuers(*rows):
    return {"issuers": list(rows)}


def keyed(*rows):
    return issuers({**PINNED, "jwks": jwks(*rows)})


def private_jwk():
    return {**json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()))), "kid": "k1"}


REFUSED = {
    "no TOML": ({"text": "[[tenants"}, "is not TOML"),
    "a misspelt table": ({"isuers": [{}]}, "isuers"),
    "a misspelt field": (issuers({**PINNED, "isss": "x"}), "isss"),
    "no iss": (issuers({"tenants": ["north"], "jwks": NORTH.jwks()}), "issuers[0].iss"),
    "iss twice": (issuers(PINNED, PINNED), "each one once"),
    "a tenant that is not there": (issuers({**PINNED, "tenants": ["south"]}), "names of [[tenants]]"),
    "no tenant": (issuers({**PINNED, "tenants": []}), "issuers[0].tenants"),
    "a tenant's name in capitals": ({"tenants": [{"name": "North"}]}, "tenants[0].name"),
    "a tenant twice": ({"tenants": [{"name": "north"}, {"name": "north"}]}, "each one once"),
    "no keys": (issuers({"iss": ISS, "tenants": ["north"]}), "exactly one of"),
    "keys from two places": (issuers({**PINNED, "jwks_url": URL}), "exactly one of"),
    "keys over http": (issuers({"iss": ISS, "tenants": ["north"], "jwks_url": "http://ehr.example/k"}), "https"),
    "keys at a login": (issuers({"iss": ISS, "tenants": ["north"], "jwks_url": "https://a:b@ehr.example/k"}), "https"),
    "a key file that is not there": (
        issuers({"iss": ISS, "tenants": ["north"], "jwks_file": "none.json"}),
        "none.json",
    ),
    "an authority that is not there": (
        issuers({"iss": ISS, "tenants": ["north"], "jwks_url": URL, "ca_file": "no.pem"}),
        "ca_file",
    ),
    "no key in the set": (keyed(), "no key for signatures"),
    "a private key": (keyed(private_jwk()), "private or shared key"),
    "a shared secret": (keyed({"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}), "private or shared key"),
    "a key without a kid": (keyed({**jwk(NORTH.key, "k1"), "kid": ""}), "kid of 1 to 200"),
    "a kid twice": (keyed(jwk(NORTH.key, "k1"), jwk(ec_key("two"), "k1")), "a kid stands twice"),
    "a weak RSA key": (keyed(jwk(rsa_key("weak", 1024), "k1")), "1024 bits"),
    "another curve alone": (keyed(jwk(ec.generate_private_key(ec.SECP256R1()), "k1")), "no key for signatures"),
    "a key for RS256 alone": (keyed(jwk(rsa_key(), "k1", alg="RS256")), "no key for signatures"),
    "a key for encryption alone": (keyed(jwk(rsa_key(), "k1", use="enc")), "no key for signatures"),
    "a point off the curve": (keyed({**jwk(NORTH.key, "k1"), "x": jwk(NORTH.key, "k1")["y"]}), "can not be read"),
    "no rate": (issuers({**PINNED, "per_minute": 0}), "per_minute"),
    "a rate of true": (issuers({**PINNED, "per_minute": True}), "per_minute"),
    "a day's life and more": (issuers({**PINNED, "lifetime_s": 86_401}), "lifetime_s"),
    "any origin": ({"tenants": [{"name": "north", "cors_origins": ["*"]}]}, "cors_origins"),
    "an origin with a path": ({"tenants": [{"name": "north", "cors_origins": ["https://a.example/"]}]}, "cors_origins"),
    "a frame with a directive": (
        {"tenants": [{"name": "north", "frame_ancestors": ["https://a.example;script-src"]}]},
        "frame_ancestors",
    ),
    "a FHIR server of nobody": ({"fhir_servers": [{"base": "https://ehr.example/fhir"}]}, "fhir_servers.tenant"),
    "a FHIR server over http": (
        {"fhir_servers": [{"base": "http://ehr.example/fhir", "tenant": "north"}]},
        "fhir_servers",
    ),
}


@pytest.mark.parametrize(("tables", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_used_stops_the_start(tmp_path, tables, expected):
    with pytest.raises(SettingsError) as caught:
        load_registry(registry_file(tmp_path, **tables))
    assert expected in str(caught.value)
    assert "registry.toml" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load_registry(str(tmp_path / "none.toml"))


def test_a_server_is_not_both_every_callers_and_one_tenants(tmp_path):
    base = "https://ehr.example/fhir"
    registry = load_registry(registry_file(tmp_path, fhir_servers=[{"base": base, "tenant": "north"}]))
    with pytest.raises(SettingsError, match="keep it in one"):
        connections_for(Settings(fhir_servers=(base,)), registry)


def test_a_file_beside_the_registry_holds_its_keys(tmp_path):
    mixed = jwks(jwk(NORTH.key, "k1"), jwk(rsa_key(), "old", alg="RS256"), jwk(rsa_key(), "r1"))
    (tmp_path / "north.json").write_text(json.dumps(mixed))
    row = {"iss": ISS, "tenants": ["north"], "jwks_file": "north.json"}
    (issuer,) = load_registry(registry_file(tmp_path, issuers=[row])).issuers
    assert [(key.kid, key.algorithm) for key in issuer.keys] == [("k1", "ES384"), ("r1", "RS384")]


def test_one_issuer_of_two_tenants_has_to_say_which(tmp_path):
    tenants = [{"name": "north", "claim": "org-1"}, {"name": "south", "claim": "org-2"}, {"name": "west"}]
    file = registry_file(tmp_path, tenants=tenants, issuers=[{**PINNED, "tenants": ["north", "south"]}])
    registry = load_registry(file)
    (issuer,) = registry.issuers
    asked = (None, "org-1", "org-2", "north", "west", "")
    assert [registry.tenant(issuer, claim) for claim in asked] == [None, "north", "south", None, None, None]


class Sets:
    """An issuer's JWK Set as it changes; None: its web server fails."""

    def __init__(self, *kids: str) -> None:
        self.kids: tuple[str, ...] | None = kids
        self.asked = 0
        self.at = 0.0

    def fetch(self, issuer: Issuer) -> bytes:
        self.asked += 1
        if self.kids is None:
            raise FetchError("HTTP 500")
        return json.dumps(jwks(*(jwk(ec_key(kid), kid) for kid in self.kids))).encode()

    def ring(self) -> KeyRing:
        return KeyRing(self.fetch, clock=lambda: self.at)


AT_URL = Issuer(iss=ISS, tenants=("north",), jwks_url=URL)


def test_a_set_is_fetched_once_while_fresh():
    sets = Sets("a", "b")
    ring = sets.ring()
    assert [ring.find(AT_URL, kid) is not None for kid in ("a", "b", "a")] == [True, True, True]
    sets.at = FRESH_S - 1
    assert ring.find(AT_URL, "a")
    assert sets.asked == 1
    sets.at = FRESH_S
    assert ring.find(AT_URL, "a")
    assert sets.asked == 2


def test_a_new_key_is_found_and_a_removed_one_forgotten():
    sets = Sets("a")
    ring = sets.ring()
    assert ring.find(AT_URL, "a")
    sets.kids, sets.at = ("b",), PAUSE_S
    assert ring.find(AT_URL, "b")
    assert ring.find(AT_URL, "a") is None


def test_made_up_kids_do_not_make_us_ask_again_and_again():
    sets = Sets("a")
    ring = sets.ring()
    for n in range(100):
        assert ring.find(AT_URL, f"made-up-{n}") is None
    assert sets.asked == 1
    sets.at = PAUSE_S
    for n in range(100):
        assert ring.find(AT_URL, f"made-up-{n}") is None
    assert sets.asked == 2


def test_a_set_that_can_not_be_had_is_believed_for_a_day_and_asked_for_with_pauses():
    sets = Sets("a")
    ring = sets.ring()
    assert ring.find(AT_URL, "a")
    sets.kids = None
    for hour in range(1, 24):
        sets.at = hour * 3600.0
        assert ring.find(AT_URL, "a")
    asked = sets.asked
    assert ring.find(AT_URL, "a")
    assert sets.asked == asked
    sets.at = STALE_S
    assert ring.find(AT_URL, "a") is None
    sets.kids, sets.at = ("a",), STALE_S + PAUSE_S
    assert ring.find(AT_URL, "a")


def test_a_first_fetch_that_fails_is_not_repeated_at_once():
    sets = Sets()
    ring = sets.ring()
    sets.kids = None
    assert [ring.find(AT_URL, "a") for _ in range(5)] == [None] * 5
    assert sets.asked == 1


def test_many_threads_fetch_once():
    sets = Sets("a")
    ring = sets.ring()
    found: list[bool] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(ring.find(AT_URL, "a") is not None)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, sets.asked) == ([True] * 8, 1)


def at(base: str, path: str = "jwks.json", **changes) -> Issuer:
    return Issuer(**{"iss": ISS, "tenants": ("north",), "jwks_url": f"{base}/{path}", **changes})


def test_a_set_comes_over_the_wire():
    with serving(lambda path, before: Reply(body=NORTH.jwks())) as ehr:
        assert KeyRing(fetch_keys).find(at(ehr.base), "k1")
    assert "Authorization" not in ehr.asked.headers[0]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=302, headers={"Location": "http://127.0.0.1:1/jwks.json"}),
        Reply(status=500),
        Reply(body=b"{"),
        Reply(body=b'{"keys": NaN}'),
        Reply(body=b"[" * 100_000),
        Reply(body=b"x" * 300_000),
        Reply(body={"keys": "none"}),
        Reply(body=jwks(private_jwk())),
    ],
)
def test_what_is_no_key_set_lets_nobody_in(reply):
    with serving(lambda path, before: reply) as ehr:
        assert KeyRing(fetch_keys).find(at(ehr.base), "k1") is None
    assert ehr.asked.paths == ["jwks.json"]  # a redirect is not followed


@pytest.mark.parametrize(
    "base", ["https://10.0.0.5", "https://169.254.169.254", "https://0.0.0.0", "https://[fe80::1]"]
)
def test_keys_are_not_fetched_from_where_a_registry_may_not_lead(base):
    with pytest.raises(FetchError, match="NotAllowedServer"):
        fetch_keys(at(base))


def run(*arguments: str, file: str = "", given: str = ""):
    environment = {"TITRATE_REGISTRY_FILE": file}
    return CliRunner().invoke(titrate, ["trust", *arguments], env=environment, input=given)


def test_the_list_shows_who_and_no_secret(tmp_path):
    shown = run("list", "--json", file=registry_file(tmp_path))
    (issuer,) = json.loads(shown.stdout)["issuers"]
    assert (issuer["iss"], issuer["keys"][0]["kid"], issuer["keysFrom"]) == (ISS, "k1", "pinned")
    assert ISS in run("list", file=registry_file(tmp_path)).stdout


def test_check_says_by_its_exit_code_whether_every_issuer_could_call(tmp_path):
    assert run("check", file=registry_file(tmp_path)).exit_code == 0
    with serving(lambda path, before: Reply(status=500)) as ehr:
        row = {"iss": ISS, "tenants": ["north"], "jwks_url": f"{ehr.base}/jwks.json"}
        failed = run("check", file=registry_file(tmp_path, issuers=[row]))
    assert (failed.exit_code, ISS in failed.stderr) == (1, True)


def test_a_token_is_tried_without_being_used_or_shown(tmp_path):
    file = registry_file(tmp_path)
    right = NORTH.token(now=utc_now())
    for _ in range(2):
        believed = run("token", SERVICE, "--json", file=file, given=right)
        assert (believed.exit_code, json.loads(believed.stdout)["tenant"]) == (0, "north")
    refused = run("token", SERVICE, file=file, given=NORTH.token())  # of the charts' day, long gone or yet to come
    assert refused.exit_code == 1
    assert "reason: " in refused.stdout
    assert right not in believed.output + refused.output


def test_a_new_pair_signs_what_its_public_half_verifies(tmp_path):
    file = tmp_path / "key.pem"
    made = run("keygen", str(file), "--kid", "k9")
    public = json.loads(made.stdout)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in made.output
    private = load_pem_private_key(file.read_bytes(), password=None)
    registry = registry_file(tmp_path, issuers=[{**PINNED, "jwks": public}])
    assert run("token", SERVICE, file=registry, given=Ehr(kid="k9", key=private).token(now=utc_now())).exit_code == 0
    assert run("keygen", str(file)).exit_code == 3  # an existing key is never overwritten


def test_the_worked_example_of_the_document_is_a_registry(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    (tmp_path / "north-ehr.json").write_text(json.dumps(NORTH.jwks()))
    (tmp_path / "titrate-key.pem").touch()
    registry = load_registry(registry_file(tmp_path, text=example))
    assert {item.name for item in registry.tenants} == {"north", "south"}
    assert len(registry.issuers) == 2
    assert registry.servers
