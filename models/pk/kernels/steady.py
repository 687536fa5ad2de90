"""Steady state: the state that one dosing interval maps onto itself.

Linear models take one step of Newton's method on that map and are exact. Others start from their linearised steady
state and go on by Broyden's method, which needs values only; where that does not settle, by Newton's. The map's
derivative comes with the propagation: the first columns of the jets are derivatives by the state at the start.

Elimination that saturates makes the map grow with the state, and convex. Newton's steps then reach the steady state
from below from wherever they start, also where a negative amount is taken for zero.
"""

from math import ceil

import numpy as np

from models.kernel import Array, kernel, lean
from models.pk.kernels.balance import accumulates, guess
from models.pk.kernels.dense import lu, lu_solve
from models.pk.kernels.dose import arrive, end
from models.pk.kernels.feed import clear, is_timed, pour, start_inflow, tails, tick
from models.pk.kernels.ode import FLOOR, RTOL
from models.pk.kernels.propagate import propagate
from models.pk.kernels.rows import Rows
from models.pk.kernels.timeline import G_AMOUNT, G_DURATION, G_LAG, G_RATE
from models.population.plan import ODE, TRANSIT_NUMBER, Plan

BROYDEN_STEPS, NEWTON_STEPS = 12, 60
TOLERANCE = 10.0 * RTOL  # of the next step: what predictions hold to
NOISE = 4.0 * RTOL  # of what an interval changes: the solver's own error, which a slow elimination makes a larger step
PATIENCE = 8  # steps after which the solver's error is taken for ten times as large, as over many implicit steps it is
NOISY_STEP = 1e-3  # a step larger than that is more than noise
ROUNDING = 1e-9  # of the largest amount: a linear model's amounts may be below zero by that
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

    interval 0: the constant infusion `rate`. Returns False where there is no steady state (balance.accumulates tells)
    or none was found.
    """
    at = np.zeros(plan.n_comp)
    if method == ODE:
        dose = gives[d, G_AMOUNT, 0] if interval > 0.0 else rate * CONSTANT_INFUSION_STEP
        span = interval if interval > 0.0 else CONSTANT_INFUSION_STEP
        if accumulates(plan.flux, rows.C[r], dose / span):
            return False
        found = _from_values(plan, method, solver, rows, r, comp, interval, rate, gives, d, dose, span, at, work)
        if found and X.shape[1] == 1:
            X[:, 0] = at
            return True
    return _newton(plan, method, solver, rows, r, comp, interval, rate, gives, d, at, X, work)


@kernel
def _from_values(
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
    dose: float,
    span: float,
    at: Array,
    work: Array,
) -> bool:
    """Broyden's method from the linearised steady state. Where it does not settle, `at` (c,) is where it started."""
    c = at.size
    H, start, T, give = np.empty((c, c)), np.zeros(c), np.empty((c, 1)), np.empty((1, gives.shape[1], 1))
    miss, before, taken, move = np.empty(c), np.empty(c), np.empty(c), np.empty(c)
    give[0, :, 0] = gives[d, :, 0]
    if not guess(plan.flux, rows.C[r], comp, interval, rate, give[0], span, start, H):
        return False
    at[:] = start
    for step in range(BROYDEN_STEPS):
        T[:, 0] = at
        if not _one_interval(plan, method, solver, rows, r, comp, interval, rate, give, 0, T, work):
            break
        for i in range(c):
            miss[i] = T[i, 0] - at[i]
        if step > 0:
            _learn(H, taken, miss, before, move)
        _multiply(H, miss, move)
        settled = _settled(at, move, miss, dose, step)
        before[:], taken[:] = miss, at
        if not _move(at, move):
            break
        for i in range(c):
            taken[i] = at[i] - taken[i]
        if settled:
            return True
    at[:] = start
    return False


@kernel
def _newton(
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
    at: Array,
    X: Array,
    work: Array,
) -> bool:
    """Newton's method from `at` (c,), which moves; fills X as steady_state does."""
    c, n_jet, dose = at.size, gives.shape[2], max(gives[d, G_AMOUNT, 0], 0.0)
    T, A, pivot = np.empty((c, n_jet + c)), np.empty((c, c)), np.empty(c, dtype=np.int64)
    move, miss = np.empty(c), np.empty(c)
    for step in range(NEWTON_STEPS):
        T[:, :] = 0.0
        T[:, 0] = at
        for i in range(c):
            T[i, 1 + i] = 1.0
        if not _one_interval(plan, method, solver, rows, r, comp, interval, rate, gives, d, T, work):
            return False
        for i in range(c):
            miss[i] = move[i] = T[i, 0] - at[i]
            for j in range(c):
                A[i, j] = (1.0 if i == j else 0.0) - T[i, 1 + j]
        if not lu(A, pivot):
            return False
        if method != ODE and step == 1:
            return _accept(A, pivot, at, T, X)
        lu_solve(A, pivot, move)
        settled = method == ODE and _settled(at, move, miss, dose, step)
        if method != ODE:
            at += move
        elif not _move(at, move):
            return False
        if settled:
            return _accept(A, pivot, at, T, X)
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
        if not at[i] >= -ROUNDING * largest:
            return False
        for p in range(X.shape[1]):
            if not np.isfinite(X[i, p]):
                return False
    return True


@lean
def _settled(at: Array, move: Array, miss: Array, dose: float, step: int) -> bool:
    """Whether the next step `move` is within the tolerance, or what an interval changes, `miss`, is the solver's error.

    Both are seen as the solver sees them, in relation to FLOOR of the largest amount where an amount is below that.
    """
    top, slack = 0.0, 10.0 ** min(step // PATIENCE, 2)
    for i in range(at.size):
        top = max(top, abs(at[i] + move[i]))
    for i in range(at.size):
        size = max(abs(at[i] + move[i]), FLOOR * top)
        noise = slack * NOISE * max(abs(at[i]), FLOOR * (top + dose))
        level = abs(miss[i]) <= noise and abs(move[i]) <= NOISY_STEP * max(size, FLOOR * dose)
        if not (abs(move[i]) <= slack * TOLERANCE * size or level):
            return False
    return True


@lean
def _move(at: Array, move: Array) -> bool:
    """One step; amounts below zero are zero. False where a step is not finite."""
    for i in range(at.size):
        if not np.isfinite(move[i]):
            return False
        at[i] = max(at[i] + move[i], 0.0)
    return True


@lean
def _multiply(H: Array, b: Array, out: Array) -> None:
    for i in range(out.size):
        out[i] = 0.0
        for k in range(b.size):
            out[i] += H[i, k] * b[k]


@lean
def _learn(H: Array, taken: Array, miss: Array, before: Array, scratch: Array) -> None:
    """Broyden's update: H then makes of what the last step changed in `miss` the step that was taken."""
    c, below = taken.size, 0.0
    for i in range(c):
        scratch[i] = 0.0
        for k in range(c):
            scratch[i] += H[i, k] * (before[k] - miss[k])
        below += taken[i] * scratch[i]
    if below == 0.0:
        return
    for j in range(c):
        row = 0.0
        for i in range(c):
            row += taken[i] * H[i, j]
        for i in range(c):
            H[i, j] += (taken[i] - scratch[i]) * row / below


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
    """Moves jets T (c, 1 + c + e), or values only (c, 1), over one interval."""
    give = gives[d]
    c, skip = plan.n_comp, T.shape[1] - give.shape[1]
    R, none = np.zeros((c, give.shape[1])), np.zeros(0)
    change, feed = np.empty((c, 1)), np.zeros((0, 7, give.shape[1]))
    through = plan.comp[comp, TRANSIT_NUMBER] >= 0
    if is_timed(plan) and interval <= 0.0:
        return False  # a constant infusion has no time after a dose
    if interval <= 0.0:
        R[comp, 0] = rate
        return propagate(plan, method, solver, rows, r, T, R, CONSTANT_INFUSION_STEP, skip, none, work, feed, 0.0)
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
            if then > now and not propagate(
                plan, method, solver, rows, r, T, R, then - now, skip, none, work, feed, now
            ):
                return False
            now = max(now, then)
            if starts and through:
                start_inflow(plan, rows.P[r], comp, gives, d, skip, T)
            elif starts:
                arrive(plan.flux, rows.C, r, comp, gives, d, skip, T, R, change, feed, now)
            else:
                end(comp, gives, d, skip, T, R)
    return interval <= now or propagate(
        plan, method, solver, rows, r, T, R, interval - now, skip, none, work, feed, now
    )
