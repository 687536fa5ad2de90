"""The most probable random effects (MAP) from one start: damped Gauss-Newton, then Newton on the exact curvature."""

from typing import NamedTuple

import numpy as np

from models.fit.kernels.linear import cholesky, dot, solve
from models.fit.kernels.objective import Problem, objective, terms
from models.kernel import Array, kernel, lean
from models.pk.kernels.run import predict
from models.population.plan import ODE

CONVERGED, NOT_CONVERGED, SINGULAR, INVALID, KNOWN = range(5)
MAX_STEPS, MAX_GAUSS_NEWTON, MAX_DAMPING = 60, 12, 40
DISTINCT = 0.1
# Newton's decrement (an estimate is within its root of the mode, in standard errors). NEAR: a curvature taken there
# serves at the mode too, to three digits. FINE: done, far below the 1e-4 that programs agree to. ROUNDING: where a
# solver's own error may stop the descent. SLOW: Gauss-Newton steps that shrink it less than that hand over to Newton.
# FAR: beyond it the curvature is taken anew, within it the steps' own gradients keep it up to date (BFGS).
NEAR, FINE, ROUNDING, SLOW, FAR = 1e-6, 1e-10, 1e-6, 0.2, 0.1
# Step of the differences of the gradient, in prior standard deviations. One-sided: error ~ step, rounding ~ 1e-14 /
# step. Central and wider for ODE models (error ~ step^2), whose gradient carries the solver's 1e-7.
STEP, STEP_ODE = 1e-6, 2e-3


class Mode(NamedTuple):
    """Where a search ended. curvature: (e, e) Hessian of the objective there."""

    status: int
    eta: Array
    objective: float
    gradient: Array
    curvature: Array
    steps: int


@kernel
def find_mode(problem: Problem, start: Array, known: Array) -> Mode:
    """Descends from start (e,); every accepted step lowers the objective. Never a stand-in value for a failure.

    Gives up as KNOWN where it comes near the mode `known` (e,), NaN where there is none yet.
    """
    n = start.size
    eta, F = start.copy(), np.zeros((1, problem.levels.shape[0], 1 + n))
    g, H, L = np.empty(n), np.empty((n, n)), np.zeros((n, n))
    trial_g, trial_H = np.empty(n), np.empty((n, n))
    ok, value = objective(problem, eta, F, g, H)
    if not ok:
        return Mode(INVALID, eta, value, g, H, 0)
    damping, exact, left, last, taken = 0.0, False, np.inf, np.inf, np.inf
    for step in range(MAX_STEPS):
        last, left = left, _decrement(H, g, L)
        exact = exact or step >= MAX_GAUSS_NEWTON or left < NEAR or left > SLOW * last
        if exact and (left < FINE or last > FAR or left == np.inf):
            if taken > NEAR or left >= FINE:
                if not curvature(problem, eta, g, H):
                    return Mode(INVALID, eta, value, g, H, step)
                left = _decrement(H, g, L)
                taken = left
            if left < FINE:
                return Mode(CONVERGED, eta, value, g, H, step)
        if near(problem, eta, known):
            return Mode(KNOWN, eta, value, g, H, step)
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
        if exact:
            _update(H, trial - eta, trial_g - g)
        else:
            H[:, :] = trial_H
        eta[:], g[:], value = trial, trial_g, new
        damping = 0.0 if damping < 0.05 else 0.2 * damping
    return Mode(NOT_CONVERGED, eta, value, g, H, MAX_STEPS)


@lean
def near(problem: Problem, a: Array, b: Array) -> bool:
    """Whether two points (e,) are the same mode: within DISTINCT prior standard deviations in every eta."""
    far = 0.0
    for i in range(a.size):
        distance = abs(a[i] - b[i]) * np.sqrt(problem.plan.omega_inverse[i, i])
        far = max(far, distance) if distance == distance else np.inf
    return far <= DISTINCT


@lean
def _decrement(H: Array, g: Array, L: Array) -> float:
    """Newton's decrement g' inv(H) g, twice the decrease still to be had; inf where H is not positive definite."""
    return dot(g, solve(L, g)) if cholesky(H, L) else np.inf


@kernel
def _update(H: Array, move: Array, change: Array) -> None:
    """BFGS: the curvature that the gradient's change over a move has shown, where it was positive."""
    n, seen = move.size, dot(move, change)
    if seen <= 0.0:
        return
    Hs = np.empty(n)
    for i in range(n):
        Hs[i] = dot(H[i], move)
    expected = dot(move, Hs)
    for i in range(n):
        for j in range(n):
            H[i, j] += change[i] * change[j] / seen - Hs[i] * Hs[j] / expected


@lean
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
def curvature(problem: Problem, eta: Array, g: Array, H: Array) -> bool:
    """Fills H (e, e) with the Hessian of the objective, by differences of its exact gradient, which is g at eta.

    One-sided where the gradient is exact to rounding, central where it carries a solver's error.
    """
    n, ode = eta.size, problem.plan.method == ODE
    sides = 2 if ode else 1
    etas, h = np.empty((sides * n, n)), np.empty(n)
    for i in range(n):
        h[i] = (STEP_ODE if ode else STEP) / np.sqrt(problem.plan.omega_inverse[i, i])
        for side in range(sides):
            etas[sides * i + side] = eta
            etas[sides * i + side, i] += h[i] if side == 0 else -h[i]
    gradients, plan = np.empty((sides * n, n)), problem.plan
    F, unused = np.empty((sides * n, problem.levels.shape[0], 1 + n)), np.empty((n, n))
    if not predict(plan.run, (plan, problem.events, etas, False, F)):
        return False
    for k in range(sides * n):
        ok, _ = terms(problem, etas[k], F, k, gradients[k], unused)
        if not ok:
            return False
    for i in range(n):
        for j in range(n):
            below = gradients[2 * i + 1, j] if ode else g[j]
            H[i, j] = (gradients[sides * i, j] - below) / (sides * h[i])
    for i in range(n):
        for j in range(i):
            H[i, j] = H[j, i] = 0.5 * (H[i, j] + H[j, i])
    return True
