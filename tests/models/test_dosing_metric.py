"""Each metric of a target against hand arithmetic or plain numpy on a fine grid."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import load_catalog
from models.dosing.advice import Regimen
from models.dosing.attainment import attainment
from models.dosing.member import Member
from models.dosing.metric import time_above
from models.dosing.optimise import off_centre
from models.dosing.profile import profiles
from models.errors import ModelsError
from models.fit import draw, prior
from models.record import Covariate, PatientRecord
from models.target import Metric, Target, range_words, unit_of
from tests.builders import on_vancomycin
from tests.models.dosing_case import one_case

CATALOG = load_catalog()
VANCOMYCIN = CATALOG.drug("vancomycin")
GOTI = CATALOG.model("vancomycin/goti2018")
REGIMEN = Regimen(amount=1000.0, interval=12.0, duration=2.0, route="iv", start=48.0)


def target(metric: Metric, low: float = 0.0, high: float = np.inf, **more: float) -> Target:
    return Target(
        metric=metric, low=low, high=high, unit=unit_of(metric, "mg/L"), indication="made up", source="test", **more
    )


@pytest.fixture(scope="module")
def case():
    patient = on_vancomycin().infused(1000, at=0, over=2, every=12, times=4).level(16.0, at=47.5)
    return replace(one_case(VANCOMYCIN, GOTI, patient.record(now=48), draws=200), mic=2.0)


def test_areas_and_averages_are_one_another(case) -> None:
    day = case.metric(REGIMEN, target("auc24", 400))
    assert case.metric(REGIMEN, target("auc_interval", 200)) == pytest.approx(day / 2, rel=1e-12)
    assert case.metric(REGIMEN, target("average", 15)) == pytest.approx(day / 24, rel=1e-12)
    assert case.metric(REGIMEN, target("auc24_mic", 400)) == pytest.approx(day / 2.0, rel=1e-12)
    assert case.metric(REGIMEN, target("auc24_mic", 400, free=0.5)) == pytest.approx(day / 4.0, rel=1e-12)


def test_a_concentration_at_a_time_lies_on_the_curve(case) -> None:
    at_end = case.metric(REGIMEN, target("concentration_at", 20, at=2.0))
    assert at_end == pytest.approx(case.peak(REGIMEN), rel=1e-9)
    assert case.metric(REGIMEN, target("concentration_at", 20, at=12.0)) == pytest.approx(
        case.trough(REGIMEN), rel=1e-9
    )
    assert case.metric(REGIMEN, target("peak_mic", 8)) == pytest.approx(case.peak(REGIMEN) / 2.0, rel=1e-12)


def test_time_above_four_times_the_mic_is_that_of_a_fine_grid(case) -> None:
    found = case.metric(REGIMEN, target("time_above", 50, times_mic=12.0))
    member = case.lead
    fine = np.linspace(0.0, 12.0, 20001)
    modes = member.response("iv")
    curve = modes.steady(fine, interval=12.0, duration=2.0) * 1000.0
    shares = 100.0 * (curve > 24.0).mean(axis=1)
    # straight lines between 49 points, denser at the start: under half a per cent of the interval
    assert found == pytest.approx(shares, abs=0.5)
    assert 0 < np.median(found) < 100


def test_time_above_of_a_triangle() -> None:
    curve, times = np.array([[0.0, 10.0, 0.0]]), np.array([0.0, 5.0, 10.0])
    assert time_above(curve, times, 5.0) == pytest.approx([50.0])
    assert time_above(curve, times, 12.0) == pytest.approx([0.0])
    assert time_above(curve, times, -1.0) == pytest.approx([100.0])


@given(st.lists(st.floats(0.0, 50.0), min_size=2, max_size=20), st.floats(0.1, 40.0), st.floats(0.1, 10.0))
def test_a_higher_limit_never_has_more_time_above_it(values: list[float], limit: float, more: float) -> None:
    curve, times = np.array([values]), np.arange(float(len(values)))
    assert 0.0 <= time_above(curve, times, limit + more)[0] <= time_above(curve, times, limit)[0] + 1e-9 <= 100.0 + 1e-8


def test_a_course_counts_what_was_given_and_what_is_left(case) -> None:
    """Eight doses in 96 h: four given, four to come, each worth its area to infinity."""
    found = case.metric(REGIMEN, target("cumulative_auc", 1000, over=96.0))
    per_dose = case.metric(REGIMEN, target("auc_interval", 200))
    # clearance has not changed in this patient, so given and future doses are worth the same
    assert found == pytest.approx(8 * per_dose, rel=1e-4)  # 2,000 h is not for ever in the slowest draw


def test_a_metric_over_the_mic_without_a_mic_is_an_error_by_name(case) -> None:
    with pytest.raises(ModelsError, match=r"auc24_mic.*needs a MIC"):
        replace(case, mic=None).metric(REGIMEN, target("auc24_mic", 400))


def test_bounds_that_go_together_are_kept_together_or_not_at_all() -> None:
    peak, trough = target("peak", 10.0), target("trough", high=1.0)
    shares = attainment([(np.array([12.0, 12.0, 8.0, 8.0]), peak), (np.array([0.5, 1.5, 0.5, 1.5]), trough)])
    assert (shares.inside, shares.above, shares.below) == (0.25, 0.5, 0.25)


@pytest.mark.parametrize(
    ("low", "high", "median", "expected"),
    [(400, 600, 500, 0.0), (400, 600, 600, 0.5), (10, np.inf, 30, 0.0), (10, np.inf, 5, 1.0), (0, 1.0, 0.2, 0.0)],
)
def test_a_one_sided_target_has_no_middle(low: float, high: float, median: float, expected: float) -> None:
    assert off_centre(median, target("trough", low, high)) == pytest.approx(expected)


def test_bounds_in_words() -> None:
    assert range_words(target("auc24", 400, 600)) == "400-600 mg·h/L"
    assert range_words(target("time_above", 50)) == "at least 50 %"
    assert range_words(target("peak_mic", high=10)) == "at most 10"


def test_a_dose_beyond_what_can_be_cleared_counts_as_above_and_is_never_a_number() -> None:
    """Phenytoin, 1.2 g a day by mouth: intake is above the capacity of most patients, and so is any target."""
    model = CATALOG.model("phenytoin/yukawa1990")
    record = PatientRecord(
        drug="phenytoin",
        now=0.0,
        covariates=tuple(
            Covariate(name=name, time=0.0, value=value) for name, value in {"weight": 60.0, "age": 40.0}.items()
        ),
    )
    etas = draw(prior(model), 200, seed=1)
    member = Member(model=model, record=record, posterior=prior(model), etas=etas)
    usual, large = (
        profiles(member)(Regimen(amount=mg, interval=12.0, duration=0.0, route="oral", start=0.0))
        for mg in (75.0, 600.0)
    )
    assert np.isfinite(usual.trough).all()
    assert (usual.trough > 0).all()
    beyond = np.isinf(large.trough)
    # Vmax is 325 mg/d with a spread of 19 %: 1,200 mg/d lies over six standard deviations above it
    assert beyond.all()
    assert attainment([(large.trough, target("trough", 10.0, 20.0))]).above == 1.0
