"""Schedules to instants: known answers by hand, changes of the clocks, and what holds for every schedule."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir.ordered.expansion import instants
from fhir.ordered.schedule import Every, EveryMonths, Listed, Once, OnDays, Pattern, Schedule, Span, TimesIn

BERLIN = ZoneInfo("Europe/Berlin")
CET = timezone(timedelta(hours=1))
MONDAY_7 = datetime(2026, 11, 16, 7, 0, tzinfo=CET)
FAR = datetime(2027, 12, 31, tzinfo=UTC)


def times(schedule: Schedule | Pattern, days: float = 7, origin: datetime = MONDAY_7, zone=CET) -> list[str]:
    """ "16 07:00" of each dose in so many days from the origin."""
    whole = schedule if isinstance(schedule, Schedule) else Schedule(pattern=schedule)
    found = instants(whole, origin=origin, start=origin, end=origin + timedelta(days=days), zone=zone)
    return [f"{moment.astimezone(zone):%d %H:%M}" for moment in found]


@pytest.mark.parametrize(
    ("pattern", "days", "expected"),
    [
        (Every(hours=12), 1, ["16 07:00", "16 19:00"]),
        (Every(hours=36), 4, ["16 07:00", "17 19:00", "19 07:00"]),
        (TimesIn(times=3, hours=24), 1, ["16 07:00", "16 15:00", "16 23:00"]),
        (TimesIn(times=1, hours=48), 5, ["16 07:00", "18 07:00", "20 07:00"]),
        (TimesIn(times=3, hours=168), 7, ["16 07:00", "18 15:00", "20 23:00"]),
        (OnDays(times=2, clock=(time(6), time(18))), 2, ["16 18:00", "17 06:00", "17 18:00", "18 06:00"]),
        (OnDays(times=1, clock=(time(8),), every=3), 7, ["16 08:00", "19 08:00", "22 08:00"]),
        (OnDays(times=1, clock=(time(8),), weekdays=(0, 3)), 8, ["16 08:00", "19 08:00", "23 08:00"]),
        (OnDays(times=2, weekdays=(1,)), 7, ["17 07:00", "17 19:00"]),
        (OnDays(times=1, clock=(time(8),), weekdays=(0,), weeks=2), 20, ["16 08:00", "30 08:00"]),
        (Once(), 7, ["16 07:00"]),
        (Listed(moments=(date(2026, 11, 18), datetime(2026, 11, 17, 9, tzinfo=UTC))), 7, ["17 10:00", "18 07:00"]),
    ],
)
def test_known_answers(pattern: Pattern, days: float, expected: list[str]) -> None:
    assert times(pattern, days) == expected


def test_months_end_on_their_last_day() -> None:
    found = instants(
        Schedule(pattern=EveryMonths(months=1)),
        origin=datetime(2026, 10, 31, 8, tzinfo=BERLIN),
        start=datetime(2026, 10, 31, 8, tzinfo=BERLIN),
        end=datetime(2027, 4, 1, tzinfo=BERLIN),
        zone=BERLIN,
    )
    assert [f"{moment:%m-%d %H:%M %z}" for moment in found] == [
        "10-31 08:00 +0100", "11-30 08:00 +0100", "12-31 08:00 +0100",
        "01-31 08:00 +0100", "02-28 08:00 +0100", "03-31 08:00 +0200",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (TimesIn(times=2, hours=24), ["24 20:00", "25 08:00", "25 20:00"]),  # 25 October 2026: back at 03:00
        (OnDays(times=2, clock=(time(8), time(20))), ["24 20:00", "25 08:00", "25 20:00"]),
        (Every(hours=12), ["24 20:00", "25 07:00", "25 19:00"]),
    ],
)
def test_times_of_day_stay_over_a_change_of_the_clocks_and_hours_stay_hours(pattern: Pattern, expected) -> None:
    assert times(pattern, 1.01, origin=datetime(2026, 10, 24, 20, tzinfo=BERLIN), zone=BERLIN) == expected


def test_a_time_that_the_clocks_skip_is_given_an_hour_later() -> None:
    at_half_past_two = OnDays(times=1, clock=(time(2, 30),))
    assert times(at_half_past_two, 2, origin=datetime(2026, 3, 28, 12, tzinfo=BERLIN), zone=BERLIN) == [
        "29 03:30",
        "30 02:30",
    ]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"count": 3}, ["16 07:00", "16 19:00", "17 07:00"]),
        ({"end": datetime(2026, 11, 16, 19, tzinfo=CET)}, ["16 07:00", "16 19:00"]),  # a Period's end is part of it
        ({"end": date(2026, 11, 16)}, ["16 07:00", "16 19:00"]),
        ({"length": Span(hours=24)}, ["16 07:00", "16 19:00"]),
        ({"start": date(2026, 11, 22)}, ["22 00:00", "22 12:00", "23 00:00"]),
        ({"start": datetime(2026, 11, 22, 8, tzinfo=CET), "count": 1}, ["22 08:00"]),
    ],
)
def test_bounds_and_counts(bounds: dict, expected: list[str]) -> None:
    assert times(Schedule(pattern=Every(hours=12), **bounds)) == expected


def test_a_length_of_months() -> None:
    found = times(Schedule(pattern=Every(hours=24), length=Span(months=1)), 60)
    assert len(found) == 30  # 16 November to 15 December


PATTERNS = st.one_of(
    st.builds(Every, hours=st.sampled_from([0.5, 4.0, 8.0, 12.0, 18.0, 36.0, 336.0])),
    st.builds(TimesIn, times=st.integers(1, 6), hours=st.sampled_from([24.0, 48.0, 168.0, 336.0])),
    st.builds(
        lambda clock, every, weekdays, weeks: OnDays(
            times=len(clock), clock=tuple(sorted(clock)), every=every, weekdays=tuple(sorted(weekdays)), weeks=weeks
        ),
        st.sets(st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])), min_size=1, max_size=4),
        st.integers(1, 3),
        st.sets(st.integers(0, 6)),
        st.integers(1, 2),
    ),
    st.builds(EveryMonths, months=st.integers(1, 3), times=st.integers(1, 2)),
)
SCHEDULES = st.builds(
    Schedule,
    pattern=PATTERNS,
    count=st.none() | st.integers(1, 40),
    length=st.none() | st.builds(Span, hours=st.integers(1, 900).map(float)),
)
ZONES = st.sampled_from([UTC, CET, BERLIN, ZoneInfo("America/St_Johns")])
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 364 * 1440).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes))
HOURS = st.integers(0, 1500).map(lambda hours: timedelta(hours=hours))


@settings(max_examples=300, deadline=None)
@given(schedule=SCHEDULES, zone=ZONES, origin=MOMENTS, lead=HOURS, first=HOURS, second=HOURS)
def test_two_windows_side_by_side_hold_what_the_whole_holds(schedule, zone, origin, lead, first, second) -> None:
    start = origin + lead - timedelta(hours=200)
    middle, end = start + first, start + first + second

    def found(begin: datetime, until: datetime) -> list[datetime]:
        return list(instants(schedule, origin=origin, start=begin, end=until, zone=zone))

    whole = found(start, end)
    assert found(start, middle) + found(middle, end) == whole
    assert whole == sorted(whole)
    assert all(start <= moment < end and moment >= origin for moment in whole)
    assert schedule.count is None or len(found(origin, FAR)) <= schedule.count


@settings(max_examples=200, deadline=None)
@given(pattern=PATTERNS, zone=ZONES, origin=MOMENTS)
def test_so_many_days_hold_the_days_times_the_doses_a_day(pattern, zone, origin) -> None:
    days = 7 * 2 * 3 * 12  # a multiple of every period drawn but months, of which 504 days hold 16.6
    found = list(
        instants(Schedule(pattern=pattern), origin=origin, start=origin, end=origin + timedelta(days=days), zone=zone)
    )
    expected = days * pattern.a_day
    # months differ in length; a change of the clocks and the first, part, day move at most one dose of each time of day
    room = 2 * pattern.times if isinstance(pattern, EveryMonths | OnDays) else 1
    assert abs(len(found) - expected) <= room
