"""Closed-form propagation of a linear core with first-order depots, with exact derivatives.

In the core's eigenvectors z' = L z + g + sum_d v_d ka_d A_d(t), and for a derivative s of z by a random effect
s' = L s + M z + (derivative of the input); all integrals are divided differences of the exponentials.
Assumes that no infusion runs into a depot (models.subject then chooses the matrix exponential).

Arrays are bound to names once: in compiled code every access to a field of a tuple counts references.
"""

from math import exp

from models.kernel import Array, kernel, part
from models.pk.kernels.divided import first, second
from models.pk.kernels.individual import C_RATE
from models.population.plan import CORE_COMP, DEPOT_COMP, DEPOT_FLUX, DEPOT_TARGET

# rows of the scratch: modes at the start, exp(lam t), constant input of the modes, ka and exp(-ka t) of the depots,
# a derivative; then m rows of H, what each depot feeds into each mode per h at the start, and m rows of the coupling Z
Z0, EXP, INPUT, KA, EXP_KA, SCRATCH, H0 = range(1, 8)


@kernel
def propagate_modal(
    core: Array,
    depot: Array,
    modes: Array,
    C: Array,
    M: Array,
    r: int,
    X: Array,
    R: Array,
    t: float,
    skip: int,
    area: Array,
    work: Array,
) -> None:
    """Moves jets X (c, 1 + skip + e) in place over t h with rates R (c, 1 + e).

    core, depot as in Plan; modes, C, M as in Rows; the rest as propagate.py says.
    """
    m, n_depot = core.shape[0], depot.shape[0]
    running = _into_modes(core, depot, modes, C, r, X, R, t, work)
    if X.shape[1] > 1:
        _couple(modes, r, m, n_depot, t, running, work)
        _derivatives(core, depot, modes, C, M, r, X, R, t, skip, work)
    if area.size > 0:
        _area(core, depot, modes, r, X, t, work, area)
    for i in range(m):
        lam, e = modes[r, 0, i], work[EXP, i]
        z = work[Z0, i] * e
        if running:
            z += work[INPUT, i] * first(lam, 0.0, e, 1.0, t)
        for d in range(n_depot):
            if work[H0 + i, d] != 0.0:
                z += work[H0 + i, d] * first(lam, -work[KA, d], e, work[EXP_KA, d], t)
        work[Z0, i] = z
    for j in range(m):
        total = 0.0
        for i in range(m):
            total += modes[r, 1 + j, i] * work[Z0, i]
        X[core[j, CORE_COMP], 0] = total
    for d in range(n_depot):
        X[depot[d, DEPOT_COMP], 0] *= work[EXP_KA, d]


@part
def _into_modes(
    core: Array, depot: Array, modes: Array, C: Array, r: int, X: Array, R: Array, t: float, work: Array
) -> bool:
    """Fills the scratch for one interval; whether an infusion runs."""
    m, running = core.shape[0], False
    for i in range(m):
        work[EXP, i] = exp(modes[r, 0, i] * t)
        z, g = 0.0, 0.0
        for j in range(m):
            c, w = core[j, CORE_COMP], modes[r, 1 + m + i, j]
            z += w * X[c, 0]
            g += w * R[c, 0]
        work[Z0, i], work[INPUT, i] = z, g
        running = running or g != 0.0
    for d in range(depot.shape[0]):
        ka = C[r, depot[d, DEPOT_FLUX], C_RATE, 0]
        work[KA, d], work[EXP_KA, d] = ka, exp(-ka * t)
        fed = ka * X[depot[d, DEPOT_COMP], 0]
        for i in range(m):
            work[H0 + i, d] = modes[r, 1 + m + i, depot[d, DEPOT_TARGET]] * fed
    return running


@part
def _couple(modes: Array, r: int, m: int, n_depot: int, t: float, running: bool, work: Array) -> None:
    """Z[i, j] = int_0^t e^{lam_i (t - s)} z_j(s) ds."""
    for i in range(m):
        a, ea = modes[r, 0, i], work[EXP, i]
        for j in range(m):
            b, eb = modes[r, 0, j], work[EXP, j]
            total = work[Z0, j] * first(a, b, ea, eb, t)
            if running:
                total += work[INPUT, j] * second(a, b, 0.0, ea, eb, 1.0, t)
            for d in range(n_depot):
                if work[H0 + j, d] != 0.0:
                    total += work[H0 + j, d] * second(a, b, -work[KA, d], ea, eb, work[EXP_KA, d], t)
            work[H0 + m + i, j] = total


@part
def _derivatives(
    core: Array,
    depot: Array,
    modes: Array,
    C: Array,
    M: Array,
    r: int,
    X: Array,
    R: Array,
    t: float,
    skip: int,
    work: Array,
) -> None:
    m = core.shape[0]
    for q in range(1, X.shape[1]):
        p = q - skip  # place in the jets of R, K and C; below 1: a derivative by the initial state
        for i in range(m):
            total, rate = 0.0, 0.0
            for j in range(m):
                w = modes[r, 1 + m + i, j]
                total += w * X[core[j, CORE_COMP], q]
                if p >= 1:
                    rate += w * R[core[j, CORE_COMP], p]
            total *= work[EXP, i]
            if rate != 0.0:
                total += rate * first(modes[r, 0, i], 0.0, work[EXP, i], 1.0, t)
            if p >= 1:
                for j in range(m):
                    total += M[r, p - 1, i, j] * work[H0 + m + i, j]
            work[SCRATCH, i] = total
        for d in range(depot.shape[0]):
            _depot(depot, modes, C, r, d, m, X, q, p, t, work)
        for j in range(m):
            total = 0.0
            for i in range(m):
                total += modes[r, 1 + j, i] * work[SCRATCH, i]
            X[core[j, CORE_COMP], q] = total


@kernel
def _depot(
    depot: Array, modes: Array, C: Array, r: int, d: int, m: int, X: Array, q: int, p: int, t: float, work: Array
) -> None:
    """Adds what the depot's own derivative feeds into the core, and moves the depot's derivative."""
    c, ka, ek = depot[d, DEPOT_COMP], work[KA, d], work[EXP_KA, d]
    dk = C[r, depot[d, DEPOT_FLUX], C_RATE, p] if p >= 1 else 0.0
    fed, bent = dk * X[c, 0] + ka * X[c, q], ka * dk * X[c, 0]
    if fed != 0.0 or bent != 0.0:
        for i in range(m):
            lam, v, e = modes[r, 0, i], modes[r, 1 + m + i, depot[d, DEPOT_TARGET]], work[EXP, i]
            work[SCRATCH, i] += v * fed * first(lam, -ka, e, ek, t)
            if bent != 0.0:
                work[SCRATCH, i] -= v * bent * second(lam, -ka, -ka, e, ek, ek, t)
    X[c, q] = ek * (X[c, q] - t * dk * X[c, 0])


@kernel
def _area(core: Array, depot: Array, modes: Array, r: int, X: Array, t: float, work: Array, area: Array) -> None:
    """Adds int_0^t x ds to area; X still holds the start of the interval."""
    m = core.shape[0]
    for i in range(m):
        lam, e, g = modes[r, 0, i], work[EXP, i], work[INPUT, i]
        total = work[Z0, i] * first(lam, 0.0, e, 1.0, t)
        if g != 0.0:
            total += g * second(lam, 0.0, 0.0, e, 1.0, 1.0, t)
        for d in range(depot.shape[0]):
            if work[H0 + i, d] != 0.0:
                total += work[H0 + i, d] * second(lam, -work[KA, d], 0.0, e, work[EXP_KA, d], 1.0, t)
        for j in range(m):
            area[core[j, CORE_COMP]] += modes[r, 1 + j, i] * total
    for d in range(depot.shape[0]):
        c = depot[d, DEPOT_COMP]
        area[c] += X[c, 0] * first(-work[KA, d], 0.0, work[EXP_KA, d], 1.0, t)
