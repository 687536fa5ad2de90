"""Individual parameters and rate coefficients with their exact derivatives by the random effects.

Jets: the last axis of P and C holds the value first, then its derivative by each eta that is asked for.
"""

from math import exp, log

import numpy as np

from models.kernel import Array, kernel
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
    SIGN,
    TARGET,
    TERM_ETA,
    TERM_PARAM,
    TERM_SHAPE,
    VOLUME,
    Plan,
)

# columns of C, the coefficients of a flux: rate constant or vmax; km as an amount; emax with its sign; ec50 as an
# amount; hill
C_RATE, C_KM, C_EMAX, C_EC50, C_HILL = range(5)


@kernel
def individual(plan: Plan, typical: Array, weight: Array, eta: Array, P: Array) -> None:
    """Fills jets P (p, 1 + e or 1) from typical (primary,), weight (terms,) of each eta term, eta (e,)."""
    n_jet = P.shape[1]
    P[:, :] = 0.0
    for t in range(plan.terms.shape[0]):
        _add_term(plan, t, weight[t], eta, P)
    for p in range(typical.size):
        slope = _apply(plan.kinds[p], typical[p], P[p])
        for q in range(1, n_jet):
            P[p, q] *= slope
    for d in range(plan.products.shape[0]):
        _add_product(plan, d, P)


@kernel
def _add_term(plan: Plan, t: int, weight: float, eta: Array, P: Array) -> None:
    """Adds one (weighted, perhaps Box-Cox transformed) eta to the sum that acts on its parameter."""
    p, e, shape = int(plan.terms[t, TERM_PARAM]), int(plan.terms[t, TERM_ETA]), plan.terms[t, TERM_SHAPE]
    value, slope = eta[e], 1.0
    if shape != 0.0:
        slope = exp(shape * eta[e])
        value = (slope - 1.0) / shape
    P[p, 0] += weight * value
    if P.shape[1] > 1:
        P[p, 1 + e] += weight * slope


@kernel
def _apply(kind: int, typical: float, jet: Array) -> float:
    """Turns the sum of etas in jet[0] into the parameter; returns d(parameter)/d(sum)."""
    total = jet[0]
    if kind == FIXED:
        jet[0] = typical
        return 0.0
    if kind == ADDITIVE:
        jet[0] = typical + total
        return 1.0
    if kind == PROPORTIONAL:
        jet[0] = typical * (1.0 + total)
        return typical
    if kind == LOGIT:
        value = 1.0 / (1.0 + exp(-(log(typical / (1.0 - typical)) + total)))
        jet[0] = value
        return value * (1.0 - value)
    value = typical * exp(total)  # EXPONENTIAL and BOXCOX
    jet[0] = value
    return value


@kernel
def _add_product(plan: Plan, d: int, P: Array) -> None:
    """Adds coefficient * prod P^power to a derived parameter."""
    target, product = int(plan.products[d, TARGET]), plan.products[d, COEFFICIENT]
    start, stop = int(plan.products[d, FIRST]), int(plan.products[d, LAST])
    for k in range(start, stop):
        product *= P[int(plan.powers[k, POWER_PARAM]), 0] ** plan.powers[k, POWER_VALUE]
    P[target, 0] += product
    for k in range(start, stop):
        p = int(plan.powers[k, POWER_PARAM])
        if P[p, 0] != 0.0:
            factor = plan.powers[k, POWER_VALUE] * product / P[p, 0]
            for q in range(1, P.shape[1]):
                P[target, q] += factor * P[p, q]


@kernel
def coefficients(plan: Plan, P: Array, C: Array) -> bool:
    """Fills jets C (f, 5, 1 + e). False where a rate, a volume or an affinity can not be (negative, not finite)."""
    for f in range(plan.flux.shape[0]):
        row = plan.flux[f]
        C[f, C_RATE] = P[row[RATE]]
        if row[KIND] == LINEAR and row[VOLUME] >= 0:
            _quotient(P[row[RATE]], P[row[VOLUME]], C[f, C_RATE])
            if not P[row[VOLUME], 0] > 0.0:
                return False
        if row[KIND] == MICHAELIS_MENTEN:
            _product(P, row[KM], row[VOLUME], C[f, C_KM])
            if not C[f, C_KM, 0] > 0.0:
                return False
        if row[SIGN] != 0 and not _modulation(row, P, C[f]):
            return False
        if not (C[f, C_RATE, 0] >= 0.0 and np.isfinite(C[f, C_RATE, 0])):
            return False
    return True


@kernel
def _modulation(row: Array, P: Array, C: Array) -> bool:
    for q in range(P.shape[1]):
        C[C_EMAX, q] = row[SIGN] * P[row[EMAX], q]
        C[C_HILL, q] = P[row[HILL], q] if row[HILL] >= 0 else 0.0
    if row[HILL] < 0:
        C[C_HILL, 0] = 1.0
    _product(P, row[EC50], row[DRIVER_VOLUME], C[C_EC50])
    return C[C_EC50, 0] > 0.0 and C[C_HILL, 0] > 0.0


@kernel
def _quotient(a: Array, b: Array, out: Array) -> None:
    out[0] = a[0] / b[0]
    for q in range(1, a.size):
        out[q] = (a[q] - out[0] * b[q]) / b[0]


@kernel
def _product(P: Array, a: int, b: int, out: Array) -> None:
    """A concentration times its volume is an amount; without a volume the state is the quantity itself."""
    v = P[b, 0] if b >= 0 else 1.0
    out[0] = P[a, 0] * v
    for q in range(1, P.shape[1]):
        out[q] = P[a, q] * v + (P[a, 0] * P[b, q] if b >= 0 else 0.0)
