"""A hook call that is read on from its EHR: with whose token, how far, and for whom."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cds_server.backends import signers_of
from cds_server.config import Settings, SettingsError
from cds_server.trust.load import load_registry
from tests.cds_server.hook_calls import SERVICE, call, facts, prefetch, service
from tests.fhir.charts import level
from tests.fhir.server import Reply, Server, bundle, serving
from tests.security import issuers

NORTH = issuers.Ehr()
OUR_KEY = issuers.ec_key("titrate")


def levels_only(path: str, before: int) -> Reply:
    return Reply(body=bundle(level(11.0)))


def access(server: Server, **authorization: Any) -> dict[str, Any]:
    return {
        "fhirServer": server.base,
        "fhirAuthorization": {"access_token": "t", "token_type": "Bearer"} | authorization,
    }


def asked(tmp_path: Path, prefetched: dict[str, Any], **authorization: Any) -> tuple[Any, list[str]]:
    """The answer to a call that has to be read on for its levels, and what the EHR was asked."""
    with serving(levels_only) as ehr, service(tmp_path, fhir_servers=(ehr.base,), fhir_deadline_ms=10_000) as running:
        body = call(prefetch=prefetched, **access(ehr, **authorization))
        return running.client.post(SERVICE, json=body), ehr.asked.paths


@pytest.mark.parametrize(
    "scope", ["patient/*.read", "patient/Observation.rs", "user/Observation.s", "", "openid launch"]
)
def test_what_the_token_covers_is_read(tmp_path: Path, scope: str) -> None:
    answer, paths = asked(tmp_path, prefetch(levels=...), scope=scope, patient="p1")
    assert answer.status_code == 200
    assert len(paths) == 1


@pytest.mark.parametrize("scope", ["patient/Patient.read", "patient/Observation.rs?category=vital-signs", "user/*.c"])
def test_what_the_token_does_not_cover_is_not_asked_for(tmp_path: Path, scope: str) -> None:
    answer, paths = asked(tmp_path, prefetch(levels=...), scope=scope, patient="p1")
    assert answer.status_code == 412
    assert "the scopes of the call's token do not include Observation" in answer.json["issue"][0]["diagnostics"]
    assert paths == []


def test_a_token_for_another_patient_is_not_used(tmp_path: Path) -> None:
    answer, paths = asked(tmp_path, prefetch(levels=...), scope="patient/*.rs", patient="p2")
    assert answer.status_code == 412
    assert "is for another patient" in answer.json["issue"][0]["diagnostics"]
    assert "p2" not in answer.get_data(as_text=True)
    assert paths == []


def test_no_dose_is_proposed_where_the_authorization_is_another_patients(tmp_path: Path) -> None:
    """Everything came with the call; still, two patients are mixed up in it: which is meant is not guessed."""
    answer, paths = asked(tmp_path, prefetch(), scope="patient/*.rs", patient="p2")
    (card,) = answer.json["cards"]
    assert (facts(card)["kind"], card["indicator"]) == ("declined", "critical")
    assert "other-patient" in facts(card)["findings"]
    assert paths == []


@pytest.mark.parametrize("patient", ["p1", "Patient/p1", ""])
def test_the_patient_of_the_token_in_each_of_its_forms(tmp_path: Path, patient: str) -> None:
    assert asked(tmp_path, prefetch(levels=...), scope="patient/*.rs", patient=patient)[0].status_code == 200


def test_a_user_level_token_is_about_no_one_patient(tmp_path: Path) -> None:
    assert asked(tmp_path, prefetch(levels=...), scope="user/*.rs", patient="p2")[0].status_code == 200


@pytest.mark.parametrize("wrong", [{"scope": 7}, {"patient": ["p1"]}])
def test_an_authorization_of_another_shape_is_a_bad_request(tmp_path: Path, wrong: dict[str, Any]) -> None:
    answer, paths = asked(tmp_path, prefetch(levels=...), **wrong)
    assert answer.status_code == 400
    assert paths == []


def registry(folder: Path, base: str, **server: Any) -> str:
    """The hospital "north", whose FHIR server we read in our own name."""
    (folder / "ours.pem").write_bytes(OUR_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    backend = {"client_id": "titrate", "kid": "2026-11", "token_url": f"{base}/token"}
    return issuers.registry_file(
        folder,
        tenants=[{"name": "north"}, {"name": "south"}],
        fhir_servers=[{"base": base, "tenant": "north", "backend": backend} | server],
        keys=[{"kid": "2026-11", "file": "ours.pem", "algorithm": "ES384"}],
    )


def ehr_with_tokens(path: str, before: int) -> Reply:
    if path == "token":
        return Reply(body={"access_token": "in-our-name", "token_type": "bearer", "expires_in": 300})
    return levels_only(path, before)


@pytest.mark.parametrize(
    ("token", "used"), [(None, [None, "Bearer in-our-name"]), ("of-the-call", ["Bearer of-the-call"])]
)
def test_our_own_name_is_used_where_the_call_brings_no_token(
    tmp_path: Path, token: str | None, used: list[Any]
) -> None:
    with serving(ehr_with_tokens) as ehr:
        file = registry(tmp_path, ehr.base)
        with service(tmp_path, registry_file=file, fhir_deadline_ms=10_000) as running:
            brought = access(ehr, access_token=token) if token else {"fhirServer": ehr.base}
            body = call(prefetch=prefetch(levels=...), **brought)
            answer = running.client.post(SERVICE, json=body, headers=NORTH.bearer())
    assert answer.status_code == 200, answer.json
    assert [head.get("Authorization") for head in ehr.asked.headers] == used


def test_a_server_of_another_tenant_is_not_read(tmp_path: Path) -> None:
    with serving(ehr_with_tokens) as ehr:
        file = registry(tmp_path, ehr.base, tenant="south")
        with service(tmp_path, registry_file=file) as running:
            body = call(prefetch=prefetch(levels=...), fhirServer=ehr.base)
            answer = running.client.post(SERVICE, json=body, headers=NORTH.bearer())
    assert answer.status_code == 412
    assert ehr.asked.paths == []


def test_the_public_half_of_our_key_is_published_without_a_token(tmp_path: Path) -> None:
    with service(tmp_path, registry_file=registry(tmp_path, "https://ehr.example/fhir")) as running:
        answer = running.client.get("/.well-known/jwks.json")
        assert answer.status_code == 200
        (key,) = answer.json["keys"]
        shown = repr((running.parts.signers, running.parts.registry))
    numbers = OUR_KEY.private_numbers()
    assert key == issuers.jwk(OUR_KEY, "2026-11", alg="ES384")
    assert str(numbers.private_value) not in shown + answer.get_data(as_text=True)


def test_a_service_without_keys_publishes_an_empty_set(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        assert running.client.get("/.well-known/jwks.json").json == {"keys": []}


def test_a_key_that_can_not_be_read_stops_the_start(tmp_path: Path) -> None:
    file = registry(tmp_path, "https://ehr.example/fhir")
    (tmp_path / "ours.pem").unlink()
    with pytest.raises(SettingsError, match=r"kid 2026-11 \(ours.pem\) can not be read"):
        signers_of(Settings(registry_file=file), load_registry(file))


def test_an_authority_of_the_sites_own_lies_beside_the_registry(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match="there is no file"),
        service(tmp_path, registry_file=registry(tmp_path, "https://ehr.example/fhir", ca_file="ca.pem")),
    ):
        pass
    (tmp_path / "ca.pem").write_text("")
    with service(tmp_path, registry_file=registry(tmp_path, "https://ehr.example/fhir", ca_file="ca.pem")) as running:
        server = running.parts.connections.server("https://ehr.example/fhir")
    assert server is not None
    assert server.ca_file == str(tmp_path / "ca.pem")
