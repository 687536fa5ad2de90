"""Closed-form transitions of a linear core with first-order depots, with exact derivatives.

In the core's eigenvectors z' = L z + g + sum_d v_d ka_d A_d(t), and for a derivative s of z by a random effect
s' = L s + M z + (derivative of the input); all integrals are divided differences of the exponentials.
Assumes that no infusion runs into a depot (models.subject then chooses the matrix exponential).

Every start (one unit in a core compartment, one in a depot, the infusions) is a column: first in the modes, then
brought back to amounts. Arrays are bound to names once: in compiled code a field of a tuple counts references.
"""

from math import exp

from models.kernel import Array, lean, part
from models.pk.kernels.divided import first, second
from models.pk.kernels.individual import C_RATE
from models.pk.kernels.transition import SCRATCH, places
from models.population.plan import CORE_COMP, DEPOT_COMP, DEPOT_FLUX, DEPOT_TARGET


@lean
def modal_transition(
    core: Array,
    depot: Array,
    modes: Array,
    C: Array,
    M: Array,
    r: int,
    R: Array,
    t: float,
    area: bool,
    work: Array,
    s: int,
) -> bool:
    """Fills slot s of the work space (see transition.py) for a span t h with rates R (c, 1 + e) and row r.

    core, depot as in Plan; modes, C, M as in Rows. Scratch: a column (m, 1 + e), e^{Lt} (m,), what feeds a mode (m,),
    and first(lam_i, lam_j) (m, m).
    """
    m, n_depot, c, n_jet = core.shape[0], depot.shape[0], R.shape[0], R.shape[1]
    at_T, at_g, at_A, at_a = places(c, n_jet)
    at_e = SCRATCH + m * n_jet
    for i in range(m):
        work[0, at_e + i] = exp(modes[r, 0, i] * t)
        for j in range(i + 1 if n_jet > 1 else 0):
            coupled = first(modes[r, 0, i], modes[r, 0, j], work[0, at_e + i], work[0, at_e + j], t)
            work[0, at_e + (2 + i) * m + j], work[0, at_e + (2 + j) * m + i] = coupled, coupled
    for k in range(m):
        _from_core(modes, M, r, k, m, n_jet, at_e, work)
        _back(core, modes, r, m, n_jet, work, s, at_T + core[k, CORE_COMP] * n_jet, c * n_jet)
    for d in range(n_depot):
        own, ka = depot[d, DEPOT_COMP], C[r, depot[d, DEPOT_FLUX], C_RATE, 0]
        _from_depot(depot, modes, C, M, r, d, m, n_jet, at_e, t, work)
        _back(core, modes, r, m, n_jet, work, s, at_T + own * n_jet, c * n_jet)
        left, at = exp(-ka * t), at_T + (own * c + own) * n_jet
        work[s, at] = left
        for p in range(1, n_jet):
            work[s, at + p] = -t * C[r, depot[d, DEPOT_FLUX], C_RATE, p] * left
    running = False
    for i in range(c):
        for p in range(n_jet):
            running = running or R[i, p] != 0.0
    if running:
        _from_infusions(core, modes, M, r, R, m, n_jet, at_e, t, work)
        _back(core, modes, r, m, n_jet, work, s, at_g, n_jet)
    if area:
        _areas(core, depot, modes, C, r, R, at_e, t, work, s, at_A, at_a)
    return True


@part
def _back(core: Array, modes: Array, r: int, m: int, n_jet: int, work: Array, s: int, at: int, step: int) -> None:
    """The jets of the core's amounts from the column of the modes in the scratch."""
    for j in range(m):
        to = at + core[j, CORE_COMP] * step
        for p in range(n_jet):
            total = 0.0
            for i in range(m):
                total += modes[r, 1 + j, i] * work[0, SCRATCH + i * n_jet + p]
            work[s, to + p] = total


@part
def _from_core(modes: Array, M: Array, r: int, k: int, m: int, n_jet: int, at_e: int, work: Array) -> None:
    """One unit in core compartment k: e^{Lt} inv(V)_k, and what M couples of it from mode to mode."""
    for i in range(m):
        work[0, SCRATCH + i * n_jet] = work[0, at_e + i] * modes[r, 1 + m + i, k]
        for j in range(m if n_jet > 1 else 0):
            work[0, at_e + m + j] = work[0, at_e + (2 + i) * m + j] * modes[r, 1 + m + j, k]
        _couple(M, r, i, m, n_jet, at_e, work)


@part
def _couple(M: Array, r: int, i: int, m: int, n_jet: int, at_e: int, work: Array) -> None:
    """The derivatives of mode i, which the other modes feed."""
    for p in range(1, n_jet):
        total = 0.0
        for j in range(m):
            total += M[r, p - 1, i, j] * work[0, at_e + m + j]
        work[0, SCRATCH + i * n_jet + p] = total


@part
def _from_depot(
    depot: Array,
    modes: Array,
    C: Array,
    M: Array,
    r: int,
    d: int,
    m: int,
    n_jet: int,
    at_e: int,
    t: float,
    work: Array,
) -> None:
    """One unit in depot d, absorbed into its target at ka."""
    flux, target = depot[d, DEPOT_FLUX], depot[d, DEPOT_TARGET]
    ka = C[r, flux, C_RATE, 0]
    ek = exp(-ka * t)
    for i in range(m):
        at, a, e, v = SCRATCH + i * n_jet, modes[r, 0, i], work[0, at_e + i], modes[r, 1 + m + i, target]
        once = first(a, -ka, e, ek, t)
        work[0, at] = v * ka * once
        if n_jet > 1:
            for j in range(m):
                fed = modes[r, 1 + m + j, target] * ka
                work[0, at_e + m + j] = fed * second(a, modes[r, 0, j], -ka, e, work[0, at_e + j], ek, t)
            _couple(M, r, i, m, n_jet, at_e, work)
            bent = v * (once - ka * second(a, -ka, -ka, e, ek, ek, t))
            for p in range(1, n_jet):
                work[0, at + p] += bent * C[r, flux, C_RATE, p]


@part
def _from_infusions(
    core: Array, modes: Array, M: Array, r: int, R: Array, m: int, n_jet: int, at_e: int, t: float, work: Array
) -> None:
    """What the rates R bring."""
    for i in range(m):
        at, a, e = SCRATCH + i * n_jet, modes[r, 0, i], work[0, at_e + i]
        for j in range(m if n_jet > 1 else 0):
            fed = second(a, modes[r, 0, j], 0.0, e, work[0, at_e + j], 1.0, t)
            work[0, at_e + m + j] = fed * _in_mode(core, modes, r, R, j, 0)
        _couple(M, r, i, m, n_jet, at_e, work)
        once = first(a, 0.0, e, 1.0, t)
        work[0, at] = _in_mode(core, modes, r, R, i, 0) * once
        for p in range(1, n_jet):
            work[0, at + p] += _in_mode(core, modes, r, R, i, p) * once


@part
def _in_mode(core: Array, modes: Array, r: int, R: Array, i: int, p: int) -> float:
    """Constant input of mode i, or its derivative by eta p - 1."""
    m = core.shape[0]
    total = 0.0
    for j in range(m):
        total += modes[r, 1 + m + i, j] * R[core[j, CORE_COMP], p]
    return total


@lean
def _areas(
    core: Array,
    depot: Array,
    modes: Array,
    C: Array,
    r: int,
    R: Array,
    at_e: int,
    t: float,
    work: Array,
    s: int,
    at_A: int,
    at_a: int,
) -> None:
    """Integrals over the span: of one unit in each compartment, and of what the infusions bring."""
    m, c = core.shape[0], R.shape[0]
    for i in range(m):
        a, e = modes[r, 0, i], work[0, at_e + i]
        once = first(a, 0.0, e, 1.0, t)
        twice = _in_mode(core, modes, r, R, i, 0) * second(a, 0.0, 0.0, e, 1.0, 1.0, t)
        for j in range(m):
            to, v = core[j, CORE_COMP], modes[r, 1 + j, i]
            work[s, at_a + to] += v * twice
            for k in range(m):
                work[s, at_A + to * c + core[k, CORE_COMP]] += v * modes[r, 1 + m + i, k] * once
    for d in range(depot.shape[0]):
        own, ka = depot[d, DEPOT_COMP], C[r, depot[d, DEPOT_FLUX], C_RATE, 0]
        ek = exp(-ka * t)
        work[s, at_A + own * c + own] = first(-ka, 0.0, ek, 1.0, t)
        for i in range(m):
            fed = modes[r, 1 + m + i, depot[d, DEPOT_TARGET]] * ka
            fed *= second(modes[r, 0, i], -ka, 0.0, work[0, at_e + i], ek, 1.0, t)
            for j in range(m):
                work[s, at_A + core[j, CORE_COMP] * c + own] += modes[r, 1 + j, i] * fed
