"""From levels to mode, covariance and predictions in one compiled call."""

from typing import NamedTuple

import numpy as np

from models.fit.kernels.linear import cholesky, inverse
from models.fit.kernels.map import CONVERGED, SINGULAR, Mode, find_mode, near
from models.fit.kernels.objective import Problem
from models.kernel import Array, entry, kernel
from models.pk.kernels.run import predict


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
    n = starts.shape[1]
    none = np.full(n, np.nan)
    best = find_mode(problem, starts[0], none)
    steps, other, other_objective = best.steps, none, np.inf
    for s in range(1, starts.shape[0]):
        settled = best.status == CONVERGED
        mode = find_mode(problem, starts[s], best.eta if settled else none)
        steps += mode.steps
        if mode.status != CONVERGED or (settled and near(problem, mode.eta, best.eta)):
            continue
        higher = best
        if not settled or mode.objective < best.objective:
            best = mode
        else:
            higher = mode
        if settled and higher.objective < other_objective:
            other, other_objective = higher.eta, higher.objective
    covariance, status = _laplace(best)
    fits = _predictions(problem, best.eta)
    return Found(status, best.eta, best.objective, best.gradient, covariance, steps, other, other_objective, fits)


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
def _predictions(problem: Problem, eta: Array) -> Array:
    """(o, 2) predictions for eta, and for the population; NaN where there is none."""
    both = np.zeros((2, eta.size))
    both[0] = eta
    F = np.empty((2, problem.levels.shape[0], 1))
    predict(problem.plan.run, (problem.plan, problem.events, both, False, F))
    fits = np.empty((F.shape[1], 2))
    for o in range(F.shape[1]):
        fits[o, 0], fits[o, 1] = F[0, o, 0], F[1, o, 0]
    return fits
