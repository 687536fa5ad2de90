"""FHIR times: what is a time, and what only looks like one."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.clock import hours_between, moment_at, read_date, read_day_or_instant, read_instant, say
from fhir.errors import UnreadableTime

CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T08:05:00+01:00", datetime(2026, 11, 20, 8, 5, tzinfo=CET)),
        ("2026-11-20T07:05:00Z", datetime(2026, 11, 20, 7, 5, tzinfo=UTC)),
        ("2026-11-20T07:05Z", datetime(2026, 11, 20, 7, 5, tzinfo=UTC)),
        ("2026-11-20T07:05:00.5Z", datetime(2026, 11, 20, 7, 5, 0, 500000, tzinfo=UTC)),
        ("2026-11-20T07:05:00.123456789Z", datetime(2026, 11, 20, 7, 5, 0, 123456, tzinfo=UTC)),
        (" 2026-11-20T07:05:00Z ", datetime(2026, 11, 20, 7, 5, tzinfo=UTC)),
    ],
)
def test_a_whole_time_with_its_zone(text: str, moment: datetime) -> None:
    assert read_instant(text) == moment


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "no time is charted"),
        ("", "no time is charted"),
        (20261120, "no time is charted"),
        ("2026", "only a date"),
        ("2026-11", "only a date"),
        ("2026-11-20", "only a date"),
        ("2026-11-20T08:05:00", "no time zone"),
        ("2026-11-20 08:05:00+01:00", "can not be read"),
        ("20.11.2026", "can not be read"),
        ("2026-11-31T08:05:00Z", "does not exist"),
        ("2026-11-20T25:05:00Z", "does not exist"),
        ("0001-01-01T00:00:00+14:00", "does not exist"),
        ("9999-12-31T23:59:00-14:00", "does not exist"),
    ],
)
def test_anything_less_is_refused(value: object, why: str) -> None:
    with pytest.raises(UnreadableTime, match=why):
        read_instant(value)


def test_dates() -> None:
    assert read_date("1956-05-01") == date(1956, 5, 1)
    assert read_date("1956-05-01T10:00:00Z") == date(1956, 5, 1)
    for text in ("1956", "1956-05", "1956-13-01", "1956-05-01x", "", None):
        with pytest.raises(UnreadableTime):
            read_date(text)


def test_a_day_is_placed_and_marked() -> None:
    assert read_day_or_instant("2026-11-20") == (datetime(2026, 11, 20, tzinfo=UTC), True)
    assert read_day_or_instant("2026-11-20T08:05:00+01:00")[1] is False
    with pytest.raises(UnreadableTime):
        read_day_or_instant("2026-11-20T08:05:00")


def test_the_one_way_a_time_is_said() -> None:
    assert say(datetime(2026, 11, 20, 8, 5, tzinfo=CET)) == "2026-11-20 08:05 UTC+01:00"
    assert say(datetime(2026, 11, 20, 8, 5, tzinfo=UTC)) == "2026-11-20 08:05 UTC"
    assert say(datetime(2026, 11, 20, 8, 5, tzinfo=timezone(-timedelta(hours=3.5)))) == "2026-11-20 08:05 UTC-03:30"


def test_across_the_end_of_summer_time_hours_are_real_hours() -> None:
    """22:00 in summer time to 08:00 in winter time is eleven hours, not ten."""
    assert hours_between(read_instant("2026-10-24T22:00:00+02:00"), read_instant("2026-10-25T08:00:00+01:00")) == 11


@given(st.floats(-1e5, 1e5), st.integers(-12, 14))
def test_hours_there_and_back(hours: float, zone: int) -> None:
    origin = datetime(2026, 11, 20, 8, 5, tzinfo=UTC)
    moment = moment_at(origin, hours, like=origin.astimezone(timezone(timedelta(hours=zone))))
    # 5e-10 h: a datetime holds microseconds, half of one is 1.4e-10 h
    assert hours_between(origin, moment) == pytest.approx(hours, abs=5e-10)
