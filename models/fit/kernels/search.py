"""From levels to mode, covariance and predictions in one compiled call."""

from math import log, sqrt

import numpy as np
from numba import njit

from models.fit.kernels.linear import cholesky, inverse
from models.fit.kernels.map import CONVERGED, SINGULAR, find_mode
from models.fit.kernels.objective import variance
from models.pk.kernels.run import run
from models.population.plan import LOG_SCALE


@njit(cache=True, nogil=True)
def search(plan, ev, y, censoring, weight, prior_weight, start):
    """(status, eta (e,), objective, Laplace covariance (e, e), steps, fits (o, 3))."""
    status, eta, value, _, H, steps = find_mode(plan, ev, y, censoring, weight, prior_weight, start)
    n = eta.size
    covariance, L = np.full((n, n), np.nan), np.zeros((n, n))
    if status == CONVERGED:
        if cholesky(H, L):
            covariance[:, :] = 2.0 * inverse(L)
        else:
            status = SINGULAR
    return status, eta, value, covariance, steps, _fits(plan, ev, y, eta)


@njit(cache=True)
def _fits(plan, ev, y, eta):
    """Individual and population predictions, and (observed - individual) / residual SD."""
    fits = np.full((y.size, 3), np.nan)
    f, J = np.empty(y.size), np.zeros((y.size, 0))
    if run(plan, ev, np.zeros(eta.size), 0, False, f, J):
        fits[:, 1] = f
    if run(plan, ev, eta, 0, False, f, J):
        fits[:, 0] = f
        for o in range(y.size):
            k = ev.obs_out[o]
            v, _ = variance(plan.out_kind[k], plan.out_error[k], f[o])
            r = y[o] - f[o]
            if plan.out_kind[k] == LOG_SCALE:
                r = log(y[o]) - log(f[o]) if y[o] > 0.0 and f[o] > 0.0 else np.nan
            fits[o, 2] = r / sqrt(v) if v > 0.0 else np.nan
    return fits
