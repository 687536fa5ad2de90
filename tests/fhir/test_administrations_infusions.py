"""Infusions charted in steps: rate changes, pauses, stops, boluses, rates per kg and by volume."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from fhir.chart import Chart
from models.catalog import load_catalog
from models.pk.exposure import concentrations
from models.population import PopulationModel
from models.subject import subject_from_record
from tests.fhir.charts import (
    IV,
    RXNORM,
    VANCOMYCIN,
    codes,
    creatinine,
    given,
    instruction,
    level,
    order,
    patient,
    quantity,
    read,
    said,
    weight,
)

THEOPHYLLINE = {"coding": [{"system": RXNORM, "code": "10438", "display": "theophylline"}]}
ORDER = {"reference": "MedicationRequest/r1"}


def rate(value: float, unit: str = "mg/h") -> dict[str, Any]:
    return {"route": IV, "rateQuantity": quantity(value, unit)}


def running(value: float, when: str, until: str = "", unit: str = "mg/h", **changes: Any) -> dict[str, Any]:
    """A rate of the infusion ordered as r1, charted from `when` on."""
    return given(when=when, until=until, dosage=rate(value, unit), request=ORDER) | changes


def doses(*resources: dict[str, Any], name: str = "vancomycin") -> list[tuple[float, float, float]]:
    chart = read(patient(), *resources, name=name)
    return [(dose.time, dose.amount, dose.duration) for dose in chart.record.doses]


def refused(*resources: dict[str, Any], name: str = "vancomycin") -> str:
    chart = read(patient(), *resources, name=name)
    assert chart.record.doses == ()
    return said(chart, "dose-unreadable")


def test_each_rate_runs_until_the_next_and_the_last_until_now() -> None:
    steps = [
        running(100, "19 08:00"),
        running(50, "19 20:00"),
        running(0, "20 02:00"),
        running(75, "20 04:05", status="in-progress"),
    ]
    assert doses(*steps) == [
        (0.0, pytest.approx(1200), 12.0),
        (12.0, pytest.approx(300), 6.0),
        (pytest.approx(20 + 5 / 60), pytest.approx(300), 4.0),
    ]
    chart = read(patient(), *steps)
    assert [item.code for item in chart.findings if item.severity == "critical"] == []
    assert "until the next charted rate" in chart.sources["d1"].note
    assert "still running" in chart.sources["d3"].note


def test_a_last_rate_that_is_not_charted_as_running_has_no_end() -> None:
    chart = read(patient(), running(100, "19 08:00"), running(50, "19 20:00"))
    assert len(chart.record.doses) == 1
    assert "not how long it ran" in said(chart, "dose-unreadable")


def test_rates_of_two_orders_are_two_infusions() -> None:
    """A rate of another order ends nothing."""
    other = running(50, "19 20:00", status="in-progress", request={"reference": "MedicationRequest/r2"})
    chart = read(patient(), running(100, "19 08:00"), other)
    assert [dose.amount for dose in chart.record.doses] == [pytest.approx(50 * (12 + 5 / 60))]
    assert "not how long it ran" in said(chart, "dose-unreadable")


def test_two_rates_at_once_are_critical() -> None:
    chart = read(patient(), running(100, "19 08:00", "19 20:00"), running(50, "19 18:00", "19 22:00"))
    assert "Two rates of a vancomycin infusion" in said(chart, "infusion-overlap")
    assert "infusion-overlap" not in codes(
        read(patient(), running(100, "19 08:00", "19 20:00"), running(50, "19 19:56", "19 22:00"))
    )


def test_an_old_order_still_charted_as_running_beside_the_new_one_is_critical() -> None:
    """A rate changed by a new order, and the old one never closed, would count both."""
    new = running(50, "19 20:00", status="in-progress", request={"reference": "MedicationRequest/r2"})
    chart = read(patient(), running(100, "19 08:00", status="in-progress"), new)
    assert "infusion-overlap" in codes(chart)


def hung(mg: float, value: float, when: str, **changes: Any) -> dict[str, Any]:
    """A bag of the infusion ordered as r1, hung at a rate; its end is not charted."""
    dosage = {"route": IV, "dose": quantity(mg, "mg"), "rateQuantity": quantity(value, "mg/h")}
    return given(when=when, dosage=dosage, request=ORDER, id=f"bag-{when}".replace(" ", "-")) | changes


def test_a_bag_whose_rate_was_changed_gave_what_ran() -> None:
    """100 mg/h for 4 h, 50 mg/h for 6 h, then a new bag of 200 mg at 50 mg/h: not 2000 mg and more."""
    bags = [hung(2000, 100, "19 08:00"), running(50, "19 12:00"), hung(200, 50, "19 18:00")]
    assert doses(*bags) == [(0.0, 400.0, 4.0), (4.0, 300.0, 6.0), (10.0, 200.0, 4.0)]
    assert doses(hung(200, 100, "19 08:00"), running(50, "19 12:00", "19 14:00")) == [(0, 200.0, 2.0), (4, 100.0, 2.0)]


def test_a_stop_without_an_amount_ends_the_rate_before_it() -> None:
    stop = given(when="19 12:00", status="stopped", dosage={"route": IV}, request=ORDER)
    assert doses(running(100, "19 08:00"), stop) == [(0.0, 400.0, 4.0)]
    assert "neither an amount nor a rate" in refused(stop)


def test_a_dose_beside_rates_of_one_order_may_be_a_bolus_or_the_bag() -> None:
    chart = read(patient(), given(1000, when="19 08:00", request=ORDER, id="x"), running(50, "19 08:00", "19 12:00"))
    assert [dose.amount for dose in chart.record.doses] == [200.0]
    assert "what those rates ran from" in said(chart, "dose-bolus-or-bag")
    timed = given(500, when="19 08:00", until="19 09:00", request=ORDER, id="x")
    assert sorted(amount for _, amount, _ in doses(timed, running(50, "19 09:00", "19 12:00"))) == [150.0, 500.0]


def test_half_hourly_entries_of_one_infusion_are_no_repeats() -> None:
    clocks = ["08:00", "08:30", "09:00", "09:30", "10:00", "10:30"]
    steps = [running(100, f"19 {first}", f"19 {last}") for first, last in pairwise(clocks)]
    chart = read(patient(), *steps)
    assert sum(dose.amount for dose in chart.record.doses) == pytest.approx(250)
    assert codes(chart) == []


def test_a_continuous_infusion_of_days_needs_a_rate_and_a_drug_given_so() -> None:
    assert doses(running(100, "16 08:00", "19 08:00")) == [(0.0, pytest.approx(7200), 72.0)]
    assert "running for 72 h" in refused(given(when="16 08:00", until="19 08:00"))
    assert "running for 72 h" in refused(
        running(10, "16 08:00", "19 08:00", medicationCodeableConcept=meropenem()), name="meropenem"
    )


def meropenem() -> dict[str, Any]:
    return {"coding": [{"system": RXNORM, "code": "29561", "display": "meropenem"}]}


def test_a_day_of_a_long_infusion_is_held_against_the_daily_limit() -> None:
    """4500 mg/d is the drug file's largest day: 187.5 mg/h."""
    assert codes(read(patient(), running(187.5, "17 08:00", "19 08:00"))) == []
    assert codes(read(patient(), running(187.6, "17 08:00", "19 08:00"))) == ["dose-unusual"]
    assert "can not be true" in refused(running(563, "17 08:00", "19 08:00"))


def test_an_intermittent_drug_charted_by_rates_alone_is_not_run_from_dose_to_dose() -> None:
    steps = [running(100, "17 08:00", medicationCodeableConcept=meropenem(), id="a")]
    steps += [running(100, "18 08:00", status="in-progress", medicationCodeableConcept=meropenem(), id="b")]
    chart = read(patient(), *steps, name="meropenem")
    assert chart.record.doses == ()
    assert codes(chart).count("dose-unreadable") == 2


def test_a_stopped_infusion_gave_what_its_rate_and_times_make() -> None:
    dosage = {"route": IV, "dose": quantity(1000, "mg"), "rateQuantity": quantity(1000, "mg/h")}
    stopped = given(until="18 08:30", status="stopped", dosage=dosage)
    stopped["statusReason"] = [{"coding": [{"code": "x", "display": "Extravasation"}], "text": "told by Ms Canary"}]
    chart = read(patient(), stopped)
    assert [(dose.amount, dose.duration) for dose in chart.record.doses] == [(500.0, 0.5)]
    told = said(chart, "dose-stopped")
    assert 'stopped (reason: "Extravasation"); of 1000 mg planned 500 mg ran' in told
    assert "Canary" not in told
    other = order(750)
    assert "its order says 750 mg" in refused(stopped | {"request": ORDER}, other)


def test_a_stopped_infusion_with_all_that_was_ordered_and_no_rate_is_refused() -> None:
    stopped = given(1000, until="18 08:30", status="stopped", request=ORDER)
    assert "how much ran is not said" in refused(stopped, order())  # over 90 min by the order
    assert doses(stopped | {"dosage": {"route": IV, "dose": quantity(400, "mg")}}, order()) == [(0.0, 400.0, 0.5)]
    whole = given(1000, until="18 09:30", status="stopped", request=ORDER)
    assert doses(whole, order()) == [(0.0, 1000.0, 1.5)]


def test_an_infusion_without_an_end_takes_the_time_of_its_order() -> None:
    chart = read(patient(), given(1000, request=ORDER), order())
    assert chart.record.doses[0].duration == 1.5
    assert "of its order were taken" in said(chart, "infusion-time-ordered")


def test_a_continuous_drug_still_running_without_a_rate_is_refused() -> None:
    assert "still running" in refused(given(2000, when="19 20:00", status="in-progress"))
    assert doses(given(1200, when="20 07:00", status="in-progress")) == [(0.0, 1200.0, 2.0)]


def test_a_bolus_beside_an_infusion_in_one_resource_and_in_two() -> None:
    """300 mg at once, then 25 mg/h for 20 h."""
    bolus, drip = {"route": IV, "dose": quantity(300, "mg")}, rate(25)
    one = given(when="19 08:00", until="20 04:00", dosage=[drip, bolus], medicationCodeableConcept=THEOPHYLLINE)
    ordered = order(
        300,
        medicationCodeableConcept=THEOPHYLLINE,
        dosageInstruction=[
            instruction(300, timing={"repeat": {"count": 1, "duration": 30, "durationUnit": "min"}}),
        ],
    )
    chart = read(patient(), one | {"request": ORDER}, ordered, name="theophylline")
    assert sorted((dose.amount, dose.duration) for dose in chart.record.doses) == [(300.0, 0.5), (500.0, 20.0)]
    two = [
        given(300, when="19 08:00", until="19 08:30", medicationCodeableConcept=THEOPHYLLINE, id="bolus"),
        given(when="19 08:30", until="20 04:30", dosage=drip, medicationCodeableConcept=THEOPHYLLINE, id="drip"),
    ]
    assert sorted(amount for _, amount, _ in doses(*two, name="theophylline")) == [300.0, 500.0]


def test_other_lists_of_dosages_are_refused_and_a_list_of_one_is_read() -> None:
    row = {"route": IV, "dose": quantity(1, "g")}
    assert doses(given(until="18 09:00", dosage=[row])) == [(0.0, 1000.0, 1.0)]
    assert "several dosages" in refused(given(until="18 09:00", dosage=[row, row]))


@pytest.mark.parametrize(("value", "unit"), [(2, "mg/kg/h"), (100 / 3, "ug/kg/min")])
def test_a_rate_per_kg_needs_one_weight(value: float, unit: str) -> None:
    infusion = running(value, "19 08:00", "19 18:00", unit)
    chart = read(patient(), infusion, weight(70))
    assert chart.record.doses[0].amount == pytest.approx(1400)
    assert "as for 70 kg" in said(chart, "rate-per-kg")
    assert "which weight" in refused(infusion)
    assert "which weight" in refused(infusion, weight(70), weight(75, when="18 09:00"))
    assert "which weight" in refused(infusion, weight(70, when="11 09:00"))


def mixture(*ingredients: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": "m1", "ingredient": list(ingredients)}


def test_a_volume_rate_needs_the_strength_of_the_mixture() -> None:
    drug = {
        "itemCodeableConcept": VANCOMYCIN,
        "strength": {"numerator": quantity(2, "g"), "denominator": quantity(500, "mL")},
    }
    saline = {"itemCodeableConcept": {"coding": [{"system": RXNORM, "code": "9863"}]}, "isActive": False}
    ratio = {"numerator": quantity(25, "mL"), "denominator": quantity(1, "h")}
    infusion = given(when="19 08:00", until="19 18:00", dosage={"route": IV, "rateRatio": ratio})
    del infusion["medicationCodeableConcept"]
    infusion |= {"medicationReference": {"reference": "#m1"}}
    assert doses(infusion | {"contained": [mixture(drug, saline)]}) == [(0.0, pytest.approx(1000), 10.0)]
    assert "how much of the drug is in it" in refused(infusion | {"contained": [mixture(drug)]})


def test_a_volume_at_a_volume_rate_says_how_long_it_ran() -> None:
    vial = {
        "itemCodeableConcept": VANCOMYCIN,
        "strength": {"numerator": quantity(500, "mg"), "denominator": quantity(10, "mL")},
    }
    dosage = {"route": IV, "dose": quantity(20, "mL"), "rateQuantity": quantity(10, "mL/h")}
    infusion = given(when="19 08:00", dosage=dosage, contained=[mixture(vial)])
    infusion |= {"medicationReference": {"reference": "#m1"}}
    del infusion["medicationCodeableConcept"]
    assert doses(infusion) == [(0.0, pytest.approx(1000), pytest.approx(2.0))]


def test_a_finished_infusion_does_not_end_after_now() -> None:
    late = given(when="20 07:30", until="20 09:00")
    assert "ends after now" in refused(late)
    assert doses(late | {"status": "in-progress"}) == [(0.0, 1000.0, 1.5)]


def test_an_infusion_charted_as_a_whole_and_in_parts_is_counted_once() -> None:
    parent = given(1000, when="19 08:00", until="19 18:00", id="whole")
    within: dict[str, Any] = {"partOf": [{"reference": "MedicationAdministration/whole"}]}
    parts = [
        running(60, "19 08:00", "19 13:00", **within),
        running(140, "19 13:00", "19 18:00", **within),
    ]
    assert doses(parent, *parts) == [(0.0, pytest.approx(300), 5.0), (5.0, pytest.approx(700), 5.0)]
    assert "the parts were counted" in said(read(patient(), parent, *parts), "dose-in-parts")
    chart = read(patient(), parent, parts[0])
    (problem,) = [item for item in chart.findings if item.code == "dose-in-parts"]
    assert problem.severity == "critical"


@settings(max_examples=60, deadline=None)
@drawn(st.lists(st.integers(1, 119), unique=True, max_size=5), st.sampled_from([10.0, 62.5, 100.0]), st.data())
def test_an_infusion_split_into_steps_of_one_rate_is_the_same_infusion(
    cuts: list[int], value: float, data: st.DataObject
) -> None:
    """Twelve hours, cut at any tenths of an hour, ends charted or left to the next rate."""
    person = (patient(), weight(70), creatinine())
    whole = read(*person, running(value, "19 08:00", "19 20:00"))
    edges = [0, *sorted(cuts), 120]
    steps = []
    for first, last in pairwise(edges):
        open_end = last != 120 and data.draw(st.booleans())
        steps.append(running(value, _tenths(first), "" if open_end else _tenths(last)))
    split = read(*person, *steps)
    assert sum(dose.amount for dose in split.record.doses) == pytest.approx(12 * value, rel=1e-9)
    assert not [item for item in split.findings if item.severity == "critical"]
    # superposition of the steps, exact in theory; sums of up to six exponentials round
    np.testing.assert_allclose(curve(split), curve(whole), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(predicted(split), predicted(whole), rtol=1e-9, atol=1e-12)


def _tenths(tenths: int) -> str:
    minutes = 8 * 60 + 6 * tenths
    return f"19 {minutes // 60:02d}:{minutes % 60:02d}"


@cache
def goti() -> PopulationModel:
    return load_catalog().model("vancomycin/goti2018")


def predicted(chart: Chart) -> np.ndarray:
    """The average patient's concentrations by the engine and a published model."""
    model = goti()
    subject = subject_from_record(model, chart.record)
    return concentrations(model, subject, np.zeros((1, len(model.omega))), np.arange(0.5, 48.5, 0.5))[0]


def curve(chart: Chart) -> np.ndarray:
    """Concentrations of a one-compartment patient (4 L/h, 50 L) over 48 h, written out here by superposition."""
    hours, k = np.arange(0.5, 48.5, 0.5), 4.0 / 50.0
    total = np.zeros_like(hours)
    for dose in chart.record.doses:
        since = hours - dose.time
        ran = np.clip(since, 0, dose.duration)
        total += dose.amount / dose.duration / 4.0 * (np.exp(-k * (since - ran)) - np.exp(-k * since)) * (since > 0)
    return total


def test_a_level_of_an_infusion_in_steps_is_read_beside_it() -> None:
    chart = read(patient(), running(100, "19 08:00", "19 20:00"), level(when="19 19:30"))
    assert len(chart.record.levels) == 1


def test_rates_that_are_no_numbers_or_have_two_forms_are_refused() -> None:
    both = rate(100) | {"rateRatio": {"numerator": quantity(1, "mg"), "denominator": quantity(1, "h")}}
    assert "two rates" in refused(given(until="18 09:00", dosage=both))
    assert "not a positive number" in refused(given(until="18 09:00", dosage=rate(-5)))
    assert "neither an amount nor a rate" in refused(given(until="18 09:00", dosage=rate(5, "mmol/h")))
