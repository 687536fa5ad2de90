"""Each hook the service is listed for: what its context must hold, what it answers, and what is not offered."""

from copy import deepcopy

import pytest

from cds_server.hooks.contexts import CONTEXTS
from tests.cds_server.hook_calls import SERVICE, call, draft, facts, prefetch, service
from tests.fhir.charts import level, order
from tests.fhir.server import bundle

# from the hook definitions: required, optional
FIELDS = {
    "patient-view": ({"userId", "patientId"}, {"encounterId"}),
    "order-select": ({"userId", "patientId", "selections", "draftOrders"}, {"encounterId"}),
    "order-sign": ({"userId", "patientId", "draftOrders"}, {"encounterId"}),
    "encounter-discharge": ({"userId", "patientId", "encounterId"}, set()),
    "medication-refill": ({"patientId", "medications"}, {"userId", "encounterId"}),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("kinds")) as found:
        yield found


def test_the_table_of_contexts_is_that_of_the_hook_definitions():
    assert {name: (set(item.required), set(item.optional)) for name, item in CONTEXTS.items()} == FIELDS


def whole(hook):
    body = call(hook)
    return body | {"context": {"encounterId": "e1", **body["context"]}}


REQUIRED = [(hook, name) for hook, (required, _) in FIELDS.items() for name in sorted(required)]
OPTIONAL = [(hook, name) for hook, (_, optional) in FIELDS.items() for name in sorted(optional)]


@pytest.mark.parametrize(("hook", "name"), REQUIRED)
@pytest.mark.parametrize("value", [..., None])
def test_a_required_field_that_is_missing_or_null_is_named(running, hook, name, value):
    body = whole(hook)
    body["context"].pop(name)
    body["context"] |= {} if value is ... else {name: value}
    answer = running.client.post(SERVICE, json=body)
    assert (answer.status_code, answer.json["issue"][0]["expression"]) == (400, [f"context.{name}"])


@pytest.mark.parametrize(("hook", "name"), OPTIONAL)
def test_an_optional_field_may_be_missing(running, hook, name):
    body = whole(hook)
    body["context"].pop(name)
    assert running.client.post(SERVICE, json=body).status_code == 200


@pytest.mark.parametrize("hook", FIELDS)
def test_unknown_fields_and_extensions_anywhere_are_passed_over(running, hook):
    body = deepcopy(whole(hook))
    usual = running.cards(body)
    strange = {"extension": {"com.example.more": {"a": [1, None]}}, "com.example.unknown": 7}
    for place in (body, body["context"], *body["prefetch"].values()):
        place |= strange
    assert [card["summary"] for card in running.cards(body)] == [card["summary"] for card in usual]


@pytest.mark.parametrize("hook", ["order-dispatch", "encounter-start", "appointment-book", "order-review", "x" * 200])
def test_a_hook_that_is_not_offered_is_said_as_such(running, hook):
    answer = running.client.post(SERVICE, json=call("order-sign") | {"hook": hook})
    issue = answer.json["issue"][0]
    assert (answer.status_code, issue["code"], issue["expression"]) == (404, "not-found", ["hook"])
    assert "order-sign" in issue["diagnostics"]
    assert len(issue["diagnostics"]) < 300


def test_a_refill_is_answered_like_an_order_with_its_suggestions(running):
    card = running.card(call("medication-refill", drafts=(draft(250),)))
    assert "ordered 250 mg every 12 h" in card["summary"]
    assert card["indicator"] == "warning"
    assert card["suggestions"][0]["actions"][0]["resource"]["id"] == "draft-1"


def test_a_refill_of_another_drug_has_nothing_to_say(running):
    other = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "161"}]}
    assert running.cards(call("medication-refill", drafts=(draft(medicationCodeableConcept=other),))) == []


def discharge(**changes):
    return call("encounter-discharge", prefetch=prefetch(**changes))


def test_a_drug_that_goes_on_off_target_is_said_at_discharge(running):
    card = running.card(discharge())
    assert card["indicator"] in ("warning", "critical")
    assert card["detail"].startswith("The encounter ends while an order of this drug is active.")
    assert "suggestions" not in card


def test_a_drug_on_target_or_without_an_active_order_is_not(running):
    on_target = {"levels": bundle(level(12.0)), "orders": bundle(order(750))}
    assert running.card(call("patient-view", prefetch=prefetch(**on_target)))["indicator"] == "info"
    before = len(running.parts.store.audit_entries())
    assert running.cards(discharge(**on_target)) == []
    *_, (_, event, entry, _) = running.parts.store.audit_entries()
    assert (event, entry["cards"]) == ("nothing-to-say", [])
    assert running.cards(discharge(orders=bundle(order(status="stopped")))) == []
    assert len(running.parts.store.audit_entries()) == before + 1


def test_a_drug_that_goes_on_and_can_not_be_judged_is_said_at_discharge(running):
    card = running.card(discharge(weight=bundle()))
    assert facts(card)["kind"] == "declined"


def test_without_a_supported_drug_discharge_is_silent(running):
    assert running.cards(discharge(levels=bundle(), administrations=bundle(), orders=bundle())) == []
