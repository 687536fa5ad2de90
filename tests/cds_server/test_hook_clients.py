"""The quirks of two real clients, the CDS Hooks Sandbox and Medplum: each recorded request is answered sensibly.

The files of tests/data/clients are written by hand from what those clients are known to send; the patient is made up.
"""

import json
from pathlib import Path

import pytest

from fhir.r4 import check
from tests.cds_server.card_rules import broken
from tests.cds_server.hook_calls import facts, service
from tests.cds_server.requirements.table import ROOT
from tests.security.issuers import FEEDBACK, SERVICE, Ehr, registry_file

FOLDER = ROOT / "tests" / "data" / "clients"
SANDBOX = Ehr(iss="https://sandbox.cds-hooks.example")
# what each call is answered with: the status, and the kinds of its cards
EXPECTED = {
    "sandbox-patient-view": (200, ["recommendation"]),
    "sandbox-order-select-empty": (200, []),
    "sandbox-order-select": (200, ["recommendation"]),
    "sandbox-order-select-product": (200, ["uncoded"]),
    "sandbox-order-sign": (200, ["recommendation"]),
    "medplum-patient-view": (200, ["recommendation"]),
    "medplum-order-sign": (200, ["recommendation"]),
    "medplum-order-sign-without-prefetch": (412, []),
}
FEEDBACKS = ("sandbox-feedback-accepted", "sandbox-feedback-overridden", "medplum-feedback")


def recorded(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def open_service(tmp_path_factory):
    """As it is where an authenticating proxy stands in front: Medplum signs nothing."""
    with service(tmp_path_factory.mktemp("open")) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A service that knows the sandbox's issuer and its key."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    issuers = [{"iss": SANDBOX.iss, "tenants": ["north"], "jwks": SANDBOX.jwks()}]
    with service(folder, registry_file=registry_file(folder, issuers=issuers)) as found:
        yield found


@pytest.fixture
def send(open_service, guarded):
    """Sends a recorded request as its client does: the sandbox with a fresh ES384 JWT for that very address."""

    def sent(name, **filled):
        request = recorded(name)
        body = json.dumps(request["body"])
        for mark, value in filled.items():
            body = body.replace(f"<{mark}>", value)
        signs = request["client"] == "CDS Hooks Sandbox"
        headers = SANDBOX.bearer(FEEDBACK if request["path"].endswith("/feedback") else SERVICE) if signs else {}
        client = (guarded if signs else open_service).client
        return client.post(request["path"], data=body, headers=headers, content_type="application/json")

    return sent


def test_every_recorded_request_is_answered_here():
    assert {path.stem for path in FOLDER.glob("*.json")} == {*EXPECTED, *FEEDBACKS}
    assert all(recorded(path.stem)["quirks"] for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items(), ids=EXPECTED.keys())
def test_a_recorded_request(send, name, expected):
    answer = send(name)
    cards = answer.json.get("cards", [])
    assert (answer.status_code, [facts(card)["kind"] for card in cards]) == expected
    if answer.status_code == 200:
        assert broken(answer.json) == ()
    else:
        assert answer.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize("name", ["sandbox-order-select", "sandbox-order-sign", "medplum-order-sign"])
def test_a_suggestion_can_be_applied_by_the_client(send, name):
    """The sandbox applies it only with a text and a code in the first coding, and ties feedback to both uuids."""
    (card,) = send(name).json["cards"]
    assert card["uuid"]
    assert card["suggestions"]
    for suggestion in card["suggestions"]:
        assert suggestion["uuid"]
        order = suggestion["actions"][0]["resource"]
        check(order)
        assert order["medicationCodeableConcept"]["text"] == "Vancomycin 1000 MG Injection"
        assert order["medicationCodeableConcept"]["coding"][0]["code"] == "11124"
        assert (order["id"], order["intent"]) == ("order-123", "order")
        assert isinstance(order.get("category", []), list)


@pytest.mark.parametrize("name", ["sandbox-order-select", "sandbox-order-sign"])
def test_pills_of_unknown_strength_are_said_and_not_taken_for_milligrams(send, name):
    (card,) = send(name).json["cards"]
    assert card["indicator"] == "warning"
    assert "order-unreadable" in facts(card)["findings"]
    assert "ordered 1 mg" not in card["detail"]


def test_tables_stay_tables_for_a_client_that_renders_them(send):
    (card,) = send("sandbox-patient-view").json["cards"]
    assert card["detail"].splitlines()[1].startswith("| --- |")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("sandbox-feedback-accepted", "sandbox-order-select"),
        ("sandbox-feedback-overridden", "sandbox-order-select"),
        ("medplum-feedback", "medplum-order-sign"),
    ],
)
def test_recorded_feedback_is_kept(send, name, call):
    (card,) = send(call).json["cards"]
    reason = card["overrideReasons"][0]
    answer = send(
        name,
        card=card["uuid"],
        suggestion=card["suggestions"][0]["uuid"],
        reason=reason["code"],
        system=reason["system"],
    )
    assert (answer.status_code, answer.json["stored"], answer.json["repeated"]) == (200, 1, 0)


def test_a_feedback_jwt_for_the_service_itself_is_not_one_for_its_feedback(guarded):
    body = recorded("sandbox-feedback-overridden")["body"]
    answer = guarded.client.post("/cds-services/dose-advice/feedback", json=body, headers=SANDBOX.bearer(SERVICE))
    assert answer.status_code == 401
