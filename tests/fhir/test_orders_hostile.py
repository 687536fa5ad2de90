"""Orders for home bent out of shape: no exception, no dose after now, before the order or beside a charted one."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.ordered.orders import explain_order
from tests.fhir.charts import NOW, ORAL, at, drug, instruction
from tests.fhir.test_assumed import BID, EIGHTS, capsule, home, tacrolimus, trough
from tests.fhir.test_read_hostile import ODD, bent, spots

DAYS = {"repeat": {"dayOfWeek": ["mon", "thu"], "timeOfDay": ["08:00"], "boundsPeriod": {"end": "2027-01-01"}}}
MONTHLY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo", "count": 5, "countMax": 5}}
LISTED = {"event": [at("17 08:00"), at("18 08:00"), "2026-11-19"]}


def orders() -> list[dict[str, Any]]:
    loading = instruction(4, timing={"repeat": {"count": 1}}, route=ORAL, sequence=1)
    then = instruction(2, timing=BID, route=ORAL, sequence=2, maxDosePerAdministration={"value": 5, "unit": "mg"})
    first = home(
        id="a",
        status="stopped",
        authoredOn="2026-09-20T09:00:00+02:00",
        meta={"lastUpdated": "2026-10-20T14:20:00+02:00"},
        dosageInstruction=[loading, then],
        dispenseRequest={"validityPeriod": {"end": "2027-01-01"}},
    )
    return [first, home(timing=EIGHTS, id="b", priorPrescription={"reference": "MedicationRequest/a"})]


CHARTED = [capsule("01 08:00", id="c1"), capsule("02 08:00", id="c2", status="not-done")]
MORE = [home(timing=timing, id="b", authoredOn="2026-11-04T09:00:00+01:00") for timing in (DAYS, MONTHLY, LISTED)]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_one_or_two_bent_places_raise_nothing_and_make_up_nothing(data: st.DataObject) -> None:
    chart: list[Any] = [*orders(), *data.draw(st.sampled_from([[], MORE[:1], MORE[1:2], MORE[2:]]))]
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([spot for spot in spots(chart) if spot]))
        chart = bent(chart, path, data.draw(ODD))
    charted = data.draw(st.sampled_from([[], CHARTED]))
    read = tacrolimus(*chart, *charted, trough("12 08:00"), trough("19 08:00"))
    times = [dose.time for dose in read.record.doses]
    assert all(time <= read.record.now for time in times)
    assert len(times) <= 1000
    assert all(0 < dose.amount <= 15 for dose in read.record.doses)
    for order in chart:
        if isinstance(order, dict):
            explain_order(order, drug("tacrolimus"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=12, unique=True), st.integers(0, 20))
def test_no_dose_is_made_up_between_charted_ones_nor_near_them(days: list[int], written: int) -> None:
    """Charted doses on any of 40 days, one order from any of the first 20: 12 h at least lie between any two doses."""
    charted = [_on(day) for day in days]
    order = home(authoredOn=f"2026-10-{written + 1:02d}T09:00:00+02:00")
    chart = tacrolimus(order, *charted, trough("19 08:00"))
    given_at = sorted(dose.time for dose in chart.record.doses if _charted(chart, dose))
    made_up = [dose.time for dose in chart.record.doses if not _charted(chart, dose)]
    assert len(given_at) == len(days)
    for time in made_up:
        assert all(abs(time - other) >= 6 for other in given_at)  # half of the order's interval
        for earlier, later in pairwise(given_at):
            assert not (earlier < time < later and later - earlier <= 168)


def _on(day: int) -> dict[str, Any]:
    month, number = (10, day + 5) if day < 27 else (11, day - 26)
    when = f"2026-{month}-{number:02d}T08:00:00+01:00"
    return capsule("01 08:00", id=f"c{day}", effectiveDateTime=when)


def _charted(chart: Any, dose: Any) -> bool:
    return str(chart.sources[dose.source].resource).startswith("MedicationAdministration")


@pytest.mark.parametrize("timing", [DAYS, MONTHLY, LISTED, EIGHTS, BID])
def test_every_kind_of_schedule_is_followed_up_to_now(timing: dict[str, Any]) -> None:
    chart = tacrolimus(home(timing=timing, authoredOn="2026-10-26T09:00:00+01:00"))
    assert chart.record.doses
    moments = [chart.sources[dose.source].time for dose in chart.record.doses]
    assert max(moment for moment in moments if moment) <= NOW
