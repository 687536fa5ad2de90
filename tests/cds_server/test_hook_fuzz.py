"""Whatever stands in a field, the answer is cards or a clear refusal, and never a 5xx."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cds_server.hook_calls import FEEDBACK, SERVICE, call, facts, service

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
    assert answer.status_code in (200, 400, 412), answer.get_data(as_text=True)
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
