"""Whatever stands in a field, the answer is cards or a clear refusal, and never a 5xx."""

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_server.hooks.contexts import CONTEXTS
from tests.cds_server.card_rules import broken
from tests.cds_server.hook_calls import FEEDBACK, SERVICE, Service, call, draft, facts, prefetch, service
from tests.cds_server.mutate import garbled, mutated
from tests.fhir.server import bundle

HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40),
    st.sampled_from(
        [
            "",
            "Patient/p1",
            "2026-02-30",
            "2026-11-19T08:00",
            "9999-12-31T23:59:60Z",
            "-0",
            "1e5",
            "mg/L",
            "\u202e",
            "=cmd",
        ]
    ),
    st.just([]),
    st.just({}),
    st.just([[[]]]),
    st.just({"resourceType": "Bundle", "entry": [None, {"resource": None}, {"resource": 5}]}),
    st.just({"resourceType": "OperationOutcome", "issue": []}),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("fuzz"), draws=60) as found:
        yield found


def paths(value: Any, here: tuple = ()) -> Iterator[tuple]:
    if here:
        yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*here, key))


FIELDS = ["card", "outcome", "acceptedSuggestions", "overrideReason", "outcomeTimestamp"]
CALL = call()
PATHS = list(paths(CALL))


def put(body: dict[str, Any], path: tuple, value: Any) -> None:
    """Set a place in the body, unless an earlier change took it away."""
    inner: Any = body
    for key in path[:-1]:
        if not has(inner, key):
            return
        inner = inner[key]
    if has(inner, path[-1]):
        inner[path[-1]] = deepcopy(value)


def has(value: Any, key: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(key, int) and key < len(value)
    return isinstance(value, dict) and key in value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(PATHS), HOSTILE), min_size=1, max_size=3))
def test_mutated_calls(running, changes):
    body = deepcopy(CALL)
    for path, value in changes:
        put(body, path, value)
    answer = running.client.post(SERVICE, json=body)
    assert answer.status_code in (200, 400, 404, 412), answer.get_data(as_text=True)
    if answer.status_code == 200:
        kinds = {facts(card)["kind"] for card in answer.json["cards"]}
        assert "failed" not in kinds, f"an unexpected error was met: {changes}"
        assert "unrecorded" not in kinds


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.sampled_from(["card", "outcome", "acceptedSuggestions", "overrideReason"]), HOSTILE))
)
def test_any_feedback(running, items):
    answer = running.client.post(FEEDBACK, json={"feedback": deepcopy(items)})
    assert answer.status_code in (200, 400)


# 10,000 here; tests/fhir bends as many charts.
ANSWERED, READ, SENT, GARBLED = 100, 1_700, 2_000, 6_200
BLOCK = 100
PHENYTOIN = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "8183"}], "text": "Phenytoin"}
HOOKS = tuple(CONTEXTS)
STATUSES = (200, 400, 404, 412, 413)


def whole() -> list[dict[str, Any]]:
    """Calls that end with a dose search when nothing in them is changed: each costs tens of milliseconds."""
    return [call(hook) for hook in HOOKS]


def short() -> list[dict[str, Any]]:
    """Calls that are read to the last value and then declined without a fit, so that thousands can be sent."""
    declined = [call(hook, prefetch=prefetch(weight=bundle())) for hook in HOOKS]
    return [*declined, call(drafts=(draft(medicationCodeableConcept=PHENYTOIN),))]


def feedback_bodies(uuid: str, suggestion: str) -> list[dict[str, Any]]:
    when = {"outcomeTimestamp": "2026-11-20T07:06:00Z"}
    accepted = {"card": uuid, "outcome": "accepted", "acceptedSuggestions": [{"id": suggestion}], **when}
    reason = {"reason": {"code": "need-more-info", "system": "urn:x"}, "userComment": "a comment"}
    overridden = {"card": uuid, "outcome": "overridden", "overrideReason": reason, **when}
    return [{"feedback": [accepted]}, {"feedback": [overridden, accepted]}, {"feedback": []}]


def send(running: Service, url: str, kind: str, bodies: list[dict[str, Any]], block: int, change: Any) -> None:
    """One block of mutated bodies; what is answered with cards keeps the rules of CDS Hooks."""
    for n in range(block, block + BLOCK):
        random = Random(f"{kind} {n}")
        body = change(random.choice(bodies), random)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = running.client.post(url, data=data, content_type="application/json")
        assert answer.status_code in STATUSES, f"{kind} {n}: {answer.status_code}"
        assert answer.mimetype == "application/json"
        if "cards" in answer.json:
            assert broken(answer.json) == (), f"{kind} {n}"
            kinds = {facts(card)["kind"] for card in answer.json["cards"]}
            assert not kinds & {"failed", "unrecorded"}, f"{kind} {n}: an unexpected error was met"


@pytest.mark.parametrize("block", range(0, ANSWERED, BLOCK))
def test_mutated_calls_that_are_answered_in_full(running, block):
    send(running, SERVICE, "answered", whole(), block, mutated)


@pytest.mark.parametrize("block", range(0, READ, BLOCK))
def test_mutated_calls_that_are_read_and_declined(running, block):
    send(running, SERVICE, "read", short(), block, mutated)


@pytest.mark.parametrize("block", range(0, SENT, BLOCK))
def test_mutated_feedback(running, block):
    card = running.card(call())
    bodies = feedback_bodies(card["uuid"], card["suggestions"][0]["uuid"])
    send(running, FEEDBACK, "feedback", bodies, block, mutated)


@pytest.mark.parametrize("url", [SERVICE, FEEDBACK])
@pytest.mark.parametrize("block", range(0, GARBLED // 2, BLOCK))
def test_garbled_bytes(running, block, url):
    send(running, url, "garbled", [*short(), {"feedback": [{"card": "x", "outcome": "overridden"}]}], block, garbled)


def test_there_are_ten_thousand_and_each_can_be_made_again():
    assert ANSWERED + READ + SENT + GARBLED == 10_000
    one, two = (json.dumps([mutated(CALL, Random(f"read {n}")) for n in range(50)]) for _ in range(2))
    assert one == two
    assert len({json.dumps(mutated(CALL, Random(f"read {n}"))) for n in range(50)}) > 45
