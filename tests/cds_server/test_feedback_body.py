"""Feedback as EHRs send it: one bad item never takes a good one with it."""

from datetime import UTC, datetime

import pytest

from cds_server.hooks.errors import BadRequest
from cds_server.hooks.feedback import parse

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ACCEPTED = {
    "card": "c-1",
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": "s-1"}],
    "outcomeTimestamp": "2026-11-21T07:59:00Z",
}
# the CDS Hooks Sandbox sends no display with the reason
OVERRIDDEN = {
    "card": "c-2",
    "outcome": "overridden",
    "overrideReason": {"reason": {"system": "s", "code": "waiting-for-level"}, "userComment": "at six"},
    "outcomeTimestamp": "2026-11-21T08:59:00+01:00",
}


def read(*items):
    return parse({"feedback": list(items)}, service="dose-advice", now=NOW)


def test_both_outcomes_are_read():
    batch = read(ACCEPTED, OVERRIDDEN)
    assert batch.problems == ()
    accepted, overridden = batch.rows
    assert (accepted.accepted, accepted.outcome_at) == (("s-1",), datetime(2026, 11, 21, 7, 59, tzinfo=UTC))
    assert (overridden.reason_code, overridden.comment) == ("waiting-for-level", "at six")
    assert overridden.outcome_at == accepted.outcome_at


@pytest.mark.parametrize("reason", [None, {}, {"userComment": "only words"}, {"reason": {"code": "x"}}])
def test_an_override_needs_no_reason(reason):
    batch = read(
        {"card": "c", "outcome": "overridden", "overrideReason": reason, "outcomeTimestamp": "2026-11-21T08:00Z"}
    )
    assert len(batch.rows) == 1


BAD = {
    "no card": {"outcome": "overridden"},
    "a card that is no text": {"card": 7, "outcome": "overridden"},
    "unknown outcome": {"card": "c", "outcome": "ignored"},
    "accepted without a suggestion": {"card": "c", "outcome": "accepted"},
    "accepted with an empty list": {"card": "c", "outcome": "accepted", "acceptedSuggestions": []},
    "a suggestion without id": {"card": "c", "outcome": "accepted", "acceptedSuggestions": [{}]},
    "a time that is none": {"card": "c", "outcome": "overridden", "outcomeTimestamp": "yesterday"},
    "a reason that is none": {"card": "c", "outcome": "overridden", "overrideReason": "because"},
    "no object": "accepted",
}


@pytest.mark.parametrize("item", BAD.values(), ids=BAD.keys())
def test_a_bad_item_is_named_and_the_others_are_kept(item):
    batch = read(ACCEPTED, item, OVERRIDDEN)
    assert [row.card_uuid for row in batch.rows] == ["c-1", "c-2"]
    (problem,) = batch.problems
    assert problem.where.startswith("feedback[1]")


@pytest.mark.parametrize("body", [None, [], {}, {"feedback": {}}, {"feedback": "x"}])
def test_a_body_without_an_array_is_refused(body):
    with pytest.raises(BadRequest):
        parse(body, service="dose-advice", now=NOW)


def test_without_a_time_a_repeat_is_still_a_repeat():
    item = {key: value for key, value in ACCEPTED.items() if key != "outcomeTimestamp"}
    first = parse({"feedback": [item]}, service="s", now=NOW).rows[0]
    again = parse({"feedback": [item]}, service="s", now=datetime(2027, 1, 1, tzinfo=UTC)).rows[0]
    assert first.digest == again.digest
