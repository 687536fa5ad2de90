"""What a dose does to the state, its derivatives, and the running infusion rates at the moment it starts or ends."""

import numpy as np
from numba import njit

from models.pk.kernels.flow import flow


@njit(cache=True)
def arrive(plan, rows, r, comp, n_dir, give, d_give, skip, x, S, R, dR):
    """A bolus enters `comp`, or an infusion starts; give, d_give as in timeline.deliver.

    Where the moment itself depends on the random effects (a lag), the state's derivative jumps by
    -(flow after - flow before) * d(moment).
    """
    if give[1] > 0.0:
        R[comp] += give[1]
        for q in range(n_dir):
            dR[comp, q] += d_give[1, q]
            S[comp, skip + q] -= give[1] * d_give[3, q]
        return
    moved = False
    for q in range(n_dir):
        S[comp, skip + q] += d_give[0, q]
        moved = moved or d_give[3, q] != 0.0
    if not moved:
        x[comp] += give[0]
        return
    before, after = np.empty(x.size), np.empty(x.size)
    flow(plan, rows.C[r], x, R, before)
    x[comp] += give[0]
    flow(plan, rows.C[r], x, R, after)
    for q in range(n_dir):
        if d_give[3, q] != 0.0:
            for c in range(x.size):
                S[c, skip + q] -= (after[c] - before[c]) * d_give[3, q]


@njit(cache=True)
def end(comp, n_dir, give, d_give, skip, S, R, dR):
    """An infusion ends; its end moves with lag and duration."""
    R[comp] -= give[1]
    if abs(R[comp]) < 1e-12 * give[1]:
        R[comp] = 0.0  # so that a stopped infusion leaves no rounding behind
    for q in range(n_dir):
        dR[comp, q] -= d_give[1, q]
        S[comp, skip + q] += give[1] * (d_give[3, q] + d_give[2, q])
