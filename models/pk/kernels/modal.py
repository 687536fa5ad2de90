"""Closed-form propagation of a linear core with first-order depots, with exact derivatives.

In the core's eigenvectors z' = L z + g + sum_d v_d ka_d A_d(t), and for a derivative s of z by a random effect
s' = L s + M z + (derivative of the input); all integrals are divided differences of the exponentials.
Assumes that no infusion runs into a depot (models.pk.kernels.run then takes the matrix exponential).
"""

from math import exp

import numpy as np
from numba import njit

from models.pk.kernels.divided import first, second


@njit(cache=True)
def propagate_modal(plan, rows, r, x, S, R, dR, t, skip, area):
    """Moves x (c,) and S (c, skip + e) in place over t h with rates R (c,), dR (c, e).

    The first `skip` columns of S are derivatives by the initial state. area (c,): receives int x dt where its size
    is not 0 (values only).
    """
    m, n_depot, n_dir = plan.core.size, plan.depot.size, S.shape[1]
    lam, V, W = rows.values[r], rows.vectors[r], rows.inverse[r]
    e, z, g = np.empty(m), np.empty(m), np.zeros(m)
    running = False
    for i in range(m):
        e[i] = exp(lam[i] * t)
        total = 0.0
        for j in range(m):
            total += W[i, j] * x[plan.core[j]]
            if R[plan.core[j]] != 0.0:
                g[i] += W[i, j] * R[plan.core[j]]
                running = True
        z[i] = total
    k, ek, h = np.empty(n_depot), np.empty(n_depot), np.zeros((m, n_depot))
    for d in range(n_depot):
        k[d] = rows.C[r, plan.depot_flux[d], 0]
        ek[d] = exp(-k[d] * t)
        for i in range(m):
            h[i, d] = W[i, plan.depot_target[d]] * k[d] * x[plan.depot[d]]
    if n_dir > 0:
        _derivatives(plan, rows, r, x, S, dR, t, skip, e, z, g, k, ek, h, running)
    if area.size > 0:
        _area(plan, lam, V, x, t, e, z, g, k, ek, h, area)
    for i in range(m):
        z[i] *= e[i]
        if running:
            z[i] += g[i] * first(lam[i], 0.0, e[i], 1.0, t)
        for d in range(n_depot):
            if h[i, d] != 0.0:
                z[i] += h[i, d] * first(lam[i], -k[d], e[i], ek[d], t)
    for j in range(m):
        total = 0.0
        for i in range(m):
            total += V[j, i] * z[i]
        x[plan.core[j]] = total
    for d in range(n_depot):
        x[plan.depot[d]] *= ek[d]


@njit(cache=True)
def _coupling(lam, e, z, g, k, ek, h, t, running):
    """Z[i, j] = int_0^t e^{lam_i (t - s)} z_j(s) ds."""
    m = lam.size
    Z = np.empty((m, m))
    for i in range(m):
        for j in range(m):
            total = z[j] * first(lam[i], lam[j], e[i], e[j], t)
            if running:
                total += g[j] * second(lam[i], lam[j], 0.0, e[i], e[j], 1.0, t)
            for d in range(k.size):
                if h[j, d] != 0.0:
                    total += h[j, d] * second(lam[i], lam[j], -k[d], e[i], e[j], ek[d], t)
            Z[i, j] = total
    return Z


@njit(cache=True)
def _derivatives(plan, rows, r, x, S, dR, t, skip, e, z, g, k, ek, h, running):
    core, m, n_depot = plan.core, plan.core.size, plan.depot.size
    lam, V, W = rows.values[r], rows.vectors[r], rows.inverse[r]
    Z = _coupling(lam, e, z, g, k, ek, h, t, running)
    s = np.empty(m)
    for q in range(S.shape[1]):
        p = q - skip
        for i in range(m):
            total = 0.0
            for j in range(m):
                total += W[i, j] * S[core[j], q]
            total *= e[i]
            if p >= 0 and rows.touches[r, p]:
                for j in range(m):
                    total += rows.M[r, p, i, j] * Z[i, j]
            if p >= 0:
                rate = 0.0
                for j in range(m):
                    rate += W[i, j] * dR[core[j], p]
                if rate != 0.0:
                    total += rate * first(lam[i], 0.0, e[i], 1.0, t)
            s[i] = total
        for d in range(n_depot):
            _depot(plan, rows, r, d, x, S, t, q, p, e, k, ek, s)
        for j in range(m):
            total = 0.0
            for i in range(m):
                total += V[j, i] * s[i]
            S[core[j], q] = total


@njit(cache=True)
def _depot(plan, rows, r, d, x, S, t, q, p, e, k, ek, s):
    """Adds to s what the depot's own derivative feeds into the core, and moves the depot's derivative."""
    c = plan.depot[d]
    dk = rows.dC[r, plan.depot_flux[d], 0, p] if p >= 0 else 0.0
    fed, bent = dk * x[c] + k[d] * S[c, q], k[d] * dk * x[c]
    if fed != 0.0 or bent != 0.0:
        for i in range(s.size):
            lam, v = rows.values[r, i], rows.inverse[r, i, plan.depot_target[d]]
            s[i] += v * fed * first(lam, -k[d], e[i], ek[d], t)
            if bent != 0.0:
                s[i] -= v * bent * second(lam, -k[d], -k[d], e[i], ek[d], ek[d], t)
    S[c, q] = ek[d] * (S[c, q] - t * dk * x[c])


@njit(cache=True)
def _area(plan, lam, V, x, t, e, z, g, k, ek, h, area):
    """Adds int_0^t x ds to area."""
    m = lam.size
    for i in range(m):
        total = z[i] * first(lam[i], 0.0, e[i], 1.0, t)
        if g[i] != 0.0:
            total += g[i] * second(lam[i], 0.0, 0.0, e[i], 1.0, 1.0, t)
        for d in range(k.size):
            if h[i, d] != 0.0:
                total += h[i, d] * second(lam[i], -k[d], 0.0, e[i], ek[d], 1.0, t)
        for j in range(m):
            area[plan.core[j]] += V[j, i] * total
    for d in range(k.size):
        area[plan.depot[d]] += x[plan.depot[d]] * first(-k[d], 0.0, ek[d], 1.0, t)
