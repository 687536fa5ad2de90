"""How well a model foretold a patient's levels: the marginal likelihood, by Laplace's approximation."""

from math import log, nan, pi

import numpy as np

from models.events import L_CENSORING, L_VALUE, L_WEIGHT, NOT_CENSORED, O_OUTPUT
from models.fit.options import FitOptions
from models.fit.posterior import Posterior
from models.fit.problem import weighted_levels
from models.population.model import PopulationModel
from models.subject import Subject


def log_evidence(
    model: PopulationModel, subject: Subject, posterior: Posterior, *, options: FitOptions | None = None
) -> float:
    """log p(levels | model) at the posterior's mode; 0 without levels, NaN for a fit that is not usable or not of them.

        -objective / 2 - n/2 log(2 pi) - sum of log y + (log det C - log det(Omega / prior_weight)) / 2

    C: Laplace covariance. n: levels that are numbers; the sum runs over those whose error is on the log scale, as
    their objective is a density of log y. Censored levels enter through the objective, as probabilities. Nothing is
    left out, so that models with other etas, other omegas or another error can be compared on the same levels, in the
    same unit. With levels weighted by age it is the evidence of the weighted likelihood. Exact where the levels are
    linear in the etas with a constant error; of several modes, only the posterior's is counted.

    Tierney and Kadane, J Am Stat Assoc 81(393):82-86, 1986.
    """
    if not posterior.usable or len(posterior.levels) != subject.levels.shape[0]:
        return nan
    if subject.levels.shape[0] == 0:
        return 0.0
    options = options or FitOptions()
    count, logs = _numbers(model, subject, options)
    shrunk = _log_det(posterior.covariance) - _log_det(model.omega) + model.omega.shape[0] * log(options.prior_weight)
    return -0.5 * posterior.objective - 0.5 * count * log(2.0 * pi) - logs + 0.5 * shrunk


def _numbers(model: PopulationModel, subject: Subject, options: FitOptions) -> tuple[float, float]:
    """Weight of all levels that are not censored, and the weighted sum of log y over those with error on log y."""
    levels = weighted_levels(subject, options)
    levels, outputs = levels[_seen(levels)], subject.events.obs[_seen(levels), O_OUTPUT].astype(int)
    log_scale = np.array([output.residual.kind == "exponential" for output in model.outputs])[outputs]
    logs = np.log(levels[log_scale, L_VALUE])
    return float(levels[:, L_WEIGHT].sum()), float(levels[log_scale, L_WEIGHT] @ logs)


def _seen(levels: np.ndarray) -> np.ndarray:
    return np.asarray(levels[:, L_CENSORING] == NOT_CENSORED)


def _log_det(matrix: np.ndarray) -> float:
    """NaN where the matrix is not positive definite."""
    sign, value = np.linalg.slogdet(matrix)
    return float(value) if sign > 0 or matrix.size == 0 else nan
