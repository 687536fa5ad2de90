"""The same subject for many sets of random effects."""

import numpy as np
from numba import njit

from models.pk.kernels.individual import individual
from models.pk.kernels.run import run


@njit(cache=True, nogil=True)
def run_many(plan, ev, etas, area, out):
    """out (m, o) for etas (m, e); a row of NaN where these parameters have no solution."""
    f, J = np.empty(ev.obs_time.size), np.zeros((ev.obs_time.size, 0))
    for i in range(etas.shape[0]):
        out[i] = np.nan
        if run(plan, ev, etas[i], 0, area, f, J):
            out[i] = f


@njit(cache=True, nogil=True)
def parameters_many(plan, typical, weight, etas, out):
    """out (m, p) from typical (primary,), weight (terms,), etas (m, e)."""
    none = np.zeros((out.shape[1], 0))
    for i in range(etas.shape[0]):
        individual(plan, typical, weight, etas[i], 0, out[i], none)
