"""Closed-form propagation of a linear core with first-order depots, with exact derivatives.

In the core's eigenvectors z' = L z + g + sum_d v_d ka_d A_d(t), and for a derivative s of z by a random effect
s' = L s + M z + (derivative of the input); all integrals are divided differences of the exponentials.
Assumes that no infusion runs into a depot (models.subject then chooses the matrix exponential).
"""

from math import exp
from typing import NamedTuple

from models.kernel import Array, kernel
from models.pk.kernels.divided import first, second
from models.pk.kernels.individual import C_RATE
from models.pk.kernels.rows import Rows
from models.population.plan import CORE_COMP, DEPOT_COMP, DEPOT_FLUX, DEPOT_TARGET, Plan


class Input(NamedTuple):
    """One interval of t h in modes: z (m,) at its start, e = exp(lam t), g constant input; k, ek (d,) of the depots.

    h (m, d): what each depot feeds into each mode per h at the start. coupling (m, m), s (m,): scratch.
    """

    t: float
    n_depot: int
    z: Array
    e: Array
    g: Array
    k: Array
    ek: Array
    h: Array
    coupling: Array
    s: Array
    running: bool


@kernel
def propagate_modal(
    plan: Plan, rows: Rows, r: int, X: Array, R: Array, t: float, skip: int, area: Array, work: Array
) -> None:
    """Moves jets X (c, 1 + skip + e) in place over t h with rates R (c, 1 + e).

    Columns 1 to skip of X are derivatives by the initial state. area (c,): gets int x dt added where it has a size.
    """
    now = _into_modes(plan, rows, r, X, R, t, work)
    lam, V = rows.values[r], rows.vectors[r, 0]
    m, n_depot = plan.core.shape[0], plan.depot.shape[0]
    if X.shape[1] > 1:
        _derivatives(plan, rows, r, X, R, skip, now)
    if area.size > 0:
        _area(plan, lam, V, X, now, area)
    z = now.z
    for i in range(m):
        z[i] *= now.e[i]
        if now.running:
            z[i] += now.g[i] * first(lam[i], 0.0, now.e[i], 1.0, t)
        for d in range(n_depot):
            if now.h[i, d] != 0.0:
                z[i] += now.h[i, d] * first(lam[i], -now.k[d], now.e[i], now.ek[d], t)
    for j in range(m):
        total = 0.0
        for i in range(m):
            total += V[j, i] * z[i]
        X[plan.core[j, CORE_COMP], 0] = total
    for d in range(n_depot):
        X[plan.depot[d, DEPOT_COMP], 0] *= now.ek[d]


@kernel
def _into_modes(plan: Plan, rows: Rows, r: int, X: Array, R: Array, t: float, work: Array) -> Input:
    m, n_depot = plan.core.shape[0], plan.depot.shape[0]
    W = rows.vectors[r, 1]
    z, e, g, k, ek = work[1], work[2], work[3], work[4], work[5]
    h = work[7 : 7 + m]
    z[:m], g[:m] = 0.0, 0.0
    running = False
    for i in range(m):
        e[i] = exp(rows.values[r, i] * t)
    for j in range(m):
        amount, rate = X[plan.core[j, CORE_COMP], 0], R[plan.core[j, CORE_COMP], 0]
        running = running or rate != 0.0
        for i in range(m):
            z[i] += W[i, j] * amount
            g[i] += W[i, j] * rate
    for d in range(n_depot):
        k[d] = rows.C[r, plan.depot[d, DEPOT_FLUX], C_RATE, 0]
        ek[d] = exp(-k[d] * t)
        for i in range(m):
            h[i, d] = W[i, plan.depot[d, DEPOT_TARGET]] * k[d] * X[plan.depot[d, DEPOT_COMP], 0]
    return Input(t, n_depot, z, e, g, k, ek, h, work[7 + m : 7 + 2 * m], work[6], running)


@kernel
def _couple(lam: Array, now: Input) -> None:
    """coupling[i, j] = int_0^t e^{lam_i (t - s)} z_j(s) ds."""
    m = lam.size
    t, e, Z = now.t, now.e, now.coupling
    for i in range(m):
        for j in range(m):
            total = now.z[j] * first(lam[i], lam[j], e[i], e[j], t)
            if now.running:
                total += now.g[j] * second(lam[i], lam[j], 0.0, e[i], e[j], 1.0, t)
            for d in range(now.n_depot):
                if now.h[j, d] != 0.0:
                    total += now.h[j, d] * second(lam[i], lam[j], -now.k[d], e[i], e[j], now.ek[d], t)
            Z[i, j] = total


@kernel
def _derivatives(plan: Plan, rows: Rows, r: int, X: Array, R: Array, skip: int, now: Input) -> None:
    core, m = plan.core, plan.core.shape[0]
    lam, V, W = rows.values[r], rows.vectors[r, 0], rows.vectors[r, 1]
    _couple(lam, now)
    Z = now.coupling
    s = now.s
    for q in range(1, X.shape[1]):
        p = q - skip  # place in the jets of R, K and C; below 1: a derivative by the initial state
        for i in range(m):
            total, rate = 0.0, 0.0
            for j in range(m):
                total += W[i, j] * X[core[j, CORE_COMP], q]
                if p >= 1:
                    rate += W[i, j] * R[core[j, CORE_COMP], p]
            total *= now.e[i]
            if rate != 0.0:
                total += rate * first(lam[i], 0.0, now.e[i], 1.0, now.t)
            if p >= 1 and rows.touches[r, p - 1]:
                for j in range(m):
                    total += rows.M[r, p - 1, i, j] * Z[i, j]
            s[i] = total
        for d in range(now.n_depot):
            _depot(plan, rows, r, d, X, q, p, now, s)
        for j in range(m):
            total = 0.0
            for i in range(m):
                total += V[j, i] * s[i]
            X[core[j, CORE_COMP], q] = total


@kernel
def _depot(plan: Plan, rows: Rows, r: int, d: int, X: Array, q: int, p: int, now: Input, s: Array) -> None:
    """Adds to s what the depot's own derivative feeds into the core, and moves the depot's derivative."""
    c, k, ek = plan.depot[d, DEPOT_COMP], now.k[d], now.ek[d]
    dk = rows.C[r, plan.depot[d, DEPOT_FLUX], C_RATE, p] if p >= 1 else 0.0
    fed, bent = dk * X[c, 0] + k * X[c, q], k * dk * X[c, 0]
    if fed != 0.0 or bent != 0.0:
        for i in range(plan.core.shape[0]):
            lam, v = rows.values[r, i], rows.vectors[r, 1, i, plan.depot[d, DEPOT_TARGET]]
            s[i] += v * fed * first(lam, -k, now.e[i], ek, now.t)
            if bent != 0.0:
                s[i] -= v * bent * second(lam, -k, -k, now.e[i], ek, ek, now.t)
    X[c, q] = ek * (X[c, q] - now.t * dk * X[c, 0])


@kernel
def _area(plan: Plan, lam: Array, V: Array, X: Array, now: Input, area: Array) -> None:
    """Adds int_0^t x ds to area; X still holds the start of the interval."""
    m, t = lam.size, now.t
    for i in range(m):
        total = now.z[i] * first(lam[i], 0.0, now.e[i], 1.0, t)
        if now.g[i] != 0.0:
            total += now.g[i] * second(lam[i], 0.0, 0.0, now.e[i], 1.0, 1.0, t)
        for d in range(now.n_depot):
            if now.h[i, d] != 0.0:
                total += now.h[i, d] * second(lam[i], -now.k[d], 0.0, now.e[i], now.ek[d], 1.0, t)
        for j in range(m):
            area[plan.core[j, CORE_COMP]] += V[j, i] * total
    for d in range(now.n_depot):
        c = plan.depot[d, DEPOT_COMP]
        area[c] += X[c, 0] * first(-now.k[d], 0.0, now.ek[d], 1.0, t)
