"""Individual parameters and rate coefficients with their exact derivatives by the random effects.

Jets: the last axis of P and C holds the value first, then its derivative by each eta that is asked for.
"""

from math import exp, log

import numpy as np

from models.kernel import Array, lean, part
from models.population.plan import (
    ADDITIVE,
    COEFFICIENT,
    DRIVER_VOLUME,
    EC50,
    EMAX,
    FIRST,
    FIXED,
    HILL,
    KIND,
    KM,
    LAST,
    LINEAR,
    LOGIT,
    MICHAELIS_MENTEN,
    POWER_PARAM,
    POWER_VALUE,
    PROPORTIONAL,
    RATE,
    RISE,
    RISE_SHAPE,
    SIGN,
    TARGET,
    TERM_ETA,
    TERM_PARAM,
    TERM_SHAPE,
    VOLUME,
)

# columns of C, the coefficients of a flux: rate constant or vmax; km as an amount; emax with its sign; ec50 as an
# amount; hill; how a rate rises after a dose
C_RATE, C_KM, C_EMAX, C_EC50, C_HILL, C_RISE, C_SHAPE = range(7)
N_COEFFICIENTS = 7


@lean
def individual(
    kinds: Array,
    terms: Array,
    products: Array,
    powers: Array,
    typical: Array,
    weight: Array,
    r: int,
    eta: Array,
    P: Array,
) -> None:
    """Fills jets P (p, 1 + e or 1) from row r of typical (r, primary) and of the terms' weight (r, t), and eta (e,).

    kinds, terms, products, powers as in Plan.
    """
    n_jet = P.shape[1]
    P[:, :] = 0.0
    for t in range(terms.shape[0]):
        _add_term(terms, t, weight[r, t], eta, P)
    for p in range(kinds.size):
        slope = _apply(kinds[p], typical[r, p], P, p)
        for q in range(1, n_jet):
            P[p, q] *= slope
    for d in range(products.shape[0]):
        _add_product(products, powers, d, P)


@part
def _add_term(terms: Array, t: int, weight: float, eta: Array, P: Array) -> None:
    """Adds one (weighted, perhaps Box-Cox transformed) eta to the sum that acts on its parameter."""
    p, e, shape = int(terms[t, TERM_PARAM]), int(terms[t, TERM_ETA]), terms[t, TERM_SHAPE]
    value, slope = eta[e], 1.0
    if shape != 0.0:
        slope = exp(shape * eta[e])
        value = (slope - 1.0) / shape
    P[p, 0] += weight * value
    if P.shape[1] > 1:
        P[p, 1 + e] += weight * slope


@lean
def _apply(kind: int, typical: float, P: Array, p: int) -> float:
    """Turns the sum of etas in P[p, 0] into the parameter; returns d(parameter)/d(sum)."""
    total = P[p, 0]
    if kind == FIXED:
        P[p, 0] = typical
        return 0.0
    if kind == ADDITIVE:
        P[p, 0] = typical + total
        return 1.0
    if kind == PROPORTIONAL:
        P[p, 0] = typical * (1.0 + total)
        return typical
    if kind == LOGIT:
        value = 1.0 / (1.0 + exp(-(log(typical / (1.0 - typical)) + total)))
        P[p, 0] = value
        return value * (1.0 - value)
    value = typical * exp(total)  # EXPONENTIAL and BOXCOX
    P[p, 0] = value
    return value


@lean
def _add_product(products: Array, powers: Array, d: int, P: Array) -> None:
    """Adds coefficient * prod P^power to a derived parameter."""
    target, product = int(products[d, TARGET]), products[d, COEFFICIENT]
    start, stop = int(products[d, FIRST]), int(products[d, LAST])
    for k in range(start, stop):
        product *= P[int(powers[k, POWER_PARAM]), 0] ** powers[k, POWER_VALUE]
    P[target, 0] += product
    for k in range(start, stop):
        p = int(powers[k, POWER_PARAM])
        if P[p, 0] != 0.0:
            factor = powers[k, POWER_VALUE] * product / P[p, 0]
            for q in range(1, P.shape[1]):
                P[target, q] += factor * P[p, q]


@lean
def coefficients(flux: Array, P: Array, C: Array) -> bool:
    """Fills jets C (f, 7, 1 + e). False where a rate, a volume or an affinity can not be (negative, not finite)."""
    for f in range(flux.shape[0]):
        rate, volume, kind = flux[f, RATE], flux[f, VOLUME], flux[f, KIND]
        if kind == LINEAR and volume >= 0:
            _quotient(P, rate, volume, C, f)
            if not P[volume, 0] > 0.0:
                return False
        else:
            for q in range(P.shape[1]):
                C[f, C_RATE, q] = P[rate, q]
        if kind == MICHAELIS_MENTEN:
            _product(P, flux[f, KM], volume, C, f, C_KM)
            if not C[f, C_KM, 0] > 0.0:
                return False
        if flux[f, RISE] >= 0:
            for q in range(P.shape[1]):
                C[f, C_RISE, q], C[f, C_SHAPE, q] = P[flux[f, RISE], q], P[flux[f, RISE_SHAPE], q]
            if not (C[f, C_RISE, 0] > 0.0 and C[f, C_SHAPE, 0] > 0.0):
                return False
        if flux[f, SIGN] != 0 and not _modulation(flux, P, C, f):
            return False
        if not (C[f, C_RATE, 0] >= 0.0 and np.isfinite(C[f, C_RATE, 0])):
            return False
    return True


@lean
def _modulation(flux: Array, P: Array, C: Array, f: int) -> bool:
    hill = flux[f, HILL]
    for q in range(P.shape[1]):
        C[f, C_EMAX, q] = flux[f, SIGN] * P[flux[f, EMAX], q]
        C[f, C_HILL, q] = P[hill, q] if hill >= 0 else 0.0
    if hill < 0:
        C[f, C_HILL, 0] = 1.0
    _product(P, flux[f, EC50], flux[f, DRIVER_VOLUME], C, f, C_EC50)
    return C[f, C_EC50, 0] > 0.0 and C[f, C_HILL, 0] > 0.0


@part
def _quotient(P: Array, a: int, b: int, C: Array, f: int) -> None:
    C[f, C_RATE, 0] = P[a, 0] / P[b, 0]
    for q in range(1, P.shape[1]):
        C[f, C_RATE, q] = (P[a, q] - C[f, C_RATE, 0] * P[b, q]) / P[b, 0]


@lean
def _product(P: Array, a: int, b: int, C: Array, f: int, column: int) -> None:
    """A concentration times its volume is an amount; without a volume the state is the quantity itself."""
    v = P[b, 0] if b >= 0 else 1.0
    C[f, column, 0] = P[a, 0] * v
    for q in range(1, P.shape[1]):
        C[f, column, q] = P[a, q] * v + (P[a, 0] * P[b, q] if b >= 0 else 0.0)
