"""Administrations bent out of shape: no exception, and every dose that is left is finite, positive and plausible."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.chart import Chart
from tests.fhir.charts import (
    IV,
    NOW,
    ORAL,
    RXNORM,
    TACROLIMUS,
    VANCOMYCIN,
    drug,
    order,
    patient,
    quantity,
    read,
    weight,
)
from tests.fhir.charts import given as dose
from tests.fhir.test_read_hostile import bent, spots

SALINE = {"coding": [{"system": RXNORM, "code": "9863"}], "text": "sodium chloride"}


def bag() -> dict[str, Any]:
    per = quantity(250, "mL")
    return {
        "resourceType": "Medication",
        "id": "bag",
        "amount": {"numerator": per, "denominator": quantity(1, "{bag}")},
        "ingredient": [
            {"itemCodeableConcept": VANCOMYCIN, "strength": {"numerator": quantity(1, "g"), "denominator": per}},
            {"itemCodeableConcept": SALINE, "isActive": False},
        ],
    }


def busy_chart() -> list[dict[str, Any]]:
    """An infusion in steps, a stopped one, bags, capsules, a whole with a part, a rate per kg and a repeat."""
    asked: dict[str, Any] = {"request": {"reference": "MedicationRequest/r1"}}
    stopped = {"route": IV, "dose": quantity(1, "g"), "rateQuantity": quantity(1000, "mg/h")}
    ratio = {"numerator": quantity(25, "mL"), "denominator": quantity(1, "h")}
    key = [{"system": "s", "value": "1"}]
    bagged: dict[str, Any] = {"medicationReference": {"reference": "Medication/bag"}}
    charted = [
        dose(when="19 08:00", dosage={"route": IV, "rateQuantity": quantity(100, "mg/h")}, **asked),
        dose(when="19 20:00", dosage={"route": IV, "rateRatio": ratio}, status="in-progress", **asked, **bagged),
        dose(
            when="17 08:00",
            until="17 08:30",
            status="stopped",
            dosage=stopped,
            identifier=[{"system": "s", "value": "1"}],
        ),
        dose(when="17 08:00", until="17 08:30", id="again", status="stopped", dosage=stopped, identifier=key),
        dose(when="18 08:00", until="18 09:30", dosage={"route": IV, "dose": quantity(1, "{bag}")}, **bagged),
        dose(when="18 20:00", until="18 22:00", dosage={"route": IV, "rateQuantity": quantity(7, "mg/kg/h")}, id="part")
        | {"partOf": [{"reference": "MedicationAdministration/whole"}]},
        dose(980, when="18 20:00", until="18 22:00", id="whole"),
        dose(medicationCodeableConcept=TACROLIMUS, dosage={"route": ORAL, "dose": quantity(2, "mg")}, id="t"),
    ]
    for item in charted:
        if "medicationReference" in item:
            del item["medicationCodeableConcept"]
    return [patient(), weight(70), order(), bag(), *charted]


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 0, -1, 1e308, 1e-308, 10**400, float("nan"), float("inf"), "", "x" * 300, [], {}, [[]], [{}]),
        *(
            "2026-11-19T08:00:00Z",
            "9999-12-31T23:59:59-14:00",
            "0001-01-01T00:00:00+14:00",
            "mg/kg/h",
            "mL",
            "TAB",
            "1",
        ),
        *({"value": 1}, {"value": 2, "unit": "vial"}, {"reference": "#x"}, {"reference": "Medication/bag"}),
        *({"reference": "MedicationAdministration/part"}, {"reference": "MedicationAdministration/whole"}),
    ]
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bent_administrations_raise_nothing_and_leave_plausible_doses(data: st.DataObject) -> None:
    chart: list[Any] = busy_chart()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([spot for spot in spots(chart) if spot]))
        chart = bent(chart, path, data.draw(ODD))
    for name in ("vancomycin", "tacrolimus"):
        plausible(read(*chart, name=name), name)


def plausible(chart: Chart, name: str) -> None:
    limits = drug(name).limits
    assert limits.single
    assert limits.daily
    for item in chart.record.doses:
        days = max(1.0, item.duration / 24)
        assert 0 < item.amount <= 3 * max(limits.single.value, limits.daily.value) * days
        assert 0 <= item.duration <= 336  # the longest infusion that is read
        assert chart.sources[item.source].resource.startswith("MedicationAdministration")
        assert chart.sources[item.source].note


@settings(max_examples=25, deadline=None)
@given(st.permutations(busy_chart()))
def test_doses_do_not_depend_on_the_order_of_the_bundle(chart: list[dict[str, Any]]) -> None:
    assert read(*chart) == read(*busy_chart())


def test_the_busy_chart_is_read_as_it_says() -> None:
    """100 mg/h for 12 h, 25 mL/h of 4 mg/mL to now, 500 mg before the stop, a bag, 7 mg/kg/h of 70 kg for 2 h."""
    chart = read(*busy_chart())
    amounts = {chart.sources[item.source].time: item.amount for item in chart.record.doses}
    assert sorted(amounts.values()) == pytest.approx([500, 980, 1000, 1200, 100 * (12 + 5 / 60)], rel=1e-9)
    assert NOW not in amounts


@pytest.mark.parametrize("key", ["identifier", "partOf", "request", "statusReason", "dosage"])
def test_one_place_left_out_raises_nothing(key: str) -> None:
    chart = copy.deepcopy(busy_chart())
    for item in chart:
        item.pop(key, None)
    plausible(read(*chart), "vancomycin")
