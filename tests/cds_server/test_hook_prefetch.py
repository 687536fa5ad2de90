"""The six states in which a prefetch key arrives, on every hook: what is computed, what is read, what is refused."""

import json
from typing import Any

import pytest

from cds_server.hooks.contexts import CONTEXTS
from tests.cds_server.hook_calls import SERVICE, call, facts, prefetch, service
from tests.fhir.charts import creatinine, level
from tests.fhir.server import Reply, bundle, outcome, serving

HOOKS = tuple(CONTEXTS)
LEVEL, CREATININE = level(11.0), creatinine(0.9)

# state -> what stands under "levels", and what the answer is with no server to read from: (status, levels used)
STATES: dict[str, tuple[Any, tuple[int, int | None]]] = {
    "present": (bundle(LEVEL), (200, 1)),
    "absent": (..., (412, None)),
    "null": (None, (200, 0)),
    "empty": (bundle(), (200, 0)),
    "outcome": (outcome("forbidden"), (412, None)),
    "paged": (bundle(LEVEL, next_url="{base}/Observation?page=2"), (412, None)),
}
CASES = [(hook, state) for hook in HOOKS for state in STATES]
IDS = [f"{hook}, {state}" for hook, state in CASES]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    with service(tmp_path_factory.mktemp("alone")) as found:
        yield found


@pytest.fixture(scope="module")
def ehr():
    """A FHIR server that has a second level behind its next link, and the first where it is searched."""
    later = level(13.0, when="20 07:30")

    def reply(path: str, before: int) -> Reply:
        return Reply(body=bundle(later) if "page=2" in path else bundle(LEVEL, CREATININE))

    with serving(reply) as found:
        yield found


@pytest.fixture(scope="module")
def with_server(ehr, tmp_path_factory):
    with service(tmp_path_factory.mktemp("server"), fhir_servers=(ehr.base,), fhir_deadline_ms=20_000) as found:
        yield found


def levels_used(running, card) -> int:
    return len(running.parts.store.issued(facts(card)["adviceId"]).chart.record.levels)


def body_of(hook: str, state: str, base: str = "https://ehr.example/fhir", **access: Any) -> dict[str, Any]:
    value, _ = STATES[state]
    filled = value if value is ... else json.loads(json.dumps(value).replace("{base}", base))
    return call(hook, prefetch=prefetch(levels=filled), **access)


@pytest.mark.parametrize(("hook", "state"), CASES, ids=IDS)
def test_without_a_server_to_read_from(alone, hook, state):
    answer = alone.client.post(SERVICE, json=body_of(hook, state))
    status, used = STATES[state][1]
    assert answer.status_code == status
    if status == 412:
        assert answer.json["issue"][0]["expression"] == ["prefetch.levels"]
        assert "levels" in answer.json["issue"][0]["diagnostics"]
        return
    assert [levels_used(alone, card) for card in answer.json["cards"]] in ([used], [])


@pytest.mark.parametrize(("hook", "state"), CASES, ids=IDS)
def test_with_a_server_what_is_missing_is_read_and_nothing_else(with_server, ehr, hook, state):
    asked = len(ehr.asked.paths)
    access = {"fhirServer": ehr.base, "fhirAuthorization": {"access_token": "t", "token_type": "Bearer"}}
    cards = with_server.cards(body_of(hook, state, ehr.base, **access))
    reads = len(ehr.asked.paths) - asked
    expected = {"present": (0, 1), "null": (0, 0), "empty": (0, 0), "paged": (1, 2)}.get(state, (1, 1))
    assert (bool(reads), [levels_used(with_server, card) for card in cards]) in (
        (bool(expected[0]), [expected[1]]),
        (bool(expected[0]), []),
    )
    assert cards or hook == "encounter-discharge"


NEEDED = ("patient", "weight", "creatinine", "levels", "administrations", "procedures")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("key", NEEDED)
@pytest.mark.parametrize("value", [..., outcome("exception")], ids=["absent", "outcome"])
def test_412_names_the_key(alone, hook, key, value):
    answer = alone.client.post(SERVICE, json=call(hook, prefetch=prefetch(**{key: value})))
    assert answer.status_code == 412
    assert answer.json["issue"][0]["code"] == "required"
    assert answer.json["issue"][0]["expression"] == [f"prefetch.{key}"]


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign", "medication-refill"])
@pytest.mark.parametrize("value", [None, bundle()], ids=["null", "empty"])
def test_data_the_ehr_does_not_have_are_no_clinical_negative(alone, hook, value):
    """No creatinine on file is no normal kidney: the case is declined and says what is missing."""
    (card,) = alone.cards(call(hook, prefetch=prefetch(creatinine=value)))
    assert facts(card)["kind"] == "declined"
    assert "creatinine" in card["detail"].lower()


@pytest.mark.parametrize("hook", ["order-select", "order-sign", "medication-refill"])
@pytest.mark.parametrize("value", [None, bundle()], ids=["null", "empty"])
def test_no_charted_dose_beside_an_order_is_a_reason_to_decline(alone, hook, value):
    (card,) = alone.cards(call(hook, prefetch=prefetch(administrations=value)))
    assert facts(card)["reasons"] == ["no-administrations"]
    assert "ehr-has-none" in facts(card)["findings"]
