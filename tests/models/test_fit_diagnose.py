"""What diagnostics say of an estimate: gradient, condition, which level pulls most, how far each one is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.fit import FitOptions, diagnose, fit_map
from models.nmtran import subject_from_rows
from tests.models.small_models import dose, eta, one_compartment, patient, row
from tests.reference import ABSENT, map_cases

DOSES = [dose(0.0, 400.0), dose(12.0, 400.0)]
TIMES, VALUES = (2.0, 11.0, 20.0), (7.0, 3.9, 5.2)
LINEAR = one_compartment(residual='kind = "additive", additive_sd = 0.6', random=eta("F", 0.09, kind="additive"))
TWO_ETAS = one_compartment(random=eta("CL", 0.09) + eta("V", 0.04))
X = np.array([sum(10.0 * np.exp(-0.1 * (t - at)) * (t > at) for at in (0.0, 12.0)) for t in TIMES])


def mean_and_variance(kept: list[int]) -> tuple[float, float]:
    """Posterior of the linear model's eta from some of the levels."""
    precision = 1 / 0.09 + (X[kept] ** 2).sum() / 0.36
    return float((X[kept] * (np.array(VALUES)[kept] - X[kept])).sum() / 0.36 / precision), 1 / precision


def test_influence_in_a_linear_model() -> None:
    subject = patient(LINEAR, DOSES, TIMES, VALUES)
    found = diagnose(LINEAR, subject, fit_map(LINEAR, subject))
    mean, variance = mean_and_variance([0, 1, 2])
    moves = [(mean_and_variance([i for i in range(3) if i != out])[0] - mean) / np.sqrt(variance) for out in range(3)]
    assert [level.shift[0] for level in found.levels] == pytest.approx(moves, abs=1e-5)
    assert found.most_influential is not None
    assert found.most_influential.time == TIMES[int(np.argmax(np.abs(moves)))]
    assert [level.distance for level in found.levels] == pytest.approx((VALUES - X * (1 + mean)) / 0.6, abs=1e-5)
    assert found.condition == pytest.approx(1.0)


def test_the_gradient_off_the_mode_is_the_curvature_times_the_way() -> None:
    subject = patient(LINEAR, DOSES, TIMES, VALUES)
    posterior = fit_map(LINEAR, subject)
    _, variance = mean_and_variance([0, 1, 2])
    away = replace(posterior, eta=posterior.eta + 0.01)
    assert diagnose(LINEAR, subject, posterior).gradient < 1e-5
    # d/d(eta / 0.3) of (eta - mode)^2 / variance
    assert diagnose(LINEAR, subject, away).gradient == pytest.approx(0.3 * 2 * 0.01 / variance, rel=1e-4)


def test_the_condition_is_that_of_the_hessian_in_prior_deviations() -> None:
    """One level early on tells the volume and not the clearance."""
    subject = patient(TWO_ETAS, DOSES, (0.5,), (9.0,))
    posterior = fit_map(TWO_ETAS, subject)
    sd = np.sqrt(np.diag(TWO_ETAS.omega))
    values = np.linalg.eigvalsh(np.linalg.inv(posterior.covariance) * np.outer(sd, sd))
    found = diagnose(TWO_ETAS, subject, posterior)
    assert found.condition == pytest.approx(values[-1] / values[0], rel=1e-9)
    assert found.condition > 3


def test_the_distance_of_a_censored_level() -> None:
    """0 where the prediction is beyond the limit, else counted from it."""
    rows = [*DOSES, row(11.0, observed=6.0, below=True), row(13.0, observed=6.0, below=True)]
    subject = patient(TWO_ETAS, rows, (2.0,), (8.2,))
    posterior = fit_map(TWO_ETAS, subject)
    first, under, over = diagnose(TWO_ETAS, subject, posterior).levels
    assert posterior.levels[1].individual < 6.0 < posterior.levels[2].individual
    assert (first.distance, under.distance) == (posterior.levels[0].wres, 0.0)
    assert over.distance == pytest.approx(
        (6.0 - posterior.levels[2].individual) / np.hypot(0.5, 0.1 * posterior.levels[2].individual)
    )


def test_without_levels_or_without_a_fit() -> None:
    empty = patient(TWO_ETAS, DOSES, (), ())
    found = diagnose(TWO_ETAS, empty, fit_map(TWO_ETAS, empty))
    assert (found.gradient, found.levels, found.most_influential) == (0.0, (), None)
    failed = replace(fit_map(TWO_ETAS, empty), status="not-converged")
    assert np.isnan(diagnose(TWO_ETAS, empty, failed).gradient)


@settings(max_examples=25, deadline=None)
@given(value=st.floats(1.0, 15.0), half_life=st.floats(2.0, 50.0))
def test_the_older_a_level_counts_the_less_it_pulls(value: float, half_life: float) -> None:
    subject = patient(TWO_ETAS, DOSES, TIMES, (value, 3.9, 5.2))
    pulls = []
    for options in (FitOptions(), FitOptions(level_half_life=half_life), FitOptions(level_half_life=half_life / 20)):
        found = diagnose(TWO_ETAS, subject, fit_map(TWO_ETAS, subject, options=options), options=options)
        assert found.gradient < 1e-3
        pulls.append(found.levels[0].influence)
    assert pulls[2] < 0.05 + pulls[0]  # after twenty half-lives at least, next to nothing


CASES = map_cases.paths()


@pytest.mark.skipif(not CASES, reason=ABSENT)
@pytest.mark.parametrize("path", CASES[::3], ids=lambda path: path.stem)
def test_influence_is_what_a_fit_without_the_level_says(path: Path) -> None:
    """The row left out of the data, the rest fitted from the population on; and NONMEM-like smallness of gradients."""
    case = map_cases.load(path)
    model, subject, posterior = map_cases.fitted(case)
    options = FitOptions(prior_weight=case["lam"])
    found = diagnose(model, subject, posterior, options=options)
    # decrement below 1e-10, in the worst of some directions a hundred times stiffer than the prior; ODE: its own error
    assert found.gradient < (1e-3 if case["model"]["linear"] else 1e-2)
    rows = map_cases.rows_of(case)
    observed = [i for i, item in enumerate(rows) if item.observed is not None]
    sd = np.sqrt(np.diag(posterior.covariance))
    for level, out in zip(found.levels, observed, strict=True):
        kept = [item._replace(observed=None, evid=2) if i == out else item for i, item in enumerate(rows)]
        rest = fit_map(model, subject_from_rows(model, kept), options=options)
        # two searches of one mode; where they found two, the objectives differ and the lower one is from afresh
        assert level.shift == pytest.approx((rest.eta - posterior.eta) / sd, abs=2e-3)
