"""Adaptive solution of any model's differential equations together with their derivatives (variational equations).

Dormand and Prince's explicit method of order 8, and Radau IIA of order 5 where the equations turn stiff. Both control
the error of the amounts and of their derivatives; there is no fixed step.
"""

from math import sqrt

import numpy as np

from models.kernel import Array, kernel, lean
from models.pk.kernels.dop853 import explicit_step
from models.pk.kernels.feed import at_time, largest, longest_step
from models.pk.kernels.flow import jacobian, slopes
from models.pk.kernels.radau import implicit_step

# Relative error of amounts a step, and of derivatives; predictions then hold to about 1e-7.
RTOL, RTOL_DERIVATIVE = 1e-8, 1e-6
FLOOR = 0.05  # of the largest entry of a column: what is smaller counts as this large
MAX_STEPS = 100_000
STIFF_STEPS = 15  # explicit steps in a row that stability alone made short
BACK = 2.0  # Radau hands back where step times norm falls below this
# memo: last good step (0: none yet), whether the equations are stiff now, steps taken by either method
M_STEP, M_STIFF, M_EXPLICIT, M_IMPLICIT = range(4)


@kernel
def propagate_ode(
    flux: Array,
    C: Array,
    X: Array,
    R: Array,
    t: float,
    skip: int,
    area: Array,
    memo: Array,
    feed: Array,
    begin: float,
) -> bool:
    """As propagate.propagate from time `begin` on, for jets C (f, 7, 1 + e); False where no step is small enough."""
    c, n_jet = X.shape
    width = n_jet + (1 if area.size > 0 else 0)
    Y = np.zeros((c, width))
    Y[:, :n_jet] = X
    J, G = np.zeros((c, c)), np.zeros((c, n_jet - 1 - skip))
    work, new, scale = np.zeros((14, c, width)), np.empty((c, width)), np.empty((c, width))
    timed, Ct, Rt = feed.shape[0] > 0, C, R
    if timed:
        Ct, Rt = np.empty(C.shape), np.empty(R.shape)
        at_time(flux, C, R, feed, begin, Ct, Rt)
    slopes(flux, Ct, Y, Rt, skip, J, G, work, 0)
    done, in_a_row = 0.0, 0
    h = memo[M_STEP] if memo[M_STEP] > 0.0 else _guess(Y, work[0], t)
    for _ in range(MAX_STEPS):
        if timed:
            h = min(h, longest_step(c, feed, begin + done))
        last = done + h >= t * (1.0 - 1e-14)
        step = t - done if last else h
        _scales(Y, work[0], step, n_jet, largest(c, feed), scale)
        if memo[M_STIFF] > 0.0:
            error = implicit_step(flux, C, Y, R, skip, step, J, G, work, scale, new, feed, begin + done)
            order, stiff = 3.0, True
            memo[M_IMPLICIT] += 1.0
        else:
            error, stiff = explicit_step(flux, C, Y, R, skip, step, J, G, work, scale, new, feed, begin + done, Ct, Rt)
            order = 8.0
            memo[M_EXPLICIT] += 1.0
        grow = 5.0 if error == 0.0 else min(5.0, max(0.2, 0.9 * error ** (-1.0 / order)))
        if not np.isfinite(error):
            grow = 0.2
        if error <= 1.0:
            done += step
            Y[:, :] = new
            in_a_row = in_a_row + 1 if stiff else 0
            if timed:
                at_time(flux, C, R, feed, begin + done, Ct, Rt)
            memo[M_STIFF] = _switch(flux, Ct, Y, J, G, memo[M_STIFF], in_a_row, step)
            slopes(flux, Ct, Y, Rt, skip, J, G, work, 0)
        h = max(h, step * grow) if last and error <= 1.0 else step * grow
        memo[M_STEP] = h
        if last and error <= 1.0:
            X[:, :] = Y[:, :n_jet]
            if area.size > 0:
                area += Y[:, n_jet]
            return True
        if h < 1e-13 * t:
            return False
    return False


@lean
def _switch(flux: Array, C: Array, Y: Array, J: Array, G: Array, stiff: float, in_a_row: int, step: float) -> float:
    """1 where the next step should be implicit."""
    if stiff == 0.0:
        return 1.0 if in_a_row >= STIFF_STEPS else 0.0
    jacobian(flux, C, Y, J, G)
    norm = 0.0
    for i in range(J.shape[0]):
        row = 0.0
        for j in range(J.shape[1]):
            row += abs(J[i, j])
        norm = max(norm, row)
    return 0.0 if norm * step < BACK else 1.0


@lean
def _scales(Y: Array, F: Array, step: float, n_jet: int, coming: float, scale: Array) -> None:
    """What an error of 1 means for each entry of Y: relative to it, but not below FLOOR of its column's largest.

    Slopes F count for a step, as an infusion starts from amounts of zero; so does `coming`, the largest dose that still
    flows in, as an inflow starts from slopes of zero.

    A derivative may pass through zero where the amount does not, so its column counts as at least FLOOR of the amounts.
    """
    c, width = Y.shape
    amount = max(1e-300, coming)
    for i in range(c):
        amount = max(amount, abs(Y[i, 0]) + abs(step * F[i, 0]))
    for q in range(width):
        rtol = RTOL if q == 0 else RTOL_DERIVATIVE
        top = FLOOR * amount
        for i in range(c):
            top = max(top, abs(Y[i, q]) + abs(step * F[i, q]))
        for i in range(c):
            scale[i, q] = rtol * max(abs(Y[i, q]), FLOOR * top)


@lean
def _guess(Y: Array, F: Array, t: float) -> float:
    """A first step: a hundredth of the time in which the amounts would change by themselves."""
    size, speed = 0.0, 0.0
    for i in range(Y.shape[0]):
        size, speed = size + Y[i, 0] ** 2, speed + F[i, 0] ** 2
    if speed == 0.0:
        return t
    return min(t, max(0.01 * sqrt(size / speed), 1e-3 * t))
