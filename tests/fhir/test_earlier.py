"""A patient who took the drug before the first dose that is charted here."""

from typing import Any

import pytest

from fhir.chart import Chart
from tests.fhir.charts import ORAL, TACROLIMUS, at, codes, given, observation, order, patient, quantity, read, said

HOME = [
    {"coding": [{"code": "outpatient", "system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category"}]}
]
DOSE = {"route": ORAL, "dose": quantity(3, "mg")}


def swallowed(when: str) -> dict:
    return given(when=when, medicationCodeableConcept=TACROLIMUS, dosage=DOSE)


def admitted(*more: Any, first: int = 18) -> Chart:
    """Tacrolimus charted from the evening of a day on, and a level on the 20th at 07:30."""
    doses = [swallowed(f"{day:02d} {hour}:00") for day in range(first, 20) for hour in ("08", "20")]
    drawn = observation("11253-2", 8, "ug/L", "20 07:30")
    return read(patient(), *doses, drawn, *more, name="tacrolimus")


def operated(day: str) -> dict:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "70536003"}]}
    return {"resourceType": "Procedure", "id": "tx", "status": "completed", "code": code} | {
        "subject": {"reference": "Patient/p1"},
        "performedDateTime": day,
    }


def statement(**changes: Any) -> dict:
    return {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "medicationCodeableConcept": TACROLIMUS,
        "subject": {"reference": "Patient/p1"},
        "effectivePeriod": {"start": "2026-08-01"},
    } | changes


def severities(chart: Chart) -> list[str]:
    return [item.severity for item in chart.findings if item.code == "earlier-doses-unknown"]


@pytest.mark.parametrize(("day", "found"), [("2026-07-10", ["critical"]), ("2026-11-16", [])])
def test_a_graft_of_months_ago_is_not_followed_by_a_first_dose_of_today(day: str, found: list[str]) -> None:
    assert severities(admitted(operated(day))) == found


@pytest.mark.parametrize(("first", "found"), [(16, []), (17, ["critical"])])
def test_after_half_a_week_of_charted_doses_little_is_left_of_what_was_before(first: int, found: list[str]) -> None:
    assert severities(admitted(operated("2026-07-10"), first=first)) == found


def test_an_older_order_for_home_that_can_not_be_followed_says_so_too() -> None:
    capsules = {"doseAndRate": [{"doseQuantity": {"value": 3, "unit": "capsule"}}]}
    home = order(medicationCodeableConcept=TACROLIMUS, category=HOME, authoredOn="2026-08-01T08:00:00+02:00")
    chart = admitted(home | {"dosageInstruction": [capsules]})
    assert severities(chart) == ["critical"]
    assert "an order for home of 2026-08-01" in said(chart, "earlier-doses-unknown").lower()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["critical"]),
        ({"status": "entered-in-error"}, []),
        ({"effectivePeriod": {"start": at("18 07:00")}}, []),
        ({"status": "completed", "effectivePeriod": {"start": "2020-01-01"}}, []),
        ({"status": "completed", "effectivePeriod": {"start": "2026-10-01"}}, ["critical"]),
    ],
)
def test_a_statement_that_it_was_taken_before(changes: dict, found: list[str]) -> None:
    assert severities(admitted(statement(**changes))) == found


def test_a_chart_that_says_nothing_of_before_is_taken_as_it_is() -> None:
    assert "earlier-doses-unknown" not in codes(admitted())
