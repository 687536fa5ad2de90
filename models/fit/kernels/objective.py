"""The objective that a fit makes small, its gradient, and its expected (Gauss-Newton) Hessian.

    sum over levels of log v + (y - f)^2 / v, or -2 log Phi for a censored one (Beal's M3), plus eta' inv(Omega) eta

without constants, as NONMEM's individual objective. The residual variance v depends on eta through f (interaction).
"""

from math import erfc, exp, log, pi, sqrt

import numpy as np
from numba import njit

from models.pk.kernels.run import run
from models.population.plan import LOG_SCALE, POWER

BELOW, ABOVE = 1, 2


@njit(cache=True)
def variance(kind, error, f):
    """Residual variance and its derivative by f. On the log scale: of log y, so constant."""
    if kind == LOG_SCALE:
        return error[1], 0.0
    if kind == POWER:
        if f <= 0.0:
            return error[1], 0.0
        scaled = error[0] * f ** (2.0 * error[2])
        return scaled + error[1], 2.0 * error[2] * scaled / f
    return error[0] * f * f + error[1], 2.0 * error[0] * f


@njit(cache=True)
def level_term(kind, error, f, y, censoring):
    """(ok, term, d term / df, expected d2 term / df2) of one level y (or the limit it was beyond) at prediction f."""
    if kind == LOG_SCALE:
        if not (f > 0.0 and y > 0.0):
            return False, 0.0, 0.0, 0.0
        ok, term, slope, bend = _term(log(f), log(y), error[1], 0.0, censoring)
        return ok, term, slope / f, bend / (f * f)
    v, dv = variance(kind, error, f)
    return _term(f, y, v, dv, censoring)


@njit(cache=True)
def _term(f, y, v, dv, censoring):
    if not (v > 0.0 and np.isfinite(v)):
        return False, 0.0, 0.0, 0.0
    if censoring == 0:
        r = y - f
        return True, log(v) + r * r / v, dv / v - 2.0 * r / v - r * r * dv / (v * v), 2.0 / v + (dv / v) ** 2
    sign = 1.0 if censoring == BELOW else -1.0
    sd = sqrt(v)
    z = sign * (y - f) / sd
    dz = -sign / sd - 0.5 * z * dv / v
    log_phi, hazard = log_normal(z)
    return True, -2.0 * log_phi, -2.0 * hazard * dz, 2.0 * hazard * (hazard + z) * dz * dz


@njit(cache=True)
def log_normal(z):
    """log Phi(z), and its derivative phi(z) / Phi(z), without loss far in the tail."""
    if z > -8.0:
        p = 0.5 * erfc(-z / sqrt(2.0))
        return log(p), exp(-0.5 * z * z) / (sqrt(2.0 * pi) * p)
    tail = -z  # Mills' ratio by its continued fraction (Abramowitz and Stegun 26.2.14)
    for k in range(30, 0, -1):
        tail = -z + k / tail
    return -0.5 * z * z - 0.5 * log(2.0 * pi) - log(tail), tail


@njit(cache=True, nogil=True)
def objective(plan, ev, y, censoring, weight, prior_weight, eta, n_dir, f, J, gradient, hessian):
    """(ok, objective) at eta; fills f (o,), J (o, e) and, where n_dir is e, gradient (e,) and expected hessian (e, e)."""
    if not run(plan, ev, eta, n_dir, False, f, J):
        return False, np.inf
    n = eta.size
    total = 0.0
    gradient[:] = 0.0
    hessian[:, :] = 0.0
    for i in range(n):
        pull = 0.0
        for j in range(n):
            pull += plan.omega_inverse[i, j] * eta[j]
            hessian[i, j] = 2.0 * prior_weight * plan.omega_inverse[i, j]
        gradient[i] = 2.0 * prior_weight * pull
        total += prior_weight * pull * eta[i]
    for o in range(y.size):
        k = ev.obs_out[o]
        ok, term, slope, bend = level_term(plan.out_kind[k], plan.out_error[k], f[o], y[o], censoring[o])
        if not ok:
            return False, np.inf
        total += weight[o] * term
        for i in range(n_dir):
            gradient[i] += weight[o] * slope * J[o, i]
            for j in range(n_dir):
                hessian[i, j] += weight[o] * bend * J[o, i] * J[o, j]
    return bool(np.isfinite(total)), total
