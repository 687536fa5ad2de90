"""Amounts per hour along every flux of a model: the right-hand side of its differential equations, and their Jacobian."""

import numpy as np
from numba import njit

from models.population.plan import LINEAR, MICHAELIS_MENTEN


@njit(cache=True)
def flow(plan, C, x, R, out):
    """out (c,) = dx/dt at amounts x (c,) with rate coefficients C (f, 5) and infusion rates R (c,)."""
    out[:] = R
    for f in range(plan.flux_kind.size):
        rate = _rate(plan, C[f], f, x)
        if plan.flux_from[f] >= 0:
            out[plan.flux_from[f]] -= rate
        if plan.flux_to[f] >= 0:
            out[plan.flux_to[f]] += rate


@njit(cache=True)
def _rate(plan, k, f, x):
    source = plan.flux_from[f]
    if plan.flux_kind[f] == MICHAELIS_MENTEN:
        return k[0] * x[source] / (k[1] + x[source])
    base = k[0] * x[source] if plan.flux_kind[f] == LINEAR else k[0]
    if plan.flux_sign[f] == 0:
        return base
    return base * (1.0 + k[2] * _emax(x[plan.flux_driver[f]], k[3], k[4]))


@njit(cache=True)
def _emax(x, ec50, hill):
    """x^h / (ec50^h + x^h), 0 for amounts that rounding made negative."""
    if x <= 0.0:
        return 0.0
    if hill == 1.0:
        return x / (ec50 + x)
    return 1.0 / (1.0 + (ec50 / x) ** hill)


@njit(cache=True)
def jacobian(plan, C, dC, x, skip, J, G):
    """J (c, c) = d(flow)/dx, and G (c, skip + e) = d(flow)/d(eta) at fixed x in the columns from `skip` on."""
    J[:, :] = 0.0
    G[:, :] = 0.0
    by_k = np.zeros(5)
    for f in range(plan.flux_kind.size):
        source, target = plan.flux_from[f], plan.flux_to[f]
        by_source, by_driver = _slopes(plan, C[f], f, x, by_k)
        if source >= 0:
            _add(J, source, target, source, by_source)
        if plan.flux_sign[f] != 0:
            _add(J, source, target, plan.flux_driver[f], by_driver)
        for q in range(G.shape[1] - skip):
            slope = 0.0
            for n in range(5):
                slope += by_k[n] * dC[f, n, q]
            if slope != 0.0:
                _add(G, source, target, skip + q, slope)


@njit(cache=True)
def _add(J, source, target, column, slope):
    if source >= 0:
        J[source, column] -= slope
    if target >= 0:
        J[target, column] += slope


@njit(cache=True)
def _slopes(plan, k, f, x, by_k):
    """Derivatives of one flux: by its source amount, by its driver amount; by_k by its coefficients."""
    by_k[:] = 0.0
    source = plan.flux_from[f]
    if plan.flux_kind[f] == MICHAELIS_MENTEN:
        a, below = x[source], k[1] + x[source]
        by_k[0], by_k[1] = a / below, -k[0] * a / below**2
        return k[0] * k[1] / below**2, 0.0
    linear = plan.flux_kind[f] == LINEAR
    a = x[source] if linear else 1.0
    by_source = k[0] if linear else 0.0
    by_k[0] = a
    if plan.flux_sign[f] == 0:
        return by_source, 0.0
    return _modulated(k, a, by_source, x[plan.flux_driver[f]], by_k)


@njit(cache=True)
def _modulated(k, a, by_source, driver, by_k):
    effect = _emax(driver, k[3], k[4])
    factor, base = 1.0 + k[2] * effect, k[0] * a
    by_k[0], by_k[2] = a * factor, base * effect
    by_driver = 0.0
    if driver > 0.0:
        bend = base * k[2] * effect * (1.0 - effect)
        by_driver = bend * k[4] / driver
        by_k[3] = -bend * k[4] / k[3]
        by_k[4] = bend * np.log(driver / k[3])
    elif k[4] == 1.0:
        by_driver = base * k[2] / k[3]
    return by_source * factor, by_driver
