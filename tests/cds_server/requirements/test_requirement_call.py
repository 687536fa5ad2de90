"""How a call is answered: what comes as prefetch, what is read, which status, how soon."""

import json
from dataclasses import replace

import pytest

from cds_server import create_app
from cds_server.estimator import Estimator
from tests.cds_server.card_rules import broken
from tests.cds_server.hook_calls import FEEDBACK, SERVICE, call, facts, prefetch, service
from tests.fhir.charts import level
from tests.fhir.server import Reply, bundle, outcome, serving

TOKEN = "a-token-of-the-call"


def access(ehr, **more):
    return {
        "fhirServer": ehr.base,
        "fhirAuthorization": {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "subject": "titrate"}
        | more,
    }


def asked_of_the_server(folder, body_of):
    """What a FHIR server that has one level was asked, and the answer to a call that leaves something to it."""
    with (
        serving(lambda path, before: Reply(body=bundle(level(11.0)))) as ehr,
        service(folder, fhir_servers=(ehr.base,), fhir_deadline_ms=20_000) as one,
    ):
        answer = one.client.post(SERVICE, json=body_of(ehr))
    return ehr.asked, answer


@pytest.mark.requirement(1)
def test_answers_are_json_and_other_bodies_are_refused(running):
    for url, body in ((SERVICE, call()), (FEEDBACK, {"feedback": []}), (SERVICE, {})):
        answer = running.client.post(url, json=body)
        assert answer.mimetype == "application/json"
        assert json.loads(answer.data)
    assert running.client.get("/cds-services").mimetype == "application/json"
    assert running.client.post(SERVICE, data="<a/>", content_type="application/xml").status_code == 415


@pytest.mark.requirement(3)
def test_no_answer_holds_anything_empty(heard):
    assert [found for one in heard for found in broken(one.body) if found.endswith("empty")] == []


@pytest.mark.requirement(74)
def test_every_scenario_on_every_hook_is_a_200_with_an_array_of_cards(heard):
    assert {one.status for one in heard} == {200}
    assert all(set(one.body) == {"cards"} and isinstance(one.body["cards"], list) for one in heard)


@pytest.mark.requirement(75)
def test_no_system_action_is_sent(heard):
    assert not any("systemActions" in one.body for one in heard)


@pytest.mark.requirement(77)
def test_no_advice_is_a_200_without_cards(running):
    nothing = prefetch(administrations=bundle(), orders=bundle(), levels=bundle())
    answer = running.client.post(SERVICE, json=call("patient-view", prefetch=nothing))
    assert (answer.status_code, answer.json) == (200, {"cards": []})


@pytest.mark.requirement(14, 76)
@pytest.mark.parametrize(
    ("change", "status"), [({"context": ...}, 400), ({"prefetch": ...}, 412), ({"hook": "order-dispatch"}, 404)]
)
def test_other_statuses_carry_an_outcome_and_no_card(running, change, status):
    answer = running.client.post(SERVICE, json=call(**change))
    assert answer.status_code == status
    assert answer.json["resourceType"] == "OperationOutcome"
    assert answer.json["issue"][0]["diagnostics"]


@pytest.mark.requirement(27)
def test_an_answer_waits_for_no_estimate_beyond_the_budget(tmp_path):
    """No clock is read here: with an estimate that never comes, the answer does, and the budget is under 500 ms."""

    class Taking:
        alive = True

        def send(self, key: str) -> None:
            """Takes the key, and nobody works on it."""

    with service(tmp_path, hook_budget_ms=1) as running:
        settings = running.parts.settings
        estimator = Estimator(running.parts.store, running.parts.catalog, Taking(), budget_s=0.001, task_limit_s=20)
        estimator._here.acquire()  # nor is it computed in this process
        parts = replace(running.parts, estimator=estimator)
        answer = create_app(settings, parts=parts).test_client().post(SERVICE, json=call())
    assert [facts(card)["kind"] for card in answer.json["cards"]] == ["pending"]
    assert type(settings)().hook_budget_ms < 500


@pytest.mark.requirement(34, 60)
def test_what_is_not_sent_is_read_where_address_and_authorization_came(tmp_path):
    asked, answer = asked_of_the_server(tmp_path, lambda ehr: call(prefetch=prefetch(levels=...), **access(ehr)))
    assert answer.status_code == 200
    assert facts(answer.json["cards"][0])["kind"] == "recommendation"
    assert [path.partition("?")[0] for path in asked.paths] == ["Observation"]


@pytest.mark.requirement(61)
def test_each_read_carries_the_token_of_the_call(tmp_path):
    asked, _ = asked_of_the_server(tmp_path, lambda ehr: call(prefetch=..., **access(ehr)))
    assert len(asked.paths) > 5
    assert {headers.get("Authorization") for headers in asked.headers} == {f"Bearer {TOKEN}"}


@pytest.mark.requirement(52)
def test_an_outcome_in_the_place_of_data_is_no_data(tmp_path, running):
    refused = call(prefetch=prefetch(levels=outcome("forbidden")))
    assert running.client.post(SERVICE, json=refused).status_code == 412
    asked, answer = asked_of_the_server(
        tmp_path, lambda ehr: call(prefetch=prefetch(levels=outcome("forbidden")), **access(ehr))
    )
    assert answer.status_code == 200
    assert asked.paths


NEEDED = ("patient", "weight", "creatinine", "levels", "administrations", "procedures")


@pytest.mark.requirement(54)
@pytest.mark.parametrize("key", NEEDED)
def test_needed_data_that_can_not_be_had_are_412_and_named(running, key):
    answer = running.client.post(SERVICE, json=call(prefetch=prefetch(**{key: ...})))
    assert answer.status_code == 412
    assert answer.json["issue"][0]["expression"] == [f"prefetch.{key}"]


@pytest.mark.requirement(148)
def test_feedback_is_taken(running, heard):
    uuid = heard[0].cards[0]["uuid"]
    answer = running.client.post(
        FEEDBACK,
        json={"feedback": [{"card": uuid, "outcome": "overridden", "outcomeTimestamp": "2026-11-20T07:06:00Z"}]},
    )
    assert (answer.status_code, answer.json["stored"]) == (200, 1)


@pytest.mark.requirement(214)
def test_an_extension_in_the_request_is_passed_over(running):
    usual = running.card(call())["summary"]
    body = call(extension={"com.example.any": {"deep": [1, {"a": 2}]}})
    assert running.card(body)["summary"] == usual
