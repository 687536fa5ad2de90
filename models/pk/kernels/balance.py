"""What enters a body and what can leave it: whether a steady state exists, its mean, a first guess of it."""

import numpy as np

from models.events import D_INTERVAL, D_RATE, D_ROW, Events
from models.kernel import Array, entry, kernel, lean
from models.pk.kernels.dense import lu, lu_solve
from models.pk.kernels.flow import flow, jacobian
from models.pk.kernels.individual import C_EMAX, C_RATE
from models.pk.kernels.rows import empty_rows, fill_rows
from models.pk.kernels.timeline import G_AMOUNT, G_DURATION, G_LAG, deliver
from models.population.plan import FROM, KIND, MICHAELIS_MENTEN, SIGN, TO, Plan

MEAN_STEPS, MEAN_TOLERANCE = 60, 1e-6  # a guess needs no more digits
HALVINGS = 14  # of a time span, for a decay good to (rate * time)^2 / 2^15


@lean
def accumulates(flux: Array, C: Array, inflow: float) -> bool:
    """Whether `inflow`, amount per h, and what is made in the body reach the most that can ever leave it.

    C (f, 7, 1 + e): as in flow.py. True is certain: there is no steady state. A linear way out that works carries any
    amount; Michaelis-Menten ones carry less than the sum of their Vmax, each with its largest effect.
    """
    capacity = 0.0
    for f in range(flux.shape[0]):
        effect = C[f, C_EMAX, 0] if flux[f, SIGN] != 0 else 0.0
        if flux[f, FROM] < 0:
            inflow += C[f, C_RATE, 0] * (1.0 + min(effect, 0.0))
        if flux[f, TO] < 0 and C[f, C_RATE, 0] > 0.0:
            capacity += C[f, C_RATE, 0] * (1.0 + max(effect, 0.0)) if flux[f, KIND] == MICHAELIS_MENTEN else np.inf
    return inflow > 0.0 and inflow >= capacity


@entry
def accumulates_many(plan: Plan, ev: Events, etas: Array, out: Array) -> None:
    """out (m,), bool: whether the subject's doses, given for ever, accumulate without end, for etas (m, e)."""
    rows, gives = empty_rows(plan, ev, 0), np.zeros((ev.dose.shape[0], 4, 1))
    for m in range(etas.shape[0]):
        inflow, row, ok = 0.0, 0, fill_rows(plan, ev, etas[m], rows)
        for d in range(ev.dose.shape[0]):
            ok = ok and deliver(plan.comp, rows.P, ev.dose, d, gives)
            interval, row = ev.dose[d, D_INTERVAL], int(ev.dose[d, D_ROW])
            inflow += gives[d, G_AMOUNT, 0] / interval if interval > 0.0 else ev.dose[d, D_RATE]
        out[m] = ok and accumulates(plan.flux, rows.C[row], inflow)


@kernel
def guess(
    flux: Array, C: Array, comp: int, interval: float, rate: float, give: Array, span: float, x: Array, H: Array
) -> bool:
    """Fills x (c,) with about the steady state at the record, H (c, c) with about inv(1 - d(map)/dx) over `span` h.

    The equations are linearised around the state that the mean rate of the doses would hold for ever; a dose counts as
    given at once, at the middle of its infusion. Exact for linear equations and boluses, but for decay's error. False
    where that mean state is not found.
    """
    c = x.size
    X, R, F = np.zeros((c, 1)), np.zeros((c, 1)), np.empty((c, 1))
    J, G, A, E, L = np.empty((c, c)), np.empty((c, 0)), np.empty((c, c)), np.empty((c, c)), np.empty((c, c))
    pivot, move = np.empty(c, dtype=np.int64), np.empty(c)
    R[comp, 0] = give[G_AMOUNT, 0] / interval if interval > 0.0 else rate
    if not _mean(flux, C, R, X, F, J, G, pivot, move):
        return False
    middle = (give[G_LAG, 0] + 0.5 * give[G_DURATION, 0]) % interval if interval > 0.0 else 0.0
    if not (_decay(J, middle, A, pivot, L) and _decay(J, span - middle, A, pivot, E)):
        return False
    _multiply(E, L, A)
    for i in range(c):
        for j in range(c):
            A[i, j] = (1.0 if i == j else 0.0) - A[i, j]
    if not lu(A, pivot):
        return False
    _inverse(A, pivot, H)
    for i in range(c):
        x[i] = X[i, 0]
    if interval > 0.0:
        _swing(J, R, E, H, comp, give[G_AMOUNT, 0], pivot, move, x)
    return bool(np.isfinite(x).all() and np.isfinite(H).all())


@lean
def _mean(flux: Array, C: Array, R: Array, X: Array, F: Array, J: Array, G: Array, pivot: Array, move: Array) -> bool:
    """Newton's method for the state X (c, 1) that rates R (c, 1) hold; J is left as the Jacobian there.

    Elimination that saturates is concave, so that from zero the steps approach from below.
    """
    for _ in range(MEAN_STEPS):
        flow(flux, C, X, R, F)
        jacobian(flux, C, X, J, G)
        if not lu(J, pivot):
            return False
        for i in range(move.size):
            move[i] = -F[i, 0]
        lu_solve(J, pivot, move)
        change, largest = 0.0, 0.0
        for i in range(move.size):
            X[i, 0] = max(X[i, 0] + move[i], 0.0)
            change, largest = change + abs(move[i]), max(largest, X[i, 0])
        if not np.isfinite(change):
            return False
        if change <= MEAN_TOLERANCE * largest:
            jacobian(flux, C, X, J, G)
            return True
    return False


@lean
def _decay(J: Array, t: float, A: Array, pivot: Array, E: Array) -> bool:
    """E (c, c), about exp(J t) and never negative, by backward Euler over 2^-HALVINGS of t and squaring."""
    c, h = J.shape[0], t / 2.0**HALVINGS
    for i in range(c):
        for j in range(c):
            A[i, j] = (1.0 if i == j else 0.0) - h * J[i, j]
    if not lu(A, pivot):
        return False
    _inverse(A, pivot, E)
    for _ in range(HALVINGS):
        _multiply(E, E, A)
        for i in range(c):
            for j in range(c):
                E[i, j] = A[i, j]
    return True


@lean
def _inverse(A: Array, pivot: Array, H: Array) -> None:
    """H (c, c) from the factors A and exchanges of dense.lu."""
    for j in range(H.shape[0]):
        for i in range(H.shape[0]):
            H[i, j] = 1.0 if i == j else 0.0
        lu_solve(A, pivot, H[:, j])


@lean
def _multiply(A: Array, B: Array, out: Array) -> None:
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            for k in range(A.shape[1]):
                total += A[i, k] * B[k, j]
            out[i, j] = total


@lean
def _swing(
    J: Array, R: Array, E: Array, H: Array, comp: int, amount: float, pivot: Array, move: Array, x: Array
) -> None:
    """Adds to the mean x how far the linearised course is from its own mean at the end of an interval."""
    c = x.size
    for i in range(c):
        move[i] = R[i, 0]
    if not lu(J, pivot):
        return
    lu_solve(J, pivot, move)
    for i in range(c):
        x[i] += move[i]
        for k in range(c):
            x[i] += E[i, k] * H[k, comp] * amount
        x[i] = max(x[i], 0.0)
