"""What would be, if: against hand arithmetic, against a chart that says so, and refusals by name."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalog import Catalog, load_catalog
from models.dosing.advice import Curve, Regimen
from models.dosing.case import Case, open_case
from models.dosing.changes import CannotAsk, FromNow, GivenAt, Late, Missed, NotGiven
from models.dosing.what_if import what_if
from models.fit import average, fit_each
from models.subject import subject_from_record
from tests.builders import Patient, on_tacrolimus, on_vancomycin
from tests.models.dosing_case import one_case

TWICE_A_DAY = Regimen(amount=1000, interval=12, duration=2, route="iv", start=48)
EXACT = 1e-9  # the same arithmetic in another order


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def treated() -> Patient:
    return on_vancomycin().charted("haematological_malignancy", 1, at=0).infused(1000, at=0, over=2, every=12, times=4)


@pytest.fixture(scope="module")
def one_compartment(catalog: Catalog) -> Case:
    """Buelga 2005: clearance in proportion to creatinine clearance, volume to weight."""
    model = catalog.model("vancomycin/buelga2005")
    return one_case(catalog.drug("vancomycin"), model, treated().level(14, at=47.5).record(now=47.75), draws=300)


def several(catalog: Catalog, *names: str) -> Case:
    patient = treated().charted("height", 176, at=0).level(14, at=47.5)
    record, drug = patient.record(now=47.75), catalog.drug("vancomycin")
    fits = fit_each(subject_from_record(catalog.model(f"vancomycin/{name}"), record) for name in names)
    case = open_case(drug, fits, average(fits), record, target=drug.targets[0].target, seed=1, draws=300)
    assert len(case.members) == len(names)
    return case


def test_nothing_changed_nothing_different(one_compartment: Case) -> None:
    found = what_if(one_compartment, TWICE_A_DAY, seed=1)
    assert replace(found.asked, label="current") == found.unchanged
    assert found.findings == ()


def test_twice_the_creatinine_is_twice_the_exposure(one_compartment: Case) -> None:
    found = what_if(one_compartment, TWICE_A_DAY, (FromNow(covariate="creatinine", value=2.4),), seed=1)
    assert found.asked.exposure.median == pytest.approx(2 * found.unchanged.exposure.median, rel=EXACT)
    assert found.asked.above > found.unchanged.above


def test_another_weight_moves_clearance_and_the_limits_per_kilogram(one_compartment: Case) -> None:
    large = replace(TWICE_A_DAY, amount=2000, duration=3.5)
    found = what_if(one_compartment, large, (FromNow(covariate="weight", value=41),), seed=1)
    assert found.asked.exposure.median == pytest.approx(2 * found.unchanged.exposure.median, rel=EXACT)
    assert any("mg/kg" in sentence for sentence in found.asked.limits)
    assert not any("mg/kg is" in sentence for sentence in found.unchanged.limits)


def test_another_dose_and_interval_are_plain_proportion(one_compartment: Case) -> None:
    once = what_if(one_compartment, replace(TWICE_A_DAY, amount=1500, interval=24, duration=2.5), seed=1)
    twice = what_if(one_compartment, TWICE_A_DAY, seed=1)
    assert once.asked.exposure.median == pytest.approx(0.75 * twice.asked.exposure.median, rel=EXACT)


def test_a_missed_dose_takes_its_part_of_the_first_day(one_compartment: Case) -> None:
    """The second of two doses: by hand, one compartment, 12 h of it inside the first day."""
    found = what_if(one_compartment, TWICE_A_DAY, (Missed(dose=2),), seed=1)
    plain = what_if(one_compartment, TWICE_A_DAY, seed=1)
    etas = one_compartment.lead.etas
    cl = 1.08 * (140 - 64) * 82 / (72 * 1.2) * 0.06 * np.exp(etas[:, 0])
    k = cl / (0.98 * 82 * np.exp(etas[:, 1]))
    left = 500 / k * (1 - np.exp(-2 * k)) * np.exp(-10 * k)  # mg in the body 12 h after the start of 1,000 mg over 2 h
    # a median is no sum, but each draw loses within a per cent or so of the median loss' share
    lost = np.median((1000 - left) / cl)
    assert plain.asked.first_day.median - found.asked.first_day.median == pytest.approx(lost, rel=0.1)
    assert found.asked.exposure == plain.asked.exposure  # at steady state nothing is missed


def test_a_late_dose_shows_in_the_curve_and_not_before(one_compartment: Case) -> None:
    late = what_if(one_compartment, TWICE_A_DAY, (Late(dose=1, hours=6),), seed=1).curve
    plain = what_if(one_compartment, TWICE_A_DAY, seed=1).curve
    before = [n for n, time in enumerate(late.times) if time <= 48.0]
    assert [late.individual[n] for n in before] == pytest.approx([plain.individual[n] for n in before])
    assert shown(late, 52.0) < shown(plain, 52.0)
    assert shown(late, 60.0) > shown(plain, 60.0)  # less time since it


def shown(curve: Curve, time: float) -> float:
    return float(np.interp(time, curve.times, curve.individual))


def test_a_dose_that_was_not_given_is_a_chart_without_it(catalog: Catalog, one_compartment: Case) -> None:
    found = what_if(one_compartment, TWICE_A_DAY, (NotGiven(time=36),), seed=7)
    chart = on_vancomycin().charted("haematological_malignancy", 1, at=0)
    chart = chart.infused(1000, at=0, over=2, every=12, times=3).level(14, at=47.5)
    model = catalog.model("vancomycin/buelga2005")
    other = one_case(catalog.drug("vancomycin"), model, chart.record(now=47.75), draws=300, seed=7)
    assert found.asked.exposure.median == pytest.approx(np.median(other.metric(TWICE_A_DAY)), rel=EXACT)
    # the same level from fewer doses: less clearance
    assert found.asked.exposure.median > found.unchanged.exposure.median


def test_a_trough_drawn_after_the_dose_when_the_dose_was_early(one_compartment: Case) -> None:
    """The last dose given an hour before the level in truth: the level is a peak, and clearance higher than thought."""
    found = what_if(one_compartment, TWICE_A_DAY, (GivenAt(time=36, at=44.5),), seed=1)
    assert found.asked.exposure.median < found.unchanged.exposure.median


def test_a_model_that_does_not_read_the_change_is_named(catalog: Catalog) -> None:
    case = several(catalog, "goti2018", "colin2019")
    found = what_if(case, TWICE_A_DAY, (FromNow(covariate="haematological_malignancy", value=0),), seed=1)
    assert [item.code for item in found.findings] == ["change-not-read"]
    assert "Goti" in found.findings[0].text
    both = what_if(case, TWICE_A_DAY, (FromNow(covariate="creatinine", value=1.8),), seed=1)
    assert both.findings == ()
    assert both.asked.exposure.median > both.unchanged.exposure.median


def test_a_model_that_would_not_hold_the_changed_patient_is_left_out(catalog: Catalog) -> None:
    """Buelga 2005 is for haematological malignancy only; Colin 2019 reads it."""
    case = several(catalog, "colin2019", "buelga2005")
    found = what_if(case, TWICE_A_DAY, (FromNow(covariate="haematological_malignancy", value=0),), seed=1)
    assert [item.code for item in found.findings] == ["model-left-out", "change-not-read"]
    alone = replace(case, members=tuple(m for m in case.members if m.model.id == "vancomycin/colin2019"))
    expected = what_if(alone, TWICE_A_DAY, (FromNow(covariate="haematological_malignancy", value=0),), seed=1)
    assert found.asked == expected.asked


def test_dialysis_from_now_on_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CannotAsk, match="Haemodialysis since the first dose"):
        what_if(several(catalog, "goti2018"), TWICE_A_DAY, (FromNow(covariate="dialysis", value=1),), seed=1)


def test_an_interacting_flag_where_the_model_has_it(catalog: Catalog) -> None:
    case = one_case(
        catalog.drug("tacrolimus"), catalog.model("tacrolimus/bergmann2014"), on_tacrolimus().record(now=0), draws=200
    )
    swallowed = Regimen(amount=3, interval=12, duration=0, route="oral", start=0)
    found = what_if(case, swallowed, (FromNow(covariate="cyp3a5_expresser", value=1),), seed=1)
    # clearance is 1.6 times as high: at steady state the average falls so, the trough by more
    assert found.asked.trough.median < found.unchanged.trough.median / 1.6


@pytest.mark.parametrize(
    ("regimen", "changes", "words"),
    [
        (TWICE_A_DAY, (FromNow(covariate="albumin", value=30),), "no model in use reads albumin"),
        (TWICE_A_DAY, (FromNow(covariate="creatinine", value=-1),), "can not be -1"),
        (TWICE_A_DAY, (FromNow(covariate="weight", value=400),), "no model in use holds such a patient|can not be"),
        (TWICE_A_DAY, (Missed(dose=99),), "dose 99 is not among"),
        (TWICE_A_DAY, (Late(dose=1, hours=12),), "less than the interval of 12 h"),
        (TWICE_A_DAY, (NotGiven(time=35),), "doses are at 0, 12, 24, 36 h"),
        (TWICE_A_DAY, (GivenAt(time=36, at=50),), "now is 47.75 h"),
        (TWICE_A_DAY, (Missed(dose=0),), "dose 0"),
        (replace(TWICE_A_DAY, amount=0), (), "is no regimen"),
        (replace(TWICE_A_DAY, duration=13), (), "is no regimen"),
        (replace(TWICE_A_DAY, start=40), (), "before now"),
        (replace(TWICE_A_DAY, route="oral", duration=0), (), "oral doses are not described"),
    ],
)
def test_what_can_not_be_asked_is_named(one_compartment: Case, regimen: Regimen, changes: tuple, words: str) -> None:
    with pytest.raises(CannotAsk, match=words):
        what_if(one_compartment, regimen, changes, seed=1)


def test_a_past_that_no_estimate_explains_is_refused(one_compartment: Case) -> None:
    gone = tuple(NotGiven(time=time) for time in (0.0, 12.0, 24.0, 36.0))
    with pytest.raises(CannotAsk, match="no model has an estimate"):
        what_if(one_compartment, TWICE_A_DAY, gone, seed=1)


def test_a_regimen_that_no_product_gives_is_calculated_and_said(one_compartment: Case) -> None:
    found = what_if(one_compartment, replace(TWICE_A_DAY, amount=1100), seed=1)
    assert [item.code for item in found.findings] == ["not-a-product"]


@settings(max_examples=20, deadline=None)
@given(value=st.floats(0.5, 3.0))
def test_less_renal_function_never_lowers_exposure(catalog: Catalog, value: float) -> None:
    model = catalog.model("vancomycin/goti2018")
    case = one_case(catalog.drug("vancomycin"), model, on_vancomycin().record(now=0), draws=50)
    first = replace(TWICE_A_DAY, start=0)
    here, worse = (
        what_if(case, first, (FromNow(covariate="creatinine", value=x),), seed=1).asked for x in (value, 1.2 * value)
    )
    assert worse.exposure.median >= here.exposure.median * (1 - EXACT)
