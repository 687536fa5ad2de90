"""Individual parameters and rate coefficients with their exact derivatives by the random effects."""

from math import exp, log

import numpy as np
from numba import njit

from models.population.plan import (
    ADDITIVE,
    DRIVER_VOLUME,
    EC50,
    EMAX,
    FIXED,
    HILL,
    KM,
    LINEAR,
    LOGIT,
    MICHAELIS_MENTEN,
    PROPORTIONAL,
    RATE,
    VOLUME,
)


@njit(cache=True)
def individual(plan, typical, weight, eta, n_dir, P, dP):
    """Fills P (p,) and dP (p, e) from typical (primary,), weight (terms,) of each eta term, eta (e,).

    weight is the coefficient of the term, 0 outside its occasion. n_dir is e, or 0 where no derivative is asked for.
    """
    n_primary = typical.size
    P[:] = 0.0
    dP[:, :] = 0.0
    for t in range(plan.term_param.size):
        _add_term(plan, t, weight[t], eta, n_dir, P, dP)
    for p in range(n_primary):
        slope = _apply(plan.param_kind[p], typical[p], P, p)
        for q in range(n_dir):
            dP[p, q] *= slope
    for d in range(plan.derived_start.size - 1):
        for t in range(plan.derived_start[d], plan.derived_start[d + 1]):
            _add_product(plan, t, n_dir, P, dP, n_primary + d)


@njit(cache=True)
def _add_term(plan, t, weight, eta, n_dir, P, dP):
    """Adds one (weighted, perhaps Box-Cox transformed) eta to the sum that acts on its parameter."""
    p, e = plan.term_param[t], plan.term_eta[t]
    shape = plan.term_shape[t]
    value, slope = eta[e], 1.0
    if shape != 0.0:
        slope = exp(shape * eta[e])
        value = (slope - 1.0) / shape
    P[p] += weight * value
    if n_dir > 0:
        dP[p, e] += weight * slope


@njit(cache=True)
def _apply(kind, typical, P, p):
    """Turns the sum of etas in P[p] into the parameter; returns d(parameter)/d(sum)."""
    total = P[p]
    if kind == FIXED:
        P[p] = typical
        return 0.0
    if kind == ADDITIVE:
        P[p] = typical + total
        return 1.0
    if kind == PROPORTIONAL:
        P[p] = typical * (1.0 + total)
        return typical
    if kind == LOGIT:
        value = 1.0 / (1.0 + exp(-(log(typical / (1.0 - typical)) + total)))
        P[p] = value
        return value * (1.0 - value)
    P[p] = typical * exp(total)  # EXPONENTIAL and BOXCOX
    return P[p]


@njit(cache=True)
def _add_product(plan, t, n_dir, P, dP, target):
    """Adds coefficient * prod P^power to a derived parameter."""
    start, stop = plan.power_start[t], plan.power_start[t + 1]
    product = plan.derived_coef[t]
    for k in range(start, stop):
        product *= P[plan.power_param[k]] ** plan.power_value[k]
    P[target] += product
    for k in range(start, stop):
        p = plan.power_param[k]
        if P[p] != 0.0:
            factor = plan.power_value[k] * product / P[p]
            for q in range(n_dir):
                dP[target, q] += factor * dP[p, q]


@njit(cache=True)
def coefficients(plan, P, dP, n_dir, C, dC):
    """Fills C (f, 5) and dC (f, 5, e): rate constant or vmax, km as an amount, emax with its sign, ec50 as an amount, hill.

    Returns False where a rate, a volume, or an affinity can not be (negative, zero volume, not finite).
    """
    for f in range(plan.flux_kind.size):
        if not _flux(plan, f, P, dP, n_dir, C, dC):
            return False
    return True


@njit(cache=True)
def _flux(plan, f, P, dP, n_dir, C, dC):
    rate, volume, km = plan.flux_param[f, RATE], plan.flux_param[f, VOLUME], plan.flux_param[f, KM]
    C[f, 0] = P[rate]
    for q in range(n_dir):
        dC[f, 0, q] = dP[rate, q]
    if plan.flux_kind[f] == LINEAR and volume >= 0:
        if not P[volume] > 0.0:
            return False
        C[f, 0] = P[rate] / P[volume]
        for q in range(n_dir):
            dC[f, 0, q] = (dP[rate, q] - C[f, 0] * dP[volume, q]) / P[volume]
    if plan.flux_kind[f] == MICHAELIS_MENTEN:
        _product(P, dP, km, volume, n_dir, C, dC, f, 1)
        if not C[f, 1] > 0.0:
            return False
    if plan.flux_sign[f] != 0 and not _modulation(plan, f, P, dP, n_dir, C, dC):
        return False
    return C[f, 0] >= 0.0 and np.isfinite(C[f, 0])


@njit(cache=True)
def _modulation(plan, f, P, dP, n_dir, C, dC):
    emax, hill = plan.flux_param[f, EMAX], plan.flux_param[f, HILL]
    C[f, 2] = plan.flux_sign[f] * P[emax]
    C[f, 4] = 1.0 if hill < 0 else P[hill]
    for q in range(n_dir):
        dC[f, 2, q] = plan.flux_sign[f] * dP[emax, q]
        dC[f, 4, q] = 0.0 if hill < 0 else dP[hill, q]
    _product(P, dP, plan.flux_param[f, EC50], plan.flux_param[f, DRIVER_VOLUME], n_dir, C, dC, f, 3)
    return C[f, 3] > 0.0 and C[f, 4] > 0.0


@njit(cache=True)
def _product(P, dP, a, b, n_dir, C, dC, f, column):
    """A concentration times its volume is an amount; without a volume the state is the quantity itself."""
    v = 1.0 if b < 0 else P[b]
    C[f, column] = P[a] * v
    for q in range(n_dir):
        dC[f, column, q] = dP[a, q] * v + (0.0 if b < 0 else P[a] * dP[b, q])
