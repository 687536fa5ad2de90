"""From levels to mode, covariance and predictions in one compiled call."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from models.fit.kernels.linear import cholesky, inverse
from models.fit.kernels.map import CONVERGED, SINGULAR, Mode, find_mode
from models.fit.kernels.objective import Problem
from models.kernel import Array, entry, kernel
from models.pk.kernels.run import predict

DISTINCT = 0.1  # prior standard deviations: modes nearer than that are the same


class Found(NamedTuple):
    """mode: the lowest; covariance (e, e) by Laplace. other, other_objective: the next mode (NaN where none was met).

    fits (o, 2): individual and population predictions.
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


@entry
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
    fits = np.full((problem.levels.shape[0], 2), np.nan)
    _predict(problem, best.eta, fits[:, 0])
    _predict(problem, np.zeros(n), fits[:, 1])
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
def _predict(problem: Problem, eta: Array, out: Array) -> None:
    F = np.zeros((out.size, 1))
    if predict(problem.plan.run, (problem.plan, problem.events, eta, False, F)):
        out[:] = F[:, 0]
