"""Amounts per hour along every flux of a model: the right-hand side of its differential equations, and their Jacobian."""

from math import log

import numpy as np

from models.kernel import Array, kernel
from models.pk.kernels.individual import C_EC50, C_EMAX, C_HILL, C_KM, C_RATE
from models.population.plan import DRIVER, FROM, KIND, LINEAR, MICHAELIS_MENTEN, SIGN, TO, Plan


@kernel
def flow(plan: Plan, C: Array, X: Array, R: Array, out: Array) -> None:
    """out[:, 0] = dx/dt at amounts X[:, 0] with coefficients C (f, 5, j) and infusion rates R[:, 0]."""
    out[:, 0] = R[:, 0]
    for f in range(plan.flux.shape[0]):
        rate = _rate(plan.flux[f], C[f], X)
        if plan.flux[f, FROM] >= 0:
            out[plan.flux[f, FROM], 0] -= rate
        if plan.flux[f, TO] >= 0:
            out[plan.flux[f, TO], 0] += rate


@kernel
def _rate(row: Array, k: Array, X: Array) -> float:
    if row[KIND] == MICHAELIS_MENTEN:
        return k[C_RATE, 0] * X[row[FROM], 0] / (k[C_KM, 0] + X[row[FROM], 0])
    base = k[C_RATE, 0] * (X[row[FROM], 0] if row[KIND] == LINEAR else 1.0)
    if row[SIGN] == 0:
        return base
    return base * (1.0 + k[C_EMAX, 0] * _emax(X[row[DRIVER], 0], k[C_EC50, 0], k[C_HILL, 0]))


@kernel
def _emax(x: float, ec50: float, hill: float) -> float:
    """x^h / (ec50^h + x^h), 0 for amounts that rounding made negative."""
    if x <= 0.0:
        return 0.0
    if hill == 1.0:
        return x / (ec50 + x)
    return 1.0 / (1.0 + (ec50 / x) ** hill)


@kernel
def jacobian(plan: Plan, C: Array, X: Array, J: Array, G: Array) -> None:
    """J (c, c) = d(flow)/dx, G (c, e) = d(flow)/d(eta) at fixed amounts."""
    J[:, :] = 0.0
    G[:, :] = 0.0
    by_k = np.zeros(5)
    for f in range(plan.flux.shape[0]):
        row = plan.flux[f]
        by_source, by_driver = _slopes(row, C[f], X, by_k)
        if row[FROM] >= 0:
            _add(J, row, row[FROM], by_source)
        if row[SIGN] != 0:
            _add(J, row, row[DRIVER], by_driver)
        for q in range(G.shape[1]):
            slope = 0.0
            for n in range(5):
                slope += by_k[n] * C[f, n, 1 + q]
            if slope != 0.0:
                _add(G, row, q, slope)


@kernel
def _add(J: Array, row: Array, column: int, slope: float) -> None:
    if row[FROM] >= 0:
        J[row[FROM], column] -= slope
    if row[TO] >= 0:
        J[row[TO], column] += slope


@kernel
def _slopes(row: Array, k: Array, X: Array, by_k: Array) -> tuple[float, float]:
    """Derivatives of one flux by its source amount and by its driver amount; by_k (5,) by its coefficients."""
    by_k[:] = 0.0
    if row[KIND] == MICHAELIS_MENTEN:
        a = X[row[FROM], 0]
        below = k[C_KM, 0] + a
        by_k[C_RATE], by_k[C_KM] = a / below, -k[C_RATE, 0] * a / (below * below)
        return k[C_RATE, 0] * k[C_KM, 0] / (below * below), 0.0
    linear = row[KIND] == LINEAR
    a = X[row[FROM], 0] if linear else 1.0
    by_source = k[C_RATE, 0] if linear else 0.0
    by_k[C_RATE] = a
    if row[SIGN] == 0:
        return by_source, 0.0
    return _modulated(k, a, by_source, X[row[DRIVER], 0], by_k)


@kernel
def _modulated(k: Array, a: float, by_source: float, driver: float, by_k: Array) -> tuple[float, float]:
    effect = _emax(driver, k[C_EC50, 0], k[C_HILL, 0])
    factor, base = 1.0 + k[C_EMAX, 0] * effect, k[C_RATE, 0] * a
    by_k[C_RATE], by_k[C_EMAX] = a * factor, base * effect
    by_driver = 0.0
    if driver > 0.0:
        bend = base * k[C_EMAX, 0] * effect * (1.0 - effect)
        by_driver = bend * k[C_HILL, 0] / driver
        by_k[C_EC50] = -bend * k[C_HILL, 0] / k[C_EC50, 0]
        by_k[C_HILL] = bend * log(driver / k[C_EC50, 0])
    elif k[C_HILL, 0] == 1.0:
        by_driver = base * k[C_EMAX, 0] / k[C_EC50, 0]
    return by_source * factor, by_driver


@kernel
def slopes(plan: Plan, C: Array, X: Array, R: Array, skip: int, J: Array, G: Array, out: Array) -> None:
    """out (c, w) = d/dt of jets X (c, w); a last column beyond the jets integrates the amounts.

    Columns of X: amounts, `skip` derivatives by the initial state, derivatives by the etas, perhaps the integral.
    """
    c, n_jet = X.shape[0], 1 + skip + G.shape[1]
    flow(plan, C, X, R, out)
    if n_jet > 1:
        jacobian(plan, C, X, J, G)
        for q in range(1, n_jet):
            p = q - skip
            for i in range(c):
                total = G[i, p - 1] + R[i, p] if p >= 1 else 0.0
                for j in range(c):
                    total += J[i, j] * X[j, q]
                out[i, q] = total
    if X.shape[1] > n_jet:
        out[:, n_jet] = X[:, 0]
