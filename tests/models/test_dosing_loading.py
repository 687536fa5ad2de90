"""A loading dose: against hand arithmetic of one compartment, at its limits, and where it is pointless."""

from dataclasses import replace

import numpy as np
import pytest

from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.dosing.advice import Recommendation, Regimen
from models.dosing.case import Case
from models.dosing.limits import broken_limits
from models.dosing.loading import WORTH, loading_dose
from models.drug import Limit
from models.fit import prior
from tests.builders import Patient, on_tacrolimus, on_vancomycin
from tests.models.dosing_case import one_case

ONCE_A_DAY = Regimen(amount=1250, interval=24, duration=2.5, route="iv", start=0)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def first_dose(catalog: Catalog, *, draws: int = 500) -> Case:
    model = catalog.model("vancomycin/goti2018")
    return one_case(catalog.drug("vancomycin"), model, on_vancomycin().record(now=0), draws=draws)


def test_the_dose_is_one_of_the_products_and_keeps_every_limit(catalog: Catalog) -> None:
    case = first_dose(catalog)
    found = loading_dose(case, ONCE_A_DAY, 82.0)
    assert found is not None
    assert found.loading is not None
    loading = found.loading.regimen
    assert loading.amount % 250 == 0
    assert loading.amount > ONCE_A_DAY.amount
    assert loading.interval == ONCE_A_DAY.interval
    assert broken_limits(loading, case.drug, 82.0) == ()
    assert loading.amount / loading.duration <= 600 + 1e-9  # mg/h, the usual rate
    assert found.finding.code == "loading-dose"
    assert found.loading.attainment >= found.loading.attainment_without + WORTH


def test_its_first_day_is_that_of_one_compartment_by_hand(catalog: Catalog) -> None:
    """Buelga 2005: AUC over 24 h of an infusion of D over T: what came in, less what is still there, over clearance."""
    model = catalog.model("vancomycin/buelga2005")
    patient = on_vancomycin().charted("haematological_malignancy", 1, at=0)
    case = one_case(catalog.drug("vancomycin"), model, patient.record(now=0), draws=200)
    found = loading_dose(case, ONCE_A_DAY, 82.0)
    assert found is not None
    assert found.loading is not None
    etas = case.lead.etas
    cl = 1.08 * (140 - 64) * 82 / (72 * 1.2) * 0.06 * np.exp(etas[:, 0])
    v = 0.98 * 82 * np.exp(etas[:, 1])
    dose, hours = found.loading.regimen.amount, found.loading.regimen.duration
    k = cl / v
    left = dose / hours / cl * (1 - np.exp(-k * hours)) * np.exp(-k * (24 - hours)) * v
    area = (dose - left) / cl
    assert found.loading.early.median == pytest.approx(np.median(area), rel=1e-6)  # rounding of exponentials
    inside = np.mean((area >= 400) & (area <= 600))
    assert found.loading.attainment == pytest.approx(inside)


def test_the_smallest_of_those_that_are_as_good(catalog: Catalog) -> None:
    """No smaller dose in the product's steps comes within five points of the best."""
    case = first_dose(catalog)
    found = loading_dose(case, ONCE_A_DAY, 82.0)
    assert found is not None
    assert found.loading is not None
    smaller = replace(case.drug, limits=replace(case.drug.limits, single=limit(found.loading.regimen.amount - 250)))
    less = loading_dose(replace(case, drug=smaller), ONCE_A_DAY, 82.0)
    assert less is not None
    assert less.loading is not None
    assert less.loading.attainment < found.loading.attainment


def limit(mg: float) -> Limit:
    return Limit(value=mg, unit="mg", source="made up")


@pytest.mark.parametrize(("single", "allowed"), [(1500.0, True), (1499.0, False)])
def test_the_limit_of_a_single_dose_at_its_edge(catalog: Catalog, single: float, allowed: bool) -> None:
    case = first_dose(catalog)
    drug = replace(case.drug, limits=replace(case.drug.limits, single=limit(single)))
    # a target that 1,500 mg, the only larger step, reaches clearly more often than 1,250 mg
    target = replace(case.target, low=225.0, high=400.0)
    found = loading_dose(replace(case, drug=drug, target=target), ONCE_A_DAY, 82.0)
    assert found is not None
    amounts = [found.loading.regimen.amount] if found.loading else []
    assert amounts == ([1500.0] if allowed else [])


def test_the_days_limit_counts_the_doses_that_follow(catalog: Catalog) -> None:
    case = first_dose(catalog)
    twice = replace(ONCE_A_DAY, interval=12.0, amount=750.0, duration=1.5)
    drug = replace(case.drug, limits=replace(case.drug.limits, daily=limit(2000)))
    found = loading_dose(replace(case, drug=drug), twice, 82.0)
    assert found is not None
    assert found.loading is None or found.loading.regimen.amount + 750 <= 2000


def test_none_is_named_where_the_target_is_met_from_the_first_dose_on(catalog: Catalog) -> None:
    case = first_dose(catalog)
    reached = np.median(case.metric(ONCE_A_DAY)) * 0.4  # the first day of 1,250 mg once a day, about
    target = replace(case.target, low=0.5 * reached, high=1.5 * reached)
    found = loading_dose(replace(case, target=target), ONCE_A_DAY, 82.0)
    assert found is not None
    assert (found.loading, found.finding.code) == (None, "loading-not-needed")


def test_no_loading_dose_after_a_dose_nor_where_none_is_usual(catalog: Catalog) -> None:
    given = on_vancomycin().infused(1000, at=0, over=2).record(now=6)
    case = one_case(catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018"), given, draws=100)
    assert loading_dose(case, ONCE_A_DAY, 82.0) is None
    tacrolimus = one_case(
        catalog.drug("tacrolimus"), catalog.model("tacrolimus/bergmann2014"), on_tacrolimus().record(now=0), draws=100
    )
    swallowed = Regimen(amount=3, interval=12, duration=0, route="oral", start=0)
    assert loading_dose(tacrolimus, swallowed, 70.0) is None


def test_advice_carries_it(catalog: Catalog) -> None:
    model = catalog.model("vancomycin/goti2018")
    advice = recommend(catalog.drug("vancomycin"), model, on_vancomycin().record(now=0), prior(model), seed=1)
    assert isinstance(advice, Recommendation)
    assert advice.loading is not None
    assert advice.loading.regimen.amount > advice.regimens[0].regimen.amount
    assert advice.loading.regimen.start == advice.regimens[0].regimen.start
    busulfan = Patient(drug="busulfan").man().aged(6).weighing(20).charted("height", 115, at=0).record(now=0)
    course = catalog.model("busulfan/mccune2014")
    none = recommend(catalog.drug("busulfan"), course, busulfan, prior(course), seed=1)
    assert isinstance(none, Recommendation)
    assert none.loading is None
    assert "no-loading-dose" in {item.code for item in none.findings}
