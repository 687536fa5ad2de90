"""From levels to mode, covariance and predictions in one compiled call."""

from math import log, sqrt
from typing import NamedTuple

import numpy as np

from models.events import L_VALUE, O_OUTPUT
from models.fit.kernels.linear import cholesky, inverse
from models.fit.kernels.map import CONVERGED, SINGULAR, Mode, find_mode
from models.fit.kernels.objective import Problem, variance
from models.kernel import Array, kernel
from models.pk.kernels.run import run
from models.population.plan import LOG_SCALE, OUT_KIND

DISTINCT = 0.1  # prior standard deviations: modes nearer than that are the same


class Found(NamedTuple):
    """mode: the lowest; covariance (e, e) by Laplace. other, other_objective: the next mode (NaN where none was met).

    fits (o, 3): individual prediction, population prediction, (observed - individual) / residual SD.
    """

    status: int
    eta: Array
    objective: float
    gradient: Array
    covariance: Array
    steps: int
    other: Array
    other_objective: float
    fits: Array


@kernel
def search(problem: Problem, starts: Array) -> Found:
    """The lowest mode that any of starts (s, e) leads to; Laplace covariance = inverse of half its Hessian."""
    best = find_mode(problem, starts[0])
    steps, n = best.steps, best.eta.size
    other, other_objective = np.full(n, np.nan), np.inf
    for s in range(1, starts.shape[0]):
        mode = find_mode(problem, starts[s])
        steps += mode.steps
        if mode.status != CONVERGED or (best.status == CONVERGED and _same(problem, mode.eta, best.eta)):
            continue
        lower, higher = mode, best
        if best.status == CONVERGED and best.objective <= mode.objective:
            lower, higher = best, mode
        if higher.status == CONVERGED and higher.objective < other_objective:
            other, other_objective = higher.eta, higher.objective
        best = lower
    covariance, status = _laplace(best)
    fits = _fits(problem, best.eta)
    return Found(status, best.eta, best.objective, best.gradient, covariance, steps, other, other_objective, fits)


@kernel
def _same(problem: Problem, a: Array, b: Array) -> bool:
    for i in range(a.size):
        if abs(a[i] - b[i]) * sqrt(problem.plan.omega_inverse[i, i]) > DISTINCT:
            return False
    return True


@kernel
def _laplace(mode: Mode) -> tuple[Array, int]:
    n = mode.eta.size
    L = np.zeros((n, n))
    if mode.status != CONVERGED:
        return np.full((n, n), np.nan), mode.status
    if not cholesky(mode.curvature, L):
        return np.full((n, n), np.nan), SINGULAR
    return 2.0 * inverse(L), CONVERGED


@kernel
def _fits(problem: Problem, eta: Array) -> Array:
    plan, n_obs = problem.plan, problem.levels.shape[0]
    fits, F = np.full((n_obs, 3), np.nan), np.zeros((n_obs, 1))
    if run(plan, problem.events, np.zeros(eta.size), False, F):
        fits[:, 1] = F[:, 0]
    if run(plan, problem.events, eta, False, F):
        fits[:, 0] = F[:, 0]
        for o in range(n_obs):
            out = plan.out[int(problem.events.obs[o, O_OUTPUT])]
            f, y = F[o, 0], problem.levels[o, L_VALUE]
            v, _ = variance(out, f)
            r = y - f
            if out[OUT_KIND] == LOG_SCALE:
                r = log(y) - log(f) if y > 0.0 and f > 0.0 else np.nan
            fits[o, 2] = r / sqrt(v) if v > 0.0 else np.nan
    return fits
