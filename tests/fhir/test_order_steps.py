"""Orders of several steps, with maxima, on hold, over or replaced: which regimen is in force, and what is said."""

from typing import Any

import pytest

from fhir.chart import OrderedRegimen
from fhir.ordered.orders import explain_order
from models.findings import Finding
from tests.fhir.charts import at, codes, drug, given, instruction, order, patient, quantity, read, said

ONCE = {"repeat": {"count": 1}}
Q12H = {"repeat": {"frequency": 1, "period": 12, "periodUnit": "h"}}
DAILY = {"frequency": 1, "period": 1, "periodUnit": "d"}


def repeat(**parts: Any) -> dict:
    return {"repeat": parts}


def spread(low: dict, high: dict) -> dict:
    return {"low": low, "high": high}


def explained(*rows: dict, **changes: Any) -> tuple[OrderedRegimen, tuple[Finding, ...]]:
    regimen, findings = explain_order(order(dosageInstruction=list(rows), **changes), drug())
    assert regimen is not None
    return regimen, findings


def texts(findings: tuple[Finding, ...]) -> str:
    return " ".join(finding.text for finding in findings)


def test_a_loading_dose_and_its_maintenance_with_and_without_sequence() -> None:
    loading, maintenance = instruction(1500, timing=ONCE), instruction(1000, timing=Q12H)
    for rows in (
        (loading, maintenance),
        (maintenance, loading),
        (loading | {"sequence": 1}, maintenance | {"sequence": 2}),
    ):
        regimen, findings = explained(*rows)
        assert (regimen.amount, regimen.interval) == (1000.0, 12.0)
        assert [item.code for item in findings] == ["order-has-steps"]
        assert "1500 mg once" in texts(findings)


def test_of_a_sequence_the_step_of_now_is_in_force() -> None:
    """1 g every 12 h for two days from the 17th 07:00, then 750 mg every 12 h; now is the 20th."""
    first = instruction(
        1000, sequence=1, timing={"repeat": Q12H["repeat"] | {"boundsDuration": {"value": 2, "code": "d"}}}
    )
    then = instruction(750, sequence=2, timing=Q12H)
    changing = order(dosageInstruction=[first, then], authoredOn=at("17 07:00"))
    chart = read(patient(), given(), changing)
    assert chart.current is not None
    assert chart.current.amount == 750
    later = read(patient(), given(), changing | {"authoredOn": at("19 07:00")})
    assert later.current is not None
    assert later.current.amount == 1000
    assert "750 mg every 12 h" in said(later, "order-has-steps")


def test_a_sequence_by_count_goes_on_after_the_last_one_counted() -> None:
    first = instruction(1000, sequence=1, timing={"repeat": Q12H["repeat"] | {"count": 6}})  # until the 20th 07:00
    then = instruction(750, sequence=2, timing=Q12H)
    chart = read(patient(), given(), order(dosageInstruction=[first, then], authoredOn=at("17 07:00")))
    assert chart.current is not None
    assert chart.current.amount == 750


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ((instruction(1000, sequence=1), instruction(500, sequence=1)), "taken together"),
        ((instruction(1000), instruction(500)), "taken together"),
        ((instruction(1000, timing=ONCE), instruction(500), instruction(250)), "taken together"),
        ((instruction(1000, sequence=1, asNeededBoolean=True), instruction(500, sequence=2)), "as needed"),
        ((instruction(modifierExtension=[{"url": "x"}]),), "modifier"),
        (
            (instruction(timing=repeat(timeOfDay=["08:00", "18:00"])),),
            "not evenly spaced (at 08:00 and 18:00 a day)",
        ),
        (
            (instruction(timing=repeat(**DAILY, dayOfWeek=["mon", "thu"])),),
            "once on Monday, Thursday",
        ),
        (
            (instruction(doseAndRate=[{"doseRange": spread(quantity(1, "g"), quantity(2, "g"))}]),),
            "a range of doses (1 g to 2 g)",
        ),
        (
            (instruction(doseAndRate=[{"rateRange": spread(quantity(5, "mg/h"), quantity(9, "mg/h"))}]),),
            "a range of rates (5 mg/h to 9 mg/h)",
        ),
    ],
)
def test_what_is_no_one_regimen_is_none_with_the_reason(rows: tuple[dict, ...], why: str) -> None:
    regimen, findings = explained(*rows)
    assert None in (regimen.amount, regimen.interval)
    assert why in texts(findings)


def test_an_order_not_to_give_the_drug_is_no_regimen() -> None:
    regimen, findings = explained(instruction(), doNotPerform=True)
    assert regimen.amount is None
    assert "not to be given" in texts(findings)


def per_day(value: float, unit: str) -> dict:
    return {"numerator": quantity(value, unit), "denominator": quantity(24, "h")}


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ({"maxDosePerPeriod": per_day(2, "g")}, ""),  # 1 g every 12 h comes to it exactly
        ({"maxDosePerPeriod": per_day(1999, "mg")}, "2000 mg in 24 h are over its own maximum of 1999 mg"),
        ({"maxDosePerPeriod": [per_day(1.5, "g")]}, "maximum of 1500 mg"),
        ({"maxDosePerAdministration": quantity(1, "g")}, ""),
        ({"maxDosePerAdministration": quantity(750, "mg")}, "one dose of 1000 mg is over its own maximum of 750 mg"),
        ({"maxDosePerLifetime": quantity(500, "mg")}, "in a lifetime"),
    ],
)
def test_a_regimen_beyond_the_orders_own_maximum_is_said(changes: dict, beyond: str) -> None:
    _, findings = explained(instruction(**changes))
    found = [item.text for item in findings if item.code == "order-over-its-maximum"]
    assert bool(found) is bool(beyond)
    assert beyond in " ".join(found)


def test_a_maximum_in_doses_is_said_not_to_have_been_held_against_the_dose() -> None:
    _, findings = explained(instruction(maxDosePerPeriod=per_day(6, "{doses}")))
    assert [(item.code, item.severity) for item in findings] == [("order-maximum-unread", "info")]


# --- which order is in force ---


def test_an_order_that_names_its_predecessor_replaces_it_silently() -> None:
    for link in (
        {"priorPrescription": {"reference": "MedicationRequest/r1"}},
        {"basedOn": [{"reference": "MedicationRequest/r1"}]},
    ):
        chart = read(patient(), given(), order(), order(750, id="r2", authoredOn=at("19 07:00"), **link))
        assert chart.current is not None
        assert chart.current.amount == 750
        assert "several-active-orders" not in codes(chart)


def test_an_order_on_hold_is_said_with_its_reason_and_is_not_in_force() -> None:
    chart = read(patient(), given(), order(status="on-hold", statusReason={"text": "level awaited"}))
    assert chart.current is None
    assert "level awaited" in said(chart, "order-on-hold")


@pytest.mark.parametrize(
    "bounds", [{"end": "2026-11-19"}, {"start": "2026-11-21"}, {"start": at("18 07:00"), "end": at("20 07:00")}]
)
def test_an_active_order_outside_its_own_dates_is_not_in_force(bounds: dict) -> None:
    timing = {"repeat": Q12H["repeat"] | {"boundsPeriod": bounds}}
    chart = read(patient(), given(), order(dosageInstruction=[instruction(timing=timing)]))
    assert chart.current is None
    assert "not in force now" in said(chart, "order-not-in-force")


def test_an_order_within_its_dates_is_in_force_to_the_end_of_the_last_day() -> None:
    timing = {"repeat": Q12H["repeat"] | {"boundsPeriod": {"start": "2026-11-18", "end": "2026-11-20"}}}
    chart = read(patient(), given(), order(dosageInstruction=[instruction(timing=timing)]))
    assert chart.current is not None


@pytest.mark.parametrize(
    "changes", [{"intent": "option"}, {"intent": "proposal"}, {"status": "cancelled"}, {"status": "unknown"}]
)
def test_what_is_no_order_is_not_in_force(changes: dict) -> None:
    assert read(patient(), given(), order(**changes)).current is None
