"""The marginal likelihood of a patient's levels: where it is known exactly, by quadrature, by importance sampling."""

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, multivariate_t, norm

from models.fit import FitOptions, fit_map, log_evidence, prior
from models.fit.problem import objectives_at, problem_of
from models.population import PopulationModel
from models.subject import Subject
from tests.models.small_models import dose, eta, one_compartment, patient, row
from tests.reference import ABSENT, REFERENCE, map_cases

needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason=ABSENT)
DOSES = [dose(0.0, 400.0), dose(12.0, 400.0)]
TIMES = (2.0, 11.0, 20.0)
VALUES = (7.0, 3.9, 5.2)


def linear_gaussian(omega: float = 0.09, **more: Any) -> PopulationModel:
    """Bioavailability 1 + eta: concentrations are linear in eta, their error is constant."""
    residual = 'kind = "additive", additive_sd = 0.6'
    return one_compartment(residual=residual, random=eta("F", omega, kind="additive"), **more)


def design(model: PopulationModel) -> np.ndarray:
    """Concentrations at F = 1, which are also their derivative by eta: dose / V exp(-k t), summed over the doses."""
    values = {item.name: item.value for item in model.parameters}
    k = values["CL"] / values["V"]
    return np.array([sum(400.0 / values["V"] * np.exp(-k * (t - at)) * (t > at) for at in (0.0, 12.0)) for t in TIMES])


@pytest.mark.parametrize("weight", [1.0, 0.3])
@pytest.mark.parametrize("omega", [0.01, 0.5])
def test_a_linear_gaussian_model_has_its_exact_evidence(omega: float, weight: float) -> None:
    """y ~ N(x, sigma^2 I + omega / prior_weight x x'); no approximation is left, so to rounding."""
    model = linear_gaussian(omega)
    subject, options = patient(model, DOSES, TIMES, VALUES), FitOptions(prior_weight=weight)
    posterior = fit_map(model, subject, options=options)
    x = design(model)
    exact = multivariate_normal(x, 0.36 * np.eye(3) + omega / weight * np.outer(x, x)).logpdf(VALUES)
    # the curvature is taken by differences: eight digits of it
    assert log_evidence(model, subject, posterior, options=options) == pytest.approx(exact, abs=1e-7)


def test_a_level_weighted_by_its_age_counts_as_part_of_a_level() -> None:
    """Half-life 9 h: the levels of 2, 11 and 20 h weigh 1/4, 1/2 and 1."""
    model, options = linear_gaussian(), FitOptions(level_half_life=9.0)
    subject = patient(model, DOSES, TIMES, VALUES)
    weights, x = np.array([0.25, 0.5, 1.0]), design(model)
    grid = np.linspace(-3.0, 3.0, 20_001)
    logs = (weights[:, None] * norm.logpdf(np.array(VALUES)[:, None], x[:, None] * (1 + grid), 0.6)).sum(axis=0)
    exact = logsumexp(logs + norm.logpdf(grid, 0, 0.3)) + np.log(grid[1] - grid[0])
    found = log_evidence(model, subject, fit_map(model, subject, options=options), options=options)
    assert found == pytest.approx(exact, abs=1e-7)


def test_error_on_the_log_scale_is_compared_as_a_density_of_the_level_itself() -> None:
    """Exponential eta on F, exponential error: log y is linear and Gaussian; the density of y has 1 / y more."""
    residual = 'kind = "exponential", additive_sd = 0.2'
    model = one_compartment(residual=residual, random=eta("F", 0.09))
    subject = patient(model, DOSES, TIMES, VALUES)
    covariance = 0.04 * np.eye(3) + 0.09 * np.ones((3, 3))
    exact = multivariate_normal(np.log(design(model)), covariance).logpdf(np.log(VALUES)) - np.log(VALUES).sum()
    assert log_evidence(model, subject, fit_map(model, subject)) == pytest.approx(exact, abs=1e-7)


def test_a_censored_level_counts_with_its_probability() -> None:
    """Quadrature over the one eta; Laplace's approximation is off by the skewness that censoring brings."""
    model = linear_gaussian()
    rows = [*DOSES, row(10.0, observed=5.0, below=True), row(2.0, observed=7.0)]
    subject = patient(model, rows, (), ())
    k, grid = 0.1, np.linspace(-3.0, 3.0, 20_001)
    early, late = (10.0 * np.exp(-k * t) * (1 + grid) for t in (2.0, 10.0))
    logs = norm.logpdf(7.0, early, 0.6) + norm.logcdf((5.0 - late) / 0.6) + norm.logpdf(grid, 0, 0.3)
    exact = logsumexp(logs) + np.log(grid[1] - grid[0])
    assert log_evidence(model, subject, fit_map(model, subject)) == pytest.approx(exact, abs=0.005)


def test_without_levels_nothing_was_foretold() -> None:
    model = linear_gaussian()
    assert log_evidence(model, patient(model, DOSES, (), ()), prior(model)) == 0.0


def test_a_fit_that_is_not_usable_has_no_evidence() -> None:
    model = linear_gaussian()
    subject = patient(model, [dose(5.0, 400.0)], (2.0,), (7.0,))
    assert np.isnan(log_evidence(model, subject, fit_map(model, subject)))


def test_a_population_has_no_evidence_from_levels_it_was_not_fitted_to() -> None:
    model = linear_gaussian()
    assert np.isnan(log_evidence(model, patient(model, DOSES, TIMES, VALUES), prior(model)))


# Laplace's approximation is what differs, not the sampling (0.003): measured 0.00 to 0.02 with two etas, to 0.06 with
# four or six and one to four levels. A weight moves by as many percent.
CASES = {
    "1cmt_inf__add__1": 0.03,
    "1cmt_inf__blq_comb__1": 0.03,
    "1cmt_inf__exp__1": 0.03,
    "2cmt_inf__prop__1": 0.08,
    "2cmt_inf__single_sample_prop__1": 0.08,
    "1cmt_oral_lag__comb__1": 0.03,
    "3cmt_inf__prop__1": 0.08,
}


@needs_reference
@pytest.mark.parametrize(("name", "tolerance"), CASES.items())
def test_evidence_beside_importance_sampling(name: str, tolerance: float) -> None:
    model, subject, posterior = map_cases.fitted(map_cases.load(REFERENCE / "map-cases" / f"{name}.json"))
    estimate, error = by_importance(model, subject, posterior.eta, posterior.covariance)
    assert error < 0.01
    assert log_evidence(model, subject, posterior) == pytest.approx(estimate, abs=tolerance)


def by_importance(
    model: PopulationModel, subject: Subject, mode: np.ndarray, covariance: np.ndarray
) -> tuple[float, float]:
    """log of the integral of likelihood times prior, by draws of a wide Student's t; and its standard error."""
    wide = multivariate_t(mode, 1.5 * covariance, df=4, seed=11)
    etas = wide.rvs(200_000).reshape(-1, mode.size)
    prior_density = multivariate_normal(np.zeros(mode.size), model.omega)
    square = np.einsum("ij,jk,ik->i", etas, np.linalg.inv(model.omega), etas)
    data = objectives_at(problem_of(model, subject, FitOptions()), etas) - square
    numbers, logs = levels_as_numbers(model, subject)
    ratios = -0.5 * (data + numbers * np.log(2 * np.pi)) - logs + prior_density.logpdf(etas) - wide.logpdf(etas)
    weights = np.exp(ratios - ratios.max())
    error = weights.std() / weights.mean() / np.sqrt(weights.size)
    return float(np.log(weights.mean()) + ratios.max()), float(error)


def levels_as_numbers(model: PopulationModel, subject: Subject) -> tuple[int, float]:
    """How many levels are not censored, and the sum of their logarithms where the error is on the log scale."""
    values = subject.levels[subject.levels[:, 1] == 0, 0]
    return values.size, float(np.log(values).sum()) if model.outputs[0].residual.kind == "exponential" else 0.0
