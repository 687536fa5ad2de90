"""What a dose does to the state and the running infusion rates (both jets) at the moment it starts or ends."""

import numpy as np

from models.kernel import Array, kernel
from models.pk.kernels.flow import flow
from models.pk.kernels.timeline import G_AMOUNT, G_DURATION, G_LAG, G_RATE


@kernel
def arrive(flux: Array, C: Array, comp: int, give: Array, skip: int, X: Array, R: Array) -> None:
    """A bolus enters `comp`, or an infusion starts; give (4, 1 + e) as in timeline.deliver.

    Where the moment itself depends on the random effects (a lag), the derivative of the state jumps by
    -(flow after - flow before) * d(moment).
    """
    if give[G_RATE, 0] > 0.0:
        for p in range(give.shape[1]):
            R[comp, p] += give[G_RATE, p]
        for p in range(1, give.shape[1]):
            X[comp, skip + p] -= give[G_RATE, 0] * give[G_LAG, p]
        return
    moved = False
    for p in range(1, give.shape[1]):
        X[comp, skip + p] += give[G_AMOUNT, p]
        moved = moved or give[G_LAG, p] != 0.0
    if not moved:
        X[comp, 0] += give[G_AMOUNT, 0]
        return
    change = np.empty((2, X.shape[0], 1))
    flow(flux, C, X, R, change[0])
    X[comp, 0] += give[G_AMOUNT, 0]
    flow(flux, C, X, R, change[1])
    for p in range(1, give.shape[1]):
        for c in range(X.shape[0]):
            X[c, skip + p] -= (change[1, c, 0] - change[0, c, 0]) * give[G_LAG, p]


@kernel
def end(comp: int, give: Array, skip: int, X: Array, R: Array) -> None:
    """An infusion ends; its end moves with lag and duration."""
    for p in range(give.shape[1]):
        R[comp, p] -= give[G_RATE, p]
    if abs(R[comp, 0]) < 1e-12 * give[G_RATE, 0]:
        R[comp, 0] = 0.0  # a stopped infusion leaves no rounding behind
    for p in range(1, give.shape[1]):
        X[comp, skip + p] += give[G_RATE, 0] * (give[G_LAG, p] + give[G_DURATION, p])
