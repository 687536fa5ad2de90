"""The sandbox's FHIR endpoint, asked as a client asks: read, search, pages, orders, and what it refuses."""

from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import Flask

from cds_server.sandbox import create_sandbox_blueprint, start_sandbox
from cds_server.sandbox.tokens import LIFETIME

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=timezone(timedelta(hours=1)))
ANN, BOB = "vancomycin-steady", "tacrolimus-expresser"
BASE = "/sandbox/fhir"


class Ward:
    """A running sandbox, a client of it, and a clock that the test may turn."""

    def __init__(self):
        self.now = NOW
        self.sandbox = start_sandbox(now=NOW)
        app = Flask(__name__)
        app.register_blueprint(create_sandbox_blueprint(self.sandbox, clock=lambda: self.now))
        self.web = app.test_client()

    def get(self, path, patient=ANN):
        token = self.sandbox.tokens.issue(patient, self.now)
        return self.web.get(f"{BASE}/{path}", headers={"Authorization": f"Bearer {token}"})

    def send(self, method, path, body, patient=ANN):
        token = self.sandbox.tokens.issue(patient, self.now)
        head = {"Authorization": f"Bearer {token}"}
        return self.web.open(f"{BASE}/{path}", method=method, json=body, headers=head)


@pytest.fixture
def ward():
    return Ward()


def found(response):
    """The resources of a searchset, which is checked as a valid R4 Bundle on the way."""
    assert response.status_code == 200
    assert response.mimetype == "application/fhir+json"
    Bundle.model_validate(response.json)
    return [entry["resource"] for entry in response.json.get("entry", [])]


def refused(response, status, code):
    assert response.status_code == status
    OperationOutcome.model_validate(response.json)
    assert response.json["issue"][0]["code"] == code
    return response.json["issue"][0]["diagnostics"]


def order(patient=ANN, dose=1250, **changes):
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "urn:x", "code": "11124"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": dose, "code": "mg"}}]}],
    } | changes


def test_capabilities_are_open_and_valid(ward):
    answer = ward.web.get(f"{BASE}/metadata")
    CapabilityStatement.model_validate(answer.json)
    assert answer.json["fhirVersion"] == "4.0.1"


def test_one_resource_is_read_with_its_version(ward):
    answer = ward.get(f"Patient/{ANN}")
    assert answer.json["name"][0]["text"] == "Ingvar Solheim-Test"
    assert answer.headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("name", ["patient", "subject"])
@pytest.mark.parametrize("value", [ANN, f"Patient/{ANN}"])
def test_a_chart_is_searched_by_patient_or_subject_with_or_without_the_type(ward, name, value):
    assert len(found(ward.get(f"MedicationAdministration?{name}={value}"))) == 6


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("code=http://loinc.org|2160-0", 3),
        ("code=2160-0", 3),
        ("code=http://loinc.org|", 7),
        ("code=http://snomed.info/sct|2160-0", 0),
        ("code=http://loinc.org|2160-0,http://loinc.org|29463-7", 4),
        ("category=vital-signs", 2),
        ("category=laboratory&code=4092-3", 2),
        ("status=final", 7),
        ("status=preliminary", 0),
    ],
)
def test_observations_are_searched_by_code_category_and_status(ward, query, count):
    assert len(found(ward.get(f"Observation?patient={ANN}&{query}"))) == count


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("date=ge2026-11-20T00:00:00%2B01:00", 1),  # 13.7 mg/L at 12:00 today; the other trough was yesterday noon
        ("date=lt2026-11-20T00:00:00%2B01:00", 1),
        ("date=ge2026-11-19T00:00:00%2B01:00&date=lt2026-11-20T12:00:00%2B01:00", 1),
        ("date=2026-11-20", 1),
    ],
)
def test_levels_are_searched_by_date(ward, query, count):
    assert len(found(ward.get(f"Observation?patient={ANN}&code=4092-3&{query}"))) == count


def test_results_are_sorted_by_date_both_ways(ward):
    newest = [o["effectiveDateTime"] for o in found(ward.get(f"Observation?patient={ANN}&code=2160-0&_sort=-date"))]
    oldest = [o["effectiveDateTime"] for o in found(ward.get(f"Observation?patient={ANN}&code=2160-0&_sort=date"))]
    assert newest == sorted(newest, reverse=True) == oldest[::-1]


def test_pages_are_followed_by_their_next_links_to_the_end_without_loss(ward):
    seen, path = [], f"MedicationAdministration?patient={BOB}&_sort=effective-time&_count=7"
    for _ in range(10):
        answer = ward.get(path, patient=BOB)
        seen += [item["id"] for item in found(answer)]
        assert answer.json["total"] == 18
        following = [link["url"] for link in answer.json["link"] if link["relation"] == "next"]
        if not following:
            break
        parts = urlsplit(following[0])
        path = f"{parts.path.removeprefix(BASE + '/')}?{parts.query}"
    assert len(seen) == len(set(seen)) == 18


def test_a_count_of_zero_gives_the_total_alone(ward):
    answer = ward.get(f"Observation?patient={ANN}&_count=0")
    assert (answer.json["total"], "entry" in answer.json) == (7, False)


def test_a_search_without_patient_stays_in_the_tokens_chart(ward):
    assert {o["subject"]["reference"] for o in found(ward.get("Observation"))} == {f"Patient/{ANN}"}


def test_a_misfiled_level_is_found_in_the_chart_where_it_lies(ward):
    mine = "vancomycin-other-patient"
    levels = found(ward.get(f"Observation?patient={mine}&code=4092-3", patient=mine))
    assert {o["subject"]["reference"] for o in levels} == {f"Patient/{mine}", "Patient/vancomycin-overdosed"}
    assert all("_filed" not in o for o in levels)


@pytest.mark.parametrize("head", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}])
def test_without_a_known_token_nothing_is_told(ward, head):
    refused(ward.web.get(f"{BASE}/Patient/{ANN}", headers=head), 401, "login")


def test_a_token_expires(ward):
    token = ward.sandbox.tokens.issue(ANN, ward.now)
    ward.now = NOW + LIFETIME
    refused(ward.web.get(f"{BASE}/Patient/{ANN}", headers={"Authorization": f"Bearer {token}"}), 401, "login")


@pytest.mark.parametrize("path", [f"Patient/{BOB}", f"Observation?patient={BOB}", f"Observation/{BOB}-o1"])
def test_a_token_opens_one_chart_only(ward, path):
    refused(ward.get(path), 403, "forbidden")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("Patient/nobody", 404, "not-found"),
        ("CarePlan?patient=x", 404, "not-supported"),
        (f"Observation?patient={ANN}&value-quantity=gt5", 400, "not-supported"),
        (f"Observation?patient={ANN}&_sort=code", 400, "not-supported"),
        (f"Observation?patient={ANN}&_count=many", 400, "invalid"),
        (f"Observation?patient={ANN}&_count=-1", 400, "invalid"),
        (f"Observation?patient={ANN}&date=yesterday", 400, "not-supported"),
        (f"Observation?patient={ANN}&date=ge20-11", 400, "invalid"),
    ],
)
def test_what_is_not_understood_is_refused_and_not_ignored(ward, path, status, code):
    refused(ward.get(path), status, code)


def test_an_order_is_created_and_then_changed_and_its_version_counts(ward):
    made = ward.send("POST", "MedicationRequest", order())
    assert made.status_code == 201
    assert made.headers["Location"].endswith(f"/MedicationRequest/{made.json['id']}")
    changed = ward.send("PUT", f"MedicationRequest/{made.json['id']}", made.json | {"status": "stopped"})
    assert (changed.status_code, changed.json["meta"]["versionId"]) == (200, "2")
    active = found(ward.get(f"MedicationRequest?patient={ANN}&status=active"))
    assert made.json["id"] not in [item["id"] for item in active]


def test_an_order_may_be_put_under_an_id_of_its_own(ward):
    answer = ward.send("PUT", "MedicationRequest/chosen", order(id="chosen"))
    assert (answer.status_code, answer.json["id"]) == (201, "chosen")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "MedicationRequest", order(patient=BOB), 422),
        ("POST", "Observation", {"resourceType": "Observation"}, 405),
        ("POST", "MedicationRequest", {"resourceType": "Observation"}, 405),
        ("PUT", "MedicationRequest/a", order(id="b"), 400),
        ("PUT", f"MedicationRequest/{BOB}-mr1", order(), 403),
        ("POST", "MedicationRequest", ["not", "an", "object"], 400),
    ],
)
def test_an_order_that_does_not_belong_here_is_refused(ward, method, path, body, status):
    assert ward.send(method, path, body).status_code == status
    assert len(found(ward.get("MedicationRequest"))) == 1


def test_signing_makes_a_draft_active_and_stops_the_earlier_order_of_the_drug(ward):
    draft = ward.sandbox.store.write(order(status="draft"), NOW, chart=ANN)
    ward.sandbox.store.sign(draft["id"], NOW, chart=ANN)
    states = {item["id"]: item["status"] for item in found(ward.get("MedicationRequest"))}
    assert states == {f"{ANN}-mr1": "stopped", draft["id"]: "active"}
