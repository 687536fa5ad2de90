"""What a dose does to the state and the running infusion rates (both jets) at the moment it starts or ends."""

import numpy as np

from models.kernel import Array, kernel, part
from models.pk.kernels.feed import at_time, tick
from models.pk.kernels.flow import flow
from models.pk.kernels.timeline import G_AMOUNT, G_DURATION, G_LAG, G_RATE


@part
def arrive(
    flux: Array,
    C: Array,
    r: int,
    comp: int,
    gives: Array,
    d: int,
    skip: int,
    X: Array,
    R: Array,
    work: Array,
    feed: Array,
    now: float,
) -> None:
    """Dose d enters `comp` as a bolus, or its infusion starts; gives (d, 4, 1 + e) as in timeline.deliver.

    Where the moment itself depends on the random effects (a lag), the derivative of the state jumps by
    -(flow after - flow before) * d(moment). work (c, 1 or more) is scratch.
    """
    n_jet = gives.shape[2]
    if gives[d, G_RATE, 0] > 0.0:
        for p in range(n_jet):
            R[comp, p] += gives[d, G_RATE, p]
        for p in range(1, n_jet):
            X[comp, skip + p] -= gives[d, G_RATE, 0] * gives[d, G_LAG, p]
        tick(feed, comp, now, gives, d)
    else:
        moved = False
        for p in range(1, n_jet):
            X[comp, skip + p] += gives[d, G_AMOUNT, p]
            moved = moved or gives[d, G_LAG, p] != 0.0
        if moved:
            _jump(flux, C, r, gives, d, skip, X, R, 1.0, work, feed, now)
        tick(feed, comp, now, gives, d)
        X[comp, 0] += gives[d, G_AMOUNT, 0]
        if moved:
            _jump(flux, C, r, gives, d, skip, X, R, -1.0, work, feed, now)


@kernel
def _jump(
    flux: Array,
    C: Array,
    r: int,
    gives: Array,
    d: int,
    skip: int,
    X: Array,
    R: Array,
    sign: float,
    work: Array,
    feed: Array,
    now: float,
) -> None:
    """Adds sign * flow * d(moment) to the derivatives of the state."""
    Ct, Rt = C[r], R
    if feed.shape[0] > 0:
        Ct, Rt = np.empty(C[r].shape), np.empty(R.shape)
        at_time(flux, C[r], R, feed, now, Ct, Rt)
    flow(flux, Ct, X, Rt, work)
    for p in range(1, gives.shape[2]):
        for c in range(X.shape[0]):
            X[c, skip + p] += sign * work[c, 0] * gives[d, G_LAG, p]


@part
def end(comp: int, gives: Array, d: int, skip: int, X: Array, R: Array) -> None:
    """The infusion of dose d ends; its end moves with lag and duration."""
    rate = gives[d, G_RATE, 0]
    for p in range(gives.shape[2]):
        R[comp, p] -= gives[d, G_RATE, p]
    if abs(R[comp, 0]) < 1e-12 * rate:
        R[comp, :] = 0.0  # a stopped infusion leaves no rounding behind
    for p in range(1, gives.shape[2]):
        X[comp, skip + p] += rate * (gives[d, G_LAG, p] + gives[d, G_DURATION, p])
