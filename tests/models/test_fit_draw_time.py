"""Doubts about a level's draw time: found where it was wrong, silent where it was right."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from models.fit import FitOptions, Posterior, draw_time_doubts, draw_time_profile, fit_map
from models.fit.draw_time import DOUBT, best_possible_drop
from models.fit.problem import problem_of
from models.nmtran import Row, subject_from_rows
from models.population import PopulationModel, load_model
from models.subject import Subject
from tests.models.small_models import dose, eta, one_compartment, patient, row, simulated
from tests.reference import MODELS

EXACT = one_compartment(residual='kind = "additive", additive_sd = 0.2', random=eta("CL", 0.04) + eta("V", 0.04))
BOLUSES = [dose(12.0 * k, 400.0) for k in range(4)]
TWO = load_model(MODELS / "2cmt_inf.toml")
INFUSIONS = [dose(12.0 * k, 1000.0, rate=1000.0) for k in range(5)]
CHARTED = [2.0, 11.5, 26.0, 35.5, 47.5]


def typical(time: float) -> float:
    """400 mg every 12 h into 40 L, cleared at 0.1 / h."""
    return float(sum(10.0 * np.exp(-0.1 * (time - 12.0 * k)) for k in range(4) if time > 12.0 * k))


def fitted(
    model: PopulationModel, *levels: tuple[float, float], doses: Sequence[Row] = BOLUSES
) -> tuple[Subject, Posterior]:
    subject = patient(model, doses, [at for at, _ in levels], [value for _, value in levels])
    return subject, fit_map(model, subject)


def test_the_threshold_is_the_quantile_that_it_says() -> None:
    assert chi2(1).ppf(0.999) == pytest.approx(DOUBT, abs=0.005)


def test_a_trough_that_was_drawn_after_the_dose_is_dated_rightly() -> None:
    """All levels are the typical patient's; the one charted at 23.5 h was drawn at 25 h, an hour into the next dose."""
    right = [(at, typical(at)) for at in (2.0, 11.5, 14.0, 34.0)]
    subject, posterior = fitted(EXACT, *right, (23.5, typical(25.0)))
    doubt = draw_time_doubts(EXACT, subject, posterior)[0]  # the worst; a wrong level casts doubt on its neighbours
    assert doubt.best == pytest.approx(25.0, abs=0.13)  # the finest step is 0.125 h
    assert (doubt.recorded, doubt.observed, doubt.over_a_dose) == (23.5, typical(25.0), True)
    assert posterior.levels[doubt.level].time == 23.5
    # with the right time every level is met: only the constants of five levels are left
    assert posterior.objective - doubt.drop == pytest.approx(5 * np.log(0.04), abs=0.1)
    assert doubt.predicted_best == pytest.approx(typical(25.0), abs=0.2)
    assert doubt.predicted < 0.7 * doubt.observed


def test_levels_that_fit_raise_no_doubt() -> None:
    subject, posterior = fitted(EXACT, *[(at, typical(at)) for at in (2.0, 11.5, 14.0, 23.5)])
    assert draw_time_doubts(EXACT, subject, posterior) == ()


def test_no_draw_is_placed_after_now_nor_outside_the_window() -> None:
    levels = [*[(at, typical(at)) for at in (2.0, 11.5, 14.0)], (23.5, typical(25.0))]
    subject, posterior = fitted(EXACT, *levels)
    assert draw_time_doubts(EXACT, subject, posterior)
    early = draw_time_doubts(EXACT, subject, posterior, latest=23.75)
    assert all(doubt.best <= 23.75 for doubt in early)
    near = draw_time_doubts(EXACT, subject, posterior, window=0.25, threshold=0.01)
    assert near
    assert all(abs(doubt.best - doubt.recorded) <= 0.25 for doubt in near)


def test_a_level_censored_at_a_peak_is_doubted_too() -> None:
    """Below 4 mg/L at 25 h, where 12 were expected: that was the trough before the dose."""
    rows = [*BOLUSES, row(25.0, observed=4.0, below=True)]
    subject, posterior = fitted(EXACT, *[(at, typical(at)) for at in (2.0, 11.5, 35.5)], doses=rows)
    doubt = draw_time_doubts(EXACT, subject, posterior)[0]
    assert (doubt.recorded, doubt.over_a_dose) == (25.0, True)
    assert 22.0 <= doubt.best <= 24.0


def test_without_levels_or_without_a_fit_there_is_nothing_to_doubt() -> None:
    empty = patient(EXACT, BOLUSES, (), ())
    assert draw_time_doubts(EXACT, empty, fit_map(EXACT, empty)) == ()
    subject, posterior = fitted(EXACT, (2.0, typical(2.0)))
    assert draw_time_doubts(EXACT, subject, replace(posterior, status="singular")) == ()


TIMES = [9.6, 10.3, 11.9, 12.4, 13.0, 14.4]


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_a_profile_is_what_fits_to_the_moved_level_say(weight: float) -> None:
    """Each time fitted afresh, from the population on, with the level's row at its new place."""
    options = FitOptions(prior_weight=weight)
    others, value = [(2.0, 14.0), (26.0, 21.0), (35.5, 9.0)], 19.0
    subject = patient(
        TWO, INFUSIONS, [at for at, _ in [*others, (11.5, value)]], [v for _, v in [*others, (11.5, value)]]
    )
    posterior = fit_map(TWO, subject, options=options)
    level = [fit.time for fit in posterior.levels].index(11.5)
    drops = draw_time_profile(TWO, subject, posterior, level, TIMES, options=options)
    for time, drop in zip(TIMES, drops, strict=True):
        moved = [*others, (time, value)]
        afresh = fit_map(TWO, patient(TWO, INFUSIONS, [at for at, _ in moved], [v for _, v in moved]), options=options)
        # both objectives are at a mode to 1e-10
        assert drop == pytest.approx(posterior.objective - afresh.objective, abs=1e-7)


def test_covariates_follow_the_draw() -> None:
    """Weight, and so the volume that a level is read in, changes at 24 h: a level moved over it is read in the new."""
    given = [weighing(70.0 if item.time < 24.0 else 90.0, item) for item in INFUSIONS]
    levels = [weighing(70.0, row(11.5, observed=9.0)), weighing(90.0, row(35.5, observed=9.0))]

    def drawn_at(time: float) -> Subject:
        level = weighing(70.0 if time <= 24.0 else 90.0, row(time, observed=16.0))
        rows = sorted([*given, *levels, level], key=lambda item: item.time)
        return subject_from_rows(TWO, rows, covariates="last-value-forward")

    posterior = fit_map(TWO, drawn_at(23.5))
    (drop,) = draw_time_profile(TWO, drawn_at(23.5), posterior, 1, [25.5])
    assert drop == pytest.approx(posterior.objective - fit_map(TWO, drawn_at(25.5)).objective, abs=1e-7)


def weighing(kg: float, item: Row) -> Row:
    return item._replace(values={"WT": kg})


@settings(max_examples=25, deadline=None)
@given(value=st.floats(1.0, 40.0), move=st.floats(-3.0, 3.0), which=st.integers(0, 3))
def test_no_time_does_better_than_leaving_the_level_out_and_meeting_it(value: float, move: float, which: int) -> None:
    """The bound by which most levels are spared the search."""
    levels = [(2.0, 14.0), (11.5, value), (26.0, 21.0), (35.5, 9.0)]
    subject, posterior = fitted(TWO, *levels, doses=INFUSIONS)
    bound = best_possible_drop(subject, problem_of(TWO, subject, FitOptions()), posterior, which)
    (drop,) = draw_time_profile(TWO, subject, posterior, which, [levels[which][0] + move])
    assert drop <= bound + 1e-3  # the best prediction for a level is looked up on a grid


def found_and_false(charted: list[float], drawn: list[float], patients: int, seed: int) -> tuple[float, int]:
    """Share of simulated patients where a wrong time was found, and the doubts about right ones in all."""
    random, found, false = np.random.default_rng(seed), 0, 0
    order = np.argsort(drawn)
    for _ in range(patients):
        values = np.empty(len(drawn))
        values[order] = simulated(TWO, INFUSIONS, [drawn[i] for i in order], random)
        subject = patient(TWO, INFUSIONS, charted, values)
        doubted = {doubt.recorded for doubt in draw_time_doubts(TWO, subject, fit_map(TWO, subject))}
        wrong = {at for at, really in zip(charted, drawn, strict=True) if at != really}
        found, false = found + bool(doubted & wrong), false + len(doubted - wrong)
    return found / patients, false


def test_right_times_are_hardly_ever_doubted() -> None:
    """Of 2,000 rightly charted levels of 400 patients. Of 10,000 levels of others, 4 were doubted; at that rate more
    than 4 here has a probability of 0.1 %."""
    _, false = found_and_false(CHARTED, CHARTED, 400, seed=5)
    assert false <= 4


@pytest.mark.parametrize(
    ("charted", "drawn", "sensitivity"),
    [
        (CHARTED, [2.0, 11.5, 26.0, 35.5, 49.2], 0.74),  # the last trough, after the next infusion had ended
        (CHARTED, [2.0, 11.5, 26.0, 37.2, 47.5], 0.84),  # a trough with levels on both sides of it
        (CHARTED, [2.0, 11.5, 35.5, 26.0, 47.5], 0.85),  # the labels of two tubes swapped, on two days
        ([2.0, 11.5, 13.5, 35.5, 47.5], [2.0, 13.5, 11.5, 35.5, 47.5], 0.99),  # swapped around one dose
        ([11.5, 35.5, 47.5], [11.5, 37.2, 47.5], 0.82),  # one of three troughs
    ],
)
def test_wrong_times_are_found(charted: list[float], drawn: list[float], sensitivity: float) -> None:
    """Model error of 15 % and 1 mg/L. The shares are those of 400 other patients, less three standard errors."""
    found, _ = found_and_false(charted, drawn, 120, seed=8)
    assert found > sensitivity - 3 * np.sqrt(sensitivity * (1 - sensitivity) / 120)


def test_a_single_level_is_seldom_doubted() -> None:
    """The test's limit: with nothing but the population to judge by, a wrong time was found in one patient of nine."""
    found, _ = found_and_false([23.5], [25.2], 120, seed=8)
    assert found < 0.11 + 3 * np.sqrt(0.11 * 0.89 / 120)
