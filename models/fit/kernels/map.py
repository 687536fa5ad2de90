"""The most probable random effects (MAP) from one start: damped Gauss-Newton, then Newton on the exact curvature."""

from typing import NamedTuple

import numpy as np

from models.fit.kernels.linear import cholesky, dot, solve
from models.fit.kernels.objective import Problem, objective
from models.kernel import Array, kernel
from models.population.plan import ODE

CONVERGED, NOT_CONVERGED, SINGULAR, INVALID = range(4)
MAX_STEPS, MAX_GAUSS_NEWTON, MAX_DAMPING = 60, 12, 40
# Newton's decrement (an estimate is within its root of the mode, in standard errors). NEAR: a curvature taken there
# serves at the mode too, to three digits. FINE: done, far below the 1e-4 that programs agree to. ROUNDING: where a
# solver's own error may stop the descent. SLOW: Gauss-Newton steps that shrink it less than that hand over to Newton.
NEAR, FINE, ROUNDING, SLOW = 1e-6, 1e-10, 1e-6, 0.2
# Step of the central differences of the exact gradient, in prior standard deviations: error ~ step^2. Wider for ODE
# models, whose gradient carries the solver's 1e-7.
STEP, STEP_ODE = 1e-4, 2e-3


class Mode(NamedTuple):
    """Where a search ended. curvature: (e, e) Hessian of the objective there."""

    status: int
    eta: Array
    objective: float
    gradient: Array
    curvature: Array
    steps: int


@kernel
def find_mode(problem: Problem, start: Array) -> Mode:
    """Descends from start (e,); every accepted step lowers the objective. Never a stand-in value for a failure."""
    n = start.size
    eta, F = start.copy(), np.zeros((problem.levels.shape[0], 1 + n))
    g, H, L = np.empty(n), np.empty((n, n)), np.zeros((n, n))
    trial_g, trial_H = np.empty(n), np.empty((n, n))
    ok, value = objective(problem, eta, F, g, H)
    if not ok:
        return Mode(INVALID, eta, value, g, H, 0)
    damping, exact, left, last = 0.0, False, np.inf, np.inf
    for step in range(MAX_STEPS):
        last, left = left, _decrement(H, g, L)
        if exact and last < NEAR and left < FINE:
            return Mode(CONVERGED, eta, value, g, H, step)
        if exact or step >= MAX_GAUSS_NEWTON or left < NEAR or left > SLOW * last:
            exact = True
            if not curvature(problem, eta, F, H):
                return Mode(INVALID, eta, value, g, H, step)
            left = _decrement(H, g, L)
            if left < FINE:
                return Mode(CONVERGED, eta, value, g, H, step)
        moved = False
        for _ in range(MAX_DAMPING):
            if _damped(problem, H, damping, L):
                trial = eta - solve(L, g)
                ok, new = objective(problem, trial, F, trial_g, trial_H)
                if ok and new <= value:
                    moved = True
                    break
            damping = max(4.0 * damping, 0.1)
        if not moved:
            return Mode(_stuck(left, H, L), eta, value, g, H, step)
        eta[:], g[:], value = trial, trial_g, new
        if not exact:
            H[:, :] = trial_H
        damping = 0.0 if damping < 0.05 else 0.2 * damping
    return Mode(NOT_CONVERGED, eta, value, g, H, MAX_STEPS)


@kernel
def _decrement(H: Array, g: Array, L: Array) -> float:
    """Newton's decrement g' inv(H) g, twice the decrease still to be had; inf where H is not positive definite."""
    return dot(g, solve(L, g)) if cholesky(H, L) else np.inf


@kernel
def _stuck(left: float, H: Array, L: Array) -> int:
    """No step lowers the objective: at the limit of its digits that is the minimum, else it has to be said."""
    if left < ROUNDING:
        return CONVERGED
    return NOT_CONVERGED if cholesky(H, L) else SINGULAR


@kernel
def _damped(problem: Problem, H: Array, damping: float, L: Array) -> bool:
    """Factors of H + damping * diag(inv(Omega)): shorter steps, in units of the prior."""
    A = H.copy()
    for i in range(H.shape[0]):
        A[i, i] += damping * problem.plan.omega_inverse[i, i]
    return cholesky(A, L)


@kernel
def curvature(problem: Problem, eta: Array, F: Array, H: Array) -> bool:
    """Fills H (e, e) with the Hessian of the objective, by central differences of its exact gradient."""
    n = eta.size
    width = STEP_ODE if problem.events.method == ODE else STEP
    near, g, unused = eta.copy(), np.empty((2, n)), np.empty((n, n))
    for i in range(n):
        h = width / np.sqrt(problem.plan.omega_inverse[i, i])
        for side in range(2):
            near[i] = eta[i] + (h if side == 0 else -h)
            ok, _ = objective(problem, near, F, g[side], unused)
            if not ok:
                return False
        near[i] = eta[i]
        for j in range(n):
            H[i, j] = (g[0, j] - g[1, j]) / (2.0 * h)
    for i in range(n):
        for j in range(i):
            H[i, j] = H[j, i] = 0.5 * (H[i, j] + H[j, i])
    return True
