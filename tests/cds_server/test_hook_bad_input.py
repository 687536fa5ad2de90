"""Bad input: a clear error or an honest card, never a 500, nothing lost."""

import gzip
import json
import socket
from dataclasses import replace

import pytest

from cds_server import create_app
from cds_server.store import Store
from tests.cds_server.hook_calls import FEEDBACK, SERVICE, call, draft, facts, prefetch, service
from tests.fhir.charts import level, patient, weight
from tests.fhir.server import Reply, bundle, serving


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as found:
        yield found


def problem(answer, status):
    assert answer.status_code == status
    assert answer.json["resourceType"] == "OperationOutcome"
    return answer.json["issue"][0]


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 100_000, b'{"a": NaN}', b'{"hook": 1, "hook": 2}', b"\xff"])
@pytest.mark.parametrize("url", [SERVICE, FEEDBACK])
def test_malformed_json(running, url, body):
    assert problem(running.client.post(url, data=body, content_type="application/json"), 400)["diagnostics"]


def test_a_body_over_four_megabytes(running):
    body = b'{"a": "' + b"x" * 4_000_000 + b'"}'
    problem(running.client.post(SERVICE, data=body, content_type="application/json"), 413)


def test_a_body_that_is_not_declared_as_json(running):
    problem(running.client.post(SERVICE, data=json.dumps(call()), content_type="text/plain"), 415)


def test_a_packed_body_is_told_to_come_unpacked(running):
    body = gzip.compress(json.dumps(call()).encode())
    headers = {"Content-Encoding": "gzip"}
    answer = running.client.post(SERVICE, data=body, content_type="application/json", headers=headers)
    assert "Content-Encoding" in problem(answer, 415)["diagnostics"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "TRACE"])
def test_another_method_is_told_which_there_are(running, method):
    answer = running.client.open(SERVICE, method=method)
    assert problem(answer, 405)["code"] == "not-supported"
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}  # RFC 9110, 15.5.6: must be there


@pytest.mark.parametrize("path", ["/cds-services/", "/", "/cds-services/dose-advice/feedback/", "/cds-services//"])
def test_another_address_is_told_where_the_services_are(running, path):
    issue = problem(running.client.get(path), 404)
    assert (issue["code"], "/cds-services" in issue["diagnostics"]) == ("not-found", True)


@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_missing_fields(running, name):
    issue = problem(running.client.post(SERVICE, json=call(**{name: ...})), 400)
    assert issue["expression"] == [name]


@pytest.mark.parametrize("url", ["/cds-services/no-such-service", "/cds-services/no-such-service/feedback"])
def test_unknown_service(running, url):
    assert "dose-advice" in problem(running.client.post(url, json=call()), 404)["diagnostics"]


@pytest.mark.parametrize("url", ["/nothing-here", "/cds-services/dose-advice/other"])
def test_unknown_address(running, url):
    problem(running.client.get(url), 404)


def test_a_wrong_method(running):
    problem(running.client.get(SERVICE), 405)


def test_unknown_drug(running):
    unknown = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "999999999"}]}
    assert running.cards(call(drafts=(draft(medicationCodeableConcept=unknown),))) == []


def test_no_levels(running):
    card = running.card(call(prefetch=prefetch(levels=bundle())))
    assert facts(card)["kind"] == "recommendation"
    assert "rests on covariates alone" in card["detail"]


def refused_or_left_out(running, value, **changes):
    """An absurd value either declines the case or is left out and said: its number never enters the fit."""
    card = running.card(call(prefetch=prefetch(**changes)))
    issued = running.parts.store.issued(facts(card)["adviceId"])
    values = [item.value for item in (*issued.chart.record.levels, *issued.chart.record.covariates)]
    assert value not in values
    codes = {*facts(card).get("reasons", ()), *facts(card).get("findings", ())}
    return card, codes


def test_a_negative_level(running):
    _, codes = refused_or_left_out(running, -5.0, levels=bundle(level(-5)))
    assert any(code.startswith("level") for code in codes), codes


def test_ten_tonnes_of_patient(running):
    card, _ = refused_or_left_out(running, 10_000.0, weight=bundle(weight(10_000)))
    assert facts(card)["kind"] == "declined"


def test_a_level_in_the_future(running):
    card = running.card(call(prefetch=prefetch(levels=bundle(level(11.0), level(9.0, when="21 08:00")))))
    said = {*facts(card).get("reasons", ()), *facts(card).get("findings", ())}
    assert any("future" in code for code in said), said


@pytest.mark.parametrize("key", ["patient", "weight", "creatinine", "levels", "administrations", "procedures"])
def test_dose_critical_data_that_can_not_be_had_is_412_and_named(running, key):
    issue = problem(running.client.post(SERVICE, json=call(prefetch=prefetch(**{key: ...}))), 412)
    assert issue["expression"] == [f"prefetch.{key}"]
    assert key in issue["diagnostics"]


@pytest.mark.parametrize("value", [None, bundle()])
def test_null_and_empty_are_no_clinical_negative(running, value):
    card = running.card(call(prefetch=prefetch(creatinine=value)))
    assert facts(card)["kind"] == "declined"


BROKEN = {
    "an error": (Reply(status=500, body=b"boom"), "HTTP 500"),
    "garbage": (Reply(body=b"<html>"), "not JSON"),
    "another kind of resource": (Reply(body={"resourceType": "Library"}), "not with a Bundle"),
    "not found": (Reply(status=404, body={}), "HTTP 404"),
    "not allowed": (Reply(status=401, body={}), "HTTP 401"),
    "deep nesting": (Reply(body=b"[" * 100_000), "not JSON"),
}


@pytest.mark.parametrize(("reply", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_fhir_server(tmp_path, reply, why):
    with serving(lambda path, before: reply) as ehr:
        access = {"fhirServer": ehr.base, "fhirAuthorization": {"access_token": "t", "token_type": "Bearer"}}
        with service(tmp_path, fhir_servers=(ehr.base,)) as running:
            answer = running.client.post(SERVICE, json=call(prefetch=prefetch(levels=...), **access))
        issue = problem(answer, 412)
        assert issue["expression"] == ["prefetch.levels"]
        assert why in issue["diagnostics"]
        assert ehr.asked.paths


def test_a_fhir_server_that_is_not_there(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{closed.getsockname()[1]}/fhir"
        with service(tmp_path, fhir_servers=(base,), fhir_deadline_ms=300) as running:
            answer = running.client.post(SERVICE, json=call(prefetch=prefetch(levels=...), fhirServer=base))
    problem(answer, 412)


def test_what_is_missing_is_read_with_the_token_that_came(tmp_path):
    def reply(path, before):
        return Reply(body=bundle(level(11.0)))

    with serving(reply) as ehr:
        access = {"fhirServer": ehr.base + "/", "fhirAuthorization": {"access_token": "the-token"}}
        with service(tmp_path, fhir_servers=(ehr.base,), fhir_deadline_ms=10_000) as running:
            card = running.card(call(prefetch=prefetch(levels=...), **access))
        assert facts(card)["kind"] == "recommendation"
        assert {headers["Authorization"] for headers in ehr.asked.headers} == {"Bearer the-token"}


ELSEWHERE = [
    "{base}2",
    "{base}/../x",
    "http://user@{host}/fhir",
    "{base}?x",
    "http://localhost.evil.example/fhir",
    "file:///etc",
]


@pytest.mark.parametrize("other", ELSEWHERE)
def test_a_server_not_on_the_list_is_never_connected_to(tmp_path, other):
    with serving(lambda path, before: Reply(body=bundle())) as ehr:
        address = other.format(base=ehr.base, host=ehr.base.split("/")[2])
        with service(tmp_path, fhir_servers=(ehr.base,)) as running:
            answer = running.client.post(SERVICE, json=call(prefetch=..., fhirServer=address))
        assert "not on this service's list" in problem(answer, 412)["diagnostics"]
        assert ehr.asked.paths == []


class BrokenStore(Store):
    """A database that reads and takes estimates, but can not write an answer down."""

    def issue(self, *rows):
        raise OSError("disk full")


def test_without_a_record_no_advice_leaves(tmp_path):
    with service(tmp_path) as running:
        broken = replace(running.parts, store=BrokenStore(running.parts.settings.database))
        client = create_app(running.parts.settings, parts=broken).test_client()
        answer = client.post(SERVICE, json=call())
        broken.store.close()
    (card,) = answer.json["cards"]
    assert answer.status_code == 200
    assert facts(card)["kind"] == "unrecorded"
    assert "mg every" not in json.dumps(card)


class NoEstimates:
    """An estimator with a bug in it."""

    arrangement = "in-process"

    def estimate(self, request, spent_s):
        raise ZeroDivisionError("a level of 11 mg/L")


def test_an_unexpected_error_is_an_honest_card_and_leaves_no_chart_in_the_log(tmp_path, caplog):
    with service(tmp_path) as running:
        parts = replace(running.parts, estimator=NoEstimates())
        answer = create_app(parts.settings, parts=parts).test_client().post(SERVICE, json=call())
        kinds = [entry["kind"] for _, _, entry, _ in parts.store.audit_entries()]
    (card,) = answer.json["cards"]
    assert answer.status_code == 200
    assert (facts(card)["kind"], card["indicator"]) == ("failed", "critical")
    assert facts(card)["reference"] in card["summary"]
    assert "mg every" not in json.dumps(card)
    assert kinds == ["failed"]
    assert any(
        record.reference == facts(card)["reference"] for record in caplog.records if hasattr(record, "reference")
    )


def test_feedback_on_an_unknown_card_is_received_and_named(running):
    item = {"card": "never-issued", "outcome": "overridden", "outcomeTimestamp": "2026-11-20T07:06:00Z"}
    answer = running.client.post(FEEDBACK, json={"feedback": [item]})
    assert (answer.status_code, answer.json["unknownCards"]) == (200, ["never-issued"])


def test_a_bad_feedback_item_loses_no_good_one(running):
    before = len(running.parts.store.all_feedback())
    good = {"card": running.card(call())["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-20T07:06:00Z"}
    answer = running.client.post(FEEDBACK, json={"feedback": [{"card": 1}, good]})
    assert problem(answer, 400)["expression"] == ["feedback[0].outcome"]
    assert len(running.parts.store.all_feedback()) == before + 1


def test_another_patient_in_the_patient_key(running):
    card = running.card(call(prefetch=prefetch(patient=patient(id="somebody-else"))))
    assert facts(card)["kind"] == "declined"


def test_cors_is_for_listed_origins(tmp_path):
    with service(tmp_path, cors_origins=("https://ehr.example",)) as running:
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        allowed = running.client.options(SERVICE, headers={"Origin": "https://ehr.example", **asked})
        other = running.client.options(SERVICE, headers={"Origin": "https://evil.example", **asked})
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://ehr.example"
    assert {"authorization", "content-type"} <= set(allowed.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert "Access-Control-Allow-Origin" not in other.headers
