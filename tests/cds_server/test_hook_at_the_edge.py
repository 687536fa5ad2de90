"""At the edge of the service: who refused, what may be cached, what an order that can not be read looks like."""

from typing import Any

import pytest

from tests.cds_server.hook_calls import FEEDBACK, SERVICE, call, draft, facts, prefetch, service
from tests.fhir.charts import ME, instruction
from tests.fhir.server import Reply, serving


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.mark.parametrize(("status", "said"), [(401, "refused"), (403, "refused"), (500, "HTTP 500")])
def test_a_token_that_does_not_reach_is_said_as_such(tmp_path, status, said):
    with serving(lambda path, before: Reply(status=status, body={})) as ehr:
        access = {"fhirServer": ehr.base, "fhirAuthorization": {"access_token": "t"}}
        with service(tmp_path, fhir_servers=(ehr.base,), fhir_deadline_ms=10_000) as running:
            answer = running.client.post(SERVICE, json=call(prefetch=prefetch(levels=...), **access))
    assert answer.status_code == 412
    why = answer.json["issue"][0]["diagnostics"]
    assert said in why
    assert ("HTTP 500" in why) == (said == "HTTP 500")
    assert "in time" not in why


def test_answers_are_kept_by_no_cache(running):
    asked: list[tuple[str, Any]] = [(SERVICE, call()), (SERVICE, {}), (FEEDBACK, {"feedback": []}), (FEEDBACK, {})]
    for url, body in asked:
        assert running.client.post(url, json=body).headers["Cache-Control"] == "no-store"
    link = running.card(call())["links"][0]["url"]
    assert running.client.get(link[link.index("/advice") :]).headers["Cache-Control"] == "no-store"


def test_the_root_leads_to_the_sandbox_where_there_is_one(tmp_path, running):
    answer = running.client.get("/")
    assert (answer.status_code, answer.json["resourceType"]) == (404, "OperationOutcome")
    with service(tmp_path, sandbox=True) as demo:
        answer = demo.client.get("/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/sandbox/")


UNREADABLE = {
    "grams against milligrams": {
        "dosageInstruction": [
            instruction()
            | {
                "doseAndRate": [
                    {"doseQuantity": {"value": 1, "unit": "g", "system": "http://unitsofmeasure.org", "code": "mg"}}
                ]
            }
        ]
    },
    "no unit": {"dosageInstruction": [instruction() | {"doseAndRate": [{"doseQuantity": {"value": 1}}]}]},
    "as needed": {"dosageInstruction": [instruction() | {"asNeededBoolean": True}]},
    "no period": {"dosageInstruction": [instruction() | {"timing": {"repeat": {"frequency": 2}}}]},
    "two instructions": {"dosageInstruction": [instruction(2000), instruction(1000)]},
    "no route": {"dosageInstruction": [{k: v for k, v in instruction().items() if k != "route"}]},
    "not to be given": {"doNotPerform": True},
}


@pytest.mark.parametrize("changes", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_order_that_can_not_be_read_is_said_aloud(running, changes):
    card = running.card(call(drafts=(draft(**changes),)))
    assert facts(card)["kind"] == "recommendation"
    assert card["indicator"] in ("warning", "critical")
    assert "could not be read" in card["summary"]
    assert "(as " not in card["summary"]
    assert "order-unreadable" in facts(card)["findings"]


def test_made_up_feedback_is_counted_and_not_kept(running):
    card = running.card(call())
    before = len(running.parts.store.all_feedback()), len(running.parts.store.audit_entries())
    items = [
        {"card": "made-up", "outcome": "overridden"},
        {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": [{"id": "made-up"}]},
    ]
    answer = running.client.post(FEEDBACK, json={"feedback": items})
    assert answer.status_code == 200
    assert answer.json["stored"] == 0
    assert answer.json["unknownCards"] == ["made-up"]
    assert answer.json["unknownSuggestions"] == [{"card": card["uuid"], "id": "made-up"}]
    assert (len(running.parts.store.all_feedback()), len(running.parts.store.audit_entries())) == before


def test_a_long_comment_is_cut_and_the_answer_says_so(running):
    card = running.card(call())
    item = {"card": card["uuid"], "outcome": "overridden", "overrideReason": {"userComment": "x" * 2001}}
    said = running.client.post(FEEDBACK, json={"feedback": [item]}).json
    assert (said["stored"], said["shortenedComments"], said["commentLimit"]) == (1, 1, 2000)
    assert len(running.parts.store.all_feedback()[-1].comment) == 2000


def test_two_drafts_of_one_drug_are_not_answered_as_if_there_were_one(running):
    """A change of one would leave the other as it is, and both would run."""
    two = (draft(1000, id="one"), draft(1500, id="two"))
    made = running.card(call(drafts=two))
    assert facts(made)["kind"] == "declined"
    assert made["summary"] == "Vancomycin: no dose is proposed. Several draft orders of this drug are open."
    assert "2 draft orders of vancomycin are open" in made["detail"]
    assert not made.get("suggestions")


def test_a_drug_that_is_only_estimated_says_why_before_all_else(running):
    order = draft(100, medicationCodeableConcept={"coding": [PHENYTOIN]})
    made = running.card(call(drafts=(order,)))
    assert made["summary"].startswith("Phenytoin: no dose is proposed.")
    assert "No dose of phenytoin is searched here" in made["detail"]
    assert "does not cover" not in made["detail"]


PHENYTOIN = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "8183", "display": "phenytoin"}


@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
def test_a_reference_in_the_place_of_the_patients_id_names_the_same_patient(tmp_path, hook):
    """Some clients send context.patientId as "Patient/p1"; it was once answered with "no advice could be computed"."""
    body = call(hook)
    with service(tmp_path) as running:
        card = running.card(body | {"context": body["context"] | {"patientId": f"Patient/{ME}"}})
    assert facts(card)["kind"] == "recommendation"
