"""Steady state: the state that one dosing interval maps onto itself, by Newton's method on that map.

Linear models take one step and are exact. The map's derivative comes with the propagation: the first columns of the
jets are derivatives by the state at the start of the interval.
"""

from math import ceil

import numpy as np

from models.kernel import Array, kernel, lean
from models.pk.kernels.dense import lu, lu_solve
from models.pk.kernels.dose import arrive, end
from models.pk.kernels.feed import clear, is_timed, pour, start_inflow, tails, tick
from models.pk.kernels.propagate import propagate
from models.pk.kernels.rows import Rows
from models.pk.kernels.timeline import G_DURATION, G_LAG, G_RATE
from models.population.plan import ODE, TRANSIT_NUMBER, Plan

NEWTON_STEPS = 60
TOLERANCE = 1e-9  # of the state, relative: what the ODE solver can tell apart
CONSTANT_INFUSION_STEP = 1.0  # h; any length does, the fixed point is the same


@kernel
def steady_state(
    plan: Plan,
    method: int,
    solver: int,
    rows: Rows,
    r: int,
    comp: int,
    interval: float,
    rate: float,
    gives: Array,
    d: int,
    X: Array,
    work: Array,
) -> bool:
    """Fills jets X (c, 1 + e) with the state just at the record of dose d, that dose having been given so for ever.

    interval 0: the constant infusion `rate`. Returns False where there is no steady state.
    """
    c, n_jet = plan.n_comp, gives.shape[2]
    T, at = np.empty((c, n_jet + c)), np.zeros(c)
    A, pivot, move = np.empty((c, c)), np.empty(c, dtype=np.int64), np.empty(c)
    for step in range(NEWTON_STEPS):
        T[:, :] = 0.0
        T[:, 0] = at
        for i in range(c):
            T[i, 1 + i] = 1.0
        if not _one_interval(plan, method, solver, rows, r, comp, interval, rate, gives, d, T, work):
            return False
        miss, size = 0.0, 1e-300
        for i in range(c):
            move[i] = T[i, 0] - at[i]
            miss, size = max(miss, abs(move[i])), max(size, abs(T[i, 0]))
            for j in range(c):
                A[i, j] = (1.0 if i == j else 0.0) - T[i, 1 + j]
        if not (np.isfinite(miss) and lu(A, pivot)):
            return False
        if miss <= TOLERANCE * size or (method != ODE and step == 1):
            return _accept(A, pivot, at, T, X)
        lu_solve(A, pivot, move)
        _step(at, move, T)
    return False


@kernel
def _accept(A: Array, pivot: Array, at: Array, T: Array, X: Array) -> bool:
    """The fixed point's own derivatives: (I - d(map)/dx) dx = d(map)/d(eta)."""
    c = at.size
    X[:, 0] = at
    for p in range(1, X.shape[1]):
        column = T[:, c + p].copy()
        lu_solve(A, pivot, column)
        X[:, p] = column
    largest = 0.0
    for i in range(c):
        largest = max(largest, abs(at[i]))
    for i in range(c):
        if not at[i] >= -1e-9 * largest:
            return False
        for p in range(X.shape[1]):
            if not np.isfinite(X[i, p]):
                return False
    return True


@lean
def _step(at: Array, move: Array, T: Array) -> None:
    """One Newton step; where it would leave the possible, one interval more instead."""
    for i in range(at.size):
        if not at[i] + move[i] >= -1e-9 * (abs(at[i]) + abs(T[i, 0])):
            for k in range(at.size):
                at[k] = T[k, 0]
            return
    for i in range(at.size):
        at[i] += move[i]


@kernel
def _one_interval(
    plan: Plan,
    method: int,
    solver: int,
    rows: Rows,
    r: int,
    comp: int,
    interval: float,
    rate: float,
    gives: Array,
    d: int,
    T: Array,
    work: Array,
) -> bool:
    """Moves jets T (c, 1 + c + e) over one interval."""
    c = plan.n_comp
    give = gives[d]
    R, none = np.zeros((c, give.shape[1])), np.zeros(0)
    change, feed = np.empty((c, 1)), np.zeros((0, 7, give.shape[1]))
    through = plan.comp[comp, TRANSIT_NUMBER] >= 0
    if is_timed(plan) and interval <= 0.0:
        return False  # a constant infusion has no time after a dose
    if interval <= 0.0:
        R[comp, 0] = rate
        return propagate(plan, method, solver, rows, r, T, R, CONSTANT_INFUSION_STEP, c, none, work, feed, 0.0)
    start, stop = give[G_LAG, 0] % interval, np.inf
    if give[G_RATE, 0] > 0.0:
        running = ceil((start + give[G_DURATION, 0]) / interval) - 1
        stop = start + give[G_DURATION, 0] - running * interval
        R[comp] = running * give[G_RATE]
    if is_timed(plan):
        before = tails(plan, rows.P[r], comp, interval)
        feed = np.zeros((c + before + 1, 7, give.shape[1]))
        clear(c, feed)
        tick(feed, comp, start - interval, gives, d)
        for k in range(before + 1 if through else 0):
            if not pour(plan, rows.P[r], comp, start - k * interval, gives, d, feed):
                return False
    now = 0.0
    for turn in range(2):
        starts = (start <= stop) == (turn == 0)
        then = start if starts else stop
        if np.isfinite(then):
            if then > now and not propagate(plan, method, solver, rows, r, T, R, then - now, c, none, work, feed, now):
                return False
            now = max(now, then)
            if starts and through:
                start_inflow(plan, rows.P[r], comp, gives, d, c, T)
            elif starts:
                arrive(plan.flux, rows.C, r, comp, gives, d, c, T, R, change, feed, now)
            else:
                end(comp, gives, d, c, T, R)
    return interval <= now or propagate(plan, method, solver, rows, r, T, R, interval - now, c, none, work, feed, now)
