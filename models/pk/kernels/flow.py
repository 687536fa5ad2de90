"""Amounts per hour along every flux of a model: the right-hand side of its differential equations, and their Jacobian.

flux is Plan.flux; C (f, 7, j) are the jets of its coefficients in one row (see individual.py). Elements are read one by
one: in compiled code a slice costs more than the arithmetic here.
"""

from math import log

from models.kernel import Array, lean, part
from models.pk.kernels.individual import C_EC50, C_EMAX, C_HILL, C_KM, C_RATE
from models.population.plan import DRIVER, FROM, KIND, LINEAR, MICHAELIS_MENTEN, SIGN, TO


@part
def _emax(x: float, ec50: float, hill: float) -> float:
    """x^h / (ec50^h + x^h), 0 for amounts that rounding made negative."""
    effect = 0.0
    if x > 0.0:
        effect = x / (ec50 + x) if hill == 1.0 else 1.0 / (1.0 + (ec50 / x) ** hill)
    return effect


@lean
def flow(flux: Array, C: Array, X: Array, R: Array, out: Array) -> None:
    """out[:, 0] = dx/dt at amounts X[:, 0] with infusion rates R[:, 0]."""
    for i in range(out.shape[0]):
        out[i, 0] = R[i, 0]
    for f in range(flux.shape[0]):
        source, target = flux[f, FROM], flux[f, TO]
        rate = C[f, C_RATE, 0]
        if flux[f, KIND] == MICHAELIS_MENTEN:
            rate *= X[source, 0] / (C[f, C_KM, 0] + X[source, 0])
        elif flux[f, KIND] == LINEAR:
            rate *= X[source, 0]
        if flux[f, SIGN] != 0:
            rate *= 1.0 + C[f, C_EMAX, 0] * _emax(X[flux[f, DRIVER], 0], C[f, C_EC50, 0], C[f, C_HILL, 0])
        if source >= 0:
            out[source, 0] -= rate
        if target >= 0:
            out[target, 0] += rate


@lean
def jacobian(flux: Array, C: Array, X: Array, J: Array, G: Array) -> None:
    """J (c, c) = d(flow)/dx, G (c, e) = d(flow)/d(eta) at fixed amounts."""
    for i in range(J.shape[0]):
        for j in range(J.shape[1]):
            J[i, j] = 0.0
        for q in range(G.shape[1]):
            G[i, q] = 0.0
    for f in range(flux.shape[0]):
        source, target, kind = flux[f, FROM], flux[f, TO], flux[f, KIND]
        k = C[f, C_RATE, 0]
        x = X[source, 0] if source >= 0 else 1.0
        by_source, by_rate, by_km = 0.0, 1.0, 0.0
        if kind == MICHAELIS_MENTEN:
            below = C[f, C_KM, 0] + x
            by_source, by_rate, by_km = k * C[f, C_KM, 0] / (below * below), x / below, -k * x / (below * below)
        elif kind == LINEAR:
            by_source, by_rate = k, x
        if flux[f, SIGN] != 0:
            factor = _modulate(flux, C, f, X, k * by_rate, J, G)
            by_source, by_rate = by_source * factor, by_rate * factor
        for q in range(G.shape[1]):
            slope = by_rate * C[f, C_RATE, 1 + q] + by_km * C[f, C_KM, 1 + q]
            if source >= 0:
                G[source, q] -= slope
            if target >= 0:
                G[target, q] += slope
        if source >= 0:
            J[source, source] -= by_source
            if target >= 0:
                J[target, source] += by_source


@lean
def _modulate(flux: Array, C: Array, f: int, X: Array, base: float, J: Array, G: Array) -> float:
    """Adds what an Emax effect on flux f puts into J and G; returns the factor 1 + emax * effect."""
    emax, ec50, hill, driver = C[f, C_EMAX, 0], C[f, C_EC50, 0], C[f, C_HILL, 0], X[flux[f, DRIVER], 0]
    effect = _emax(driver, ec50, hill)
    bend = base * emax * effect * (1.0 - effect)
    by_driver = base * emax / ec50 if hill == 1.0 else 0.0
    if driver > 0.0:
        by_driver = bend * hill / driver
    by_hill = bend * log(driver / ec50) if driver > 0.0 else 0.0
    source, target = flux[f, FROM], flux[f, TO]
    for sign, c in ((-1.0, source), (1.0, target)):
        if c >= 0:
            J[c, flux[f, DRIVER]] += sign * by_driver
            for q in range(G.shape[1]):
                slope = base * effect * C[f, C_EMAX, 1 + q] - bend * hill / ec50 * C[f, C_EC50, 1 + q]
                G[c, q] += sign * (slope + by_hill * C[f, C_HILL, 1 + q])
    return 1.0 + emax * effect


@lean
def slopes(flux: Array, C: Array, X: Array, R: Array, skip: int, J: Array, G: Array, K: Array, s: int) -> None:
    """K[s] (c, w) = d/dt of jets X (c, w); a last column beyond the jets integrates the amounts.

    Columns of X: amounts, `skip` derivatives by the initial state, derivatives by the etas, perhaps the integral.
    """
    c, n_jet = X.shape[0], 1 + skip + G.shape[1]
    flow(flux, C, X, R, K[s])
    if n_jet > 1:
        jacobian(flux, C, X, J, G)
        for i in range(c):
            for q in range(1, n_jet):
                total = G[i, q - skip - 1] + R[i, q - skip] if q > skip else 0.0
                for j in range(c):
                    total += J[i, j] * X[j, q]
                K[s, i, q] = total
    if X.shape[1] > n_jet:
        for i in range(c):
            K[s, i, n_jet] = X[i, 0]
