"""Hook calls from end to end: HTTP in, a real fit, cards out, all of it on record."""

import json
import re

import pytest

from cds_server.audit.entry import commitment
from cds_server.estimation import engine
from cds_server.hooks.contexts import CONTEXTS
from cds_server.hooks.registry import SERVICES
from cds_server.links import advice_id_of
from fhir.ehr.prefetch import TEMPLATES
from models.dosing.advice import Declined, Recommendation
from tests.cds_server.hook_calls import FEEDBACK, SERVICE, call, draft, facts, prefetch, service
from tests.fhir.charts import given, order
from tests.fhir.server import bundle


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as found:
        yield found


def test_discovery_lists_the_service_under_its_hooks_with_their_prefetch(running):
    services = running.client.get("/cds-services").json["services"]
    assert [item["hook"] for item in services] == list(CONTEXTS)
    assert {item["id"] for item in services} == {"dose-advice"} == {item.id for item in SERVICES}
    for item in services:
        assert item["description"]
        assert item["prefetch"] == dict(TEMPLATES[item["hook"]])
        tokens = set(re.findall(r"\{\{(.*?)\}\}", " ".join(item["prefetch"].values())))
        assert tokens == {"context.patientId"}


def test_an_order_is_answered_with_a_recommendation(running):
    card = running.card(call())
    said = facts(card)
    assert said["kind"] == "recommendation"
    assert said["drug"] == "vancomycin"
    assert said["model"].startswith("vancomycin/")
    assert "Vancomycin" in card["summary"]
    labels = [
        line.split("|")[2].strip() for line in card["detail"].splitlines() if line.startswith("|") and "mg" in line
    ]
    assert {"proposed", "ordered"} <= set(labels)
    amount = card["suggestions"][0]["actions"][0]["resource"]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert amount["value"] == said["proposed"]["amount_mg"]


def test_what_was_said_is_on_record_and_behind_its_link(running):
    card = running.card(call())
    issued = running.parts.store.issued(facts(card)["adviceId"])
    assert isinstance(issued.advice, Recommendation)
    assert issued.issued_at == running.parts.clock()
    assert advice_id_of(running.parts.settings, card["links"][0]["url"].rpartition("/")[2]) == issued.id
    (stored,) = running.parts.store.cards_of(issued.id)
    assert stored.uuid == card["uuid"]
    page = running.client.get("/advice/" + card["links"][0]["url"].rpartition("/")[2])
    assert page.status_code == 200


def test_the_audit_entry_holds_what_a_replay_needs_and_commits_to_the_row(running):
    card = running.card(call())
    *_, (_, event, entry, _) = running.parts.store.audit_entries()
    assert (event, entry["advice"], entry["cards"]) == ("recommendation", facts(card)["adviceId"], [card["uuid"]])
    assert entry["engine"] == engine()
    assert entry["model"]["hash"] == facts(card)["modelHash"]
    assert {"numpy", "scipy", "numba", "python"} == set(entry["libraries"])
    assert (entry["seed"], entry["draws"]) == (running.parts.settings.seed, running.parts.settings.draws)
    row = stored_row(running, entry["advice"])
    assert entry["inputs"] == commitment(row["salt"], row["chart"])
    assert entry["output"] == commitment(row["salt"], row["content"])


def stored_row(running, advice_id):
    from sqlalchemy import select

    from cds_server.store.schema import advice

    with running.parts.store.engine.connect() as connection:
        return connection.execute(select(advice).where(advice.c.id == advice_id)).mappings().one()


def test_every_hook_asks_for_the_same_estimate(running):
    for hook in ("patient-view", "order-select", "order-sign"):
        running.card(call(hook))
    keys = {
        entry["estimate"] for _, _, entry, _ in running.parts.store.audit_entries() if entry["kind"] == "recommendation"
    }
    assert len(keys) == 1
    assert running.parts.store.estimates.find(keys.pop()).attempts == 1


def test_patient_view_suggests_nothing_as_there_is_no_order(running):
    card = running.card(call("patient-view"))
    assert facts(card)["kind"] == "recommendation"
    assert "suggestions" not in card


def test_patient_view_without_a_supported_drug_has_nothing_to_say(running):
    nothing = prefetch(administrations=bundle(), orders=bundle(), levels=bundle())
    assert running.cards(call("patient-view", prefetch=nothing)) == []


def test_order_select_answers_for_the_selected_order_alone(running):
    body = call("order-select", drafts=(draft(), draft(id="draft-2")))
    body["context"]["selections"] = ["MedicationRequest/draft-2"]
    card = running.card(body)
    assert card["suggestions"][0]["actions"][0]["resource"]["id"] == "draft-2"


def test_the_draft_at_hand_is_the_regimen_compared(running):
    summary = running.card(call(drafts=(draft(250),)))["summary"]
    assert "ordered 250 mg every 12 h" in summary


def test_an_oral_order_of_a_drug_modelled_intravenously_is_declined(running):
    oral = {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}
    changed = draft()
    changed["dosageInstruction"][0]["route"] = oral
    card = running.card(call(drafts=(changed,)))
    assert facts(card)["kind"] == "declined"
    assert "route-not-covered" in facts(card)["reasons"]


def test_a_first_dose_without_a_level_rests_on_covariates(running):
    first = prefetch(levels=bundle(), administrations=bundle(), orders=bundle())
    card = running.card(call(prefetch=first))
    issued = running.parts.store.issued(facts(card)["adviceId"])
    assert issued.advice.basis == "covariates"
    assert "rests on covariates alone" in card["detail"]


def test_a_declined_answer_is_on_record_too(running):
    card = running.card(call(prefetch=prefetch(weight=bundle())))
    assert facts(card)["kind"] == "declined"
    assert isinstance(running.parts.store.issued(facts(card)["adviceId"]).advice, Declined)
    assert "suggestions" not in card


def test_a_draft_for_somebody_else_is_refused(running):
    card = running.card(call(drafts=(draft(subject={"reference": "Patient/somebody-else"}),)))
    assert facts(card)["kind"] == "declined"
    assert "other-patient" in facts(card)["reasons"]
    assert card["indicator"] == "critical"


def test_someone_elses_administration_is_refused(running):
    foreign = given(4000, when="19 12:00", subject={"reference": "Patient/somebody-else"})
    mixed = prefetch(administrations=bundle(*prefetch()["administrations"]["entry"][0].values(), foreign))
    card = running.card(call(prefetch=mixed))
    assert "other-patient" in facts(card)["reasons"]


def test_accepting_and_overriding_are_tied_to_the_advice(running):
    card = running.card(call())
    accepted = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": "2026-11-20T07:06:00Z",
    }
    reason = card["overrideReasons"][0]
    overridden = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": reason["code"], "system": reason["system"]}},
        "outcomeTimestamp": "2026-11-20T07:07:00Z",
    }
    assert running.client.post(FEEDBACK, json={"feedback": [accepted]}).json == {"stored": 1, "repeated": 0}
    again = running.client.post(FEEDBACK, json={"feedback": [accepted, overridden]})
    assert (again.status_code, again.json) == (200, {"stored": 1, "repeated": 1})
    kept = running.parts.store.feedback_for(facts(card)["adviceId"])
    assert [row.outcome for row in kept] == ["accepted", "overridden"]
    assert kept[1].reason_code == reason["code"]


def test_the_same_call_gives_the_same_numbers(running):
    def body(card):
        return {key: card[key] for key in ("summary", "detail", "indicator")} | {"proposed": facts(card)["proposed"]}

    assert body(running.card(call())) == body(running.card(call()))


def test_an_order_without_supported_drugs_has_nothing_to_say(running):
    other = {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "161"}],
        "text": "Paracetamol",
    }
    assert running.cards(call(drafts=(draft(medicationCodeableConcept=other),))) == []


def test_an_order_that_names_the_drug_in_words_only_is_said_and_not_guessed(running):
    card = running.card(call(drafts=(draft(medicationCodeableConcept={"text": "Vancomycin 1 g"}),)))
    assert facts(card) == {"kind": "uncoded", "drug": "vancomycin"}


def test_two_drafts_of_one_drug_get_one_card(running):
    assert len(running.cards(call(drafts=(draft(), draft(500, id="draft-2"))))) == 1


def test_answers_hold_nothing_empty(running):
    def empty(value):
        if isinstance(value, dict | list):
            inner = value.values() if isinstance(value, dict) else value
            return not value or any(empty(item) for item in inner)
        return value is None or value == ""

    assert not any(empty(card) for card in running.cards(call()))
    assert not empty(running.client.get("/cds-services").json)


def test_an_order_without_a_dose_yet_still_gets_advice(running):
    bare = {"resourceType": "MedicationRequest", "id": "draft-1", "status": "draft"}
    card = running.card(call(drafts=(bare | {"medicationCodeableConcept": order()["medicationCodeableConcept"]},)))
    assert facts(card)["kind"] == "recommendation"


def test_health(running):
    assert running.client.get("/health").json == {"status": "ok"}
    ready = running.client.get("/ready")
    assert (ready.status_code, ready.json["estimates"]) == (200, "in-process")


def test_the_answer_is_json_with_a_request_id(running):
    answer = running.client.post(SERVICE, json=call())
    assert answer.mimetype == "application/json"
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])
    assert json.loads(answer.data)
