"""The most probable random effects (MAP): damped Gauss-Newton steps, then Newton steps on the exact curvature."""

import numpy as np
from numba import njit

from models.fit.kernels.linear import cholesky, solve
from models.fit.kernels.objective import objective

CONVERGED, NOT_CONVERGED, SINGULAR, INVALID = range(4)
MAX_STEPS = 60
# Expected further decrease of the objective. 1e-3 is where Gauss-Newton hands over to Newton; at 1e-11 the
# estimate is within 1e-5 of its standard error, far below the 1e-4 that programs agree to.
ROUGH, FINE = 1e-3, 1e-11
STEP = 1e-4  # of central differences of the exact gradient; error ~ STEP^2


@njit(cache=True, nogil=True)
def find_mode(plan, ev, y, censoring, weight, prior_weight, start):
    """(status, eta (e,), objective, gradient (e,), Hessian (e, e), steps) from one start."""
    n, o = start.size, y.size
    eta, f, J = start.copy(), np.empty(o), np.zeros((o, n))
    g, H, L = np.empty(n), np.empty((n, n)), np.zeros((n, n))
    ok, value = objective(plan, ev, y, censoring, weight, prior_weight, eta, n, f, J, g, H)
    if not ok:
        return INVALID, eta, value, g, H, 0
    damping, exact = 0.0, False
    trial_g, trial_H = np.empty(n), np.empty((n, n))
    for step in range(MAX_STEPS):
        if not exact and (step >= 12 or _decrease(H, g, L) < ROUGH):
            exact = True
        if exact:
            if not curvature(plan, ev, y, censoring, weight, prior_weight, eta, H):
                return INVALID, eta, value, g, H, step
            definite = cholesky(H, L)
            if definite and np.dot(g, solve(L, g)) < FINE:
                return CONVERGED, eta, value, g, H, step
        moved = False
        for _ in range(40):
            A = H.copy()
            for i in range(n):
                A[i, i] += damping * plan.omega_inverse[i, i]
            if cholesky(A, L):
                move = solve(L, g)
                trial = eta - move
                ok, new = objective(plan, ev, y, censoring, weight, prior_weight, trial, n, f, J, trial_g, trial_H)
                if ok and new <= value:
                    moved = True
                    break
            damping = max(4.0 * damping, 0.1)
        if not moved:
            return (NOT_CONVERGED if cholesky(H, L) else SINGULAR), eta, value, g, H, step
        eta[:], g[:], value = trial, trial_g, new
        if not exact:
            H[:, :] = trial_H
        damping = 0.0 if damping < 0.05 else 0.2 * damping
    return NOT_CONVERGED, eta, value, g, H, MAX_STEPS


@njit(cache=True)
def _decrease(H, g, L):
    if not cholesky(H, L):
        return np.inf
    return np.dot(g, solve(L, g))


@njit(cache=True, nogil=True)
def curvature(plan, ev, y, censoring, weight, prior_weight, eta, H):
    """Fills H (e, e) with the Hessian of the objective, by central differences of its exact gradient."""
    n, o = eta.size, y.size
    f, J, up, down = np.empty(o), np.zeros((o, n)), np.empty(n), np.empty(n)
    near, unused = eta.copy(), np.empty((n, n))
    for i in range(n):
        h = STEP / np.sqrt(plan.omega_inverse[i, i])
        near[i] = eta[i] + h
        ok, _ = objective(plan, ev, y, censoring, weight, prior_weight, near, n, f, J, up, unused)
        near[i] = eta[i] - h
        also, _ = objective(plan, ev, y, censoring, weight, prior_weight, near, n, f, J, down, unused)
        near[i] = eta[i]
        if not (ok and also):
            return False
        for j in range(n):
            H[i, j] = (up[j] - down[j]) / (2.0 * h)
    for i in range(n):
        for j in range(i):
            H[i, j] = H[j, i] = 0.5 * (H[i, j] + H[j, i])
    return True
