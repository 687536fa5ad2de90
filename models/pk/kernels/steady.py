"""Steady state: the state that one dosing interval maps onto itself, by Newton's method on that map.

Linear models take one step and are exact. The map's derivative comes with the propagation: the first columns of S are
derivatives by the state at the start of the interval.
"""

from math import ceil

import numpy as np
from numba import njit

from models.pk.kernels.dose import arrive, end
from models.pk.kernels.propagate import propagate
from models.population.plan import ODE

NEWTON_STEPS = 60
TOLERANCE = 1e-11  # of the state, relative: two digits finer than any published check
CONSTANT_INFUSION_STEP = 1.0  # h; any length does, the fixed point is the same


@njit(cache=True)
def steady_state(plan, method, rows, r, comp, interval, rate, n_dir, give, d_give, x, S):
    """Fills x (c,) and S (c, e) with the state just at a dose's record, given as it is for ever before.

    interval 0: the constant infusion `rate`. Returns False where there is no steady state.
    """
    c = plan.n_comp
    T = np.empty((c, c + n_dir))
    at, after = np.zeros(c), np.empty(c)
    A = np.empty((c, c))
    for step in range(NEWTON_STEPS):
        after[:] = at
        if not _one_interval(plan, method, rows, r, comp, interval, rate, n_dir, give, d_give, after, T):
            return False
        for i in range(c):
            for j in range(c):
                A[i, j] = (1.0 if i == j else 0.0) - T[i, j]
        miss, size = 0.0, 1e-300
        for i in range(c):
            miss, size = max(miss, abs(after[i] - at[i])), max(size, abs(after[i]))
        if miss <= TOLERANCE * size or (method != ODE and step == 1):
            x[:] = at
            if n_dir > 0:
                S[:, :] = np.linalg.solve(A, np.ascontiguousarray(T[:, c:]))
            return bool(np.all(np.isfinite(x)))
        if not _newton(A, after, at):
            return False
    return False


@njit(cache=True)
def _newton(A, after, at):
    """One step towards the fixed point; where it would leave the possible, one interval more instead."""
    c = at.size
    if abs(np.linalg.det(A)) < 1e-14:
        at[:] = after
        return True
    move = np.linalg.solve(A, after - at)
    if not np.all(np.isfinite(move)):
        return False
    for i in range(c):
        if at[i] + move[i] < -1e-9 * (abs(at[i]) + abs(after[i]) + 1e-300):
            at[:] = after
            return True
    at += move
    return True


@njit(cache=True)
def _one_interval(plan, method, rows, r, comp, interval, rate, n_dir, give, d_give, x, T):
    """Moves x over one interval; T (c, c + e) gets its derivatives by the state at the start and by the etas."""
    c = plan.n_comp
    R, dR, none = np.zeros(c), np.zeros((c, n_dir)), np.zeros(0)
    T[:, :] = 0.0
    for i in range(c):
        T[i, i] = 1.0
    if interval <= 0.0:
        R[comp] = rate
        return propagate(plan, method, rows, r, x, T, R, dR, CONSTANT_INFUSION_STEP, c, none)
    start = give[3] % interval
    stop = np.inf
    if give[1] > 0.0:
        running = int(ceil((start + give[2]) / interval)) - 1
        stop = start + give[2] - running * interval
        R[comp] = running * give[1]
        for q in range(n_dir):
            dR[comp, q] = running * d_give[1, q]
    now = 0.0
    for turn in range(2):
        first_is_start = start <= stop
        is_start = first_is_start == (turn == 0)
        then = start if is_start else stop
        if then > now and np.isfinite(then):
            if not propagate(plan, method, rows, r, x, T, R, dR, then - now, c, none):
                return False
            now = then
        if is_start:
            arrive(plan, rows, r, comp, n_dir, give, d_give, c, x, T, R, dR)
        elif np.isfinite(then):
            end(comp, n_dir, give, d_give, c, T, R, dR)
    return interval <= now or propagate(plan, method, rows, r, x, T, R, dR, interval - now, c, none)
