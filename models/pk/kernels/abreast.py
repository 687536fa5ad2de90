"""Values for many random-effect vectors at once, where all of them share one timeline: LANES vectors walk abreast.

For closed forms whose doses are delivered alike whatever the random effects; everything else takes run.py. Eigenvalues
and exponentials are worked out one by one; the rest is done for several lanes in one instruction. The last axis of each
table is the lane.
"""

from math import exp
from typing import NamedTuple

import numpy as np

from models.events import C_ROW, D_COMP, D_KIND, D_STEADY, DOSE, O_OUTPUT, O_ROW, Events
from models.kernel import Array, kernel, lean
from models.pk.kernels.divided import first
from models.pk.kernels.dose import end
from models.pk.kernels.individual import C_RATE
from models.pk.kernels.rows import Rows, fill_rows
from models.pk.kernels.timeline import A_KIND, A_TIME, A_WHICH, ARRIVE, CHANGE, G_AMOUNT, G_RATE, OBSERVE, Timeline
from models.pk.kernels.transition import SLOTS, claim, find, forget, work_space
from models.population.plan import (
    CORE_COMP,
    DEPOT_COMP,
    DEPOT_FLUX,
    DEPOT_TARGET,
    INITIAL,
    MODAL,
    OUT_COMP,
    OUT_SCALE,
    OUT_VOLUME,
    Plan,
)

LANES = 64  # enough that a loop's preparation is small beside it, few enough for the nearest cache


class Lanes(NamedTuple):
    """n lanes, r rows, m core compartments, d depots, c compartments, k outputs."""

    modes: Array  # (r, 1 + 2 m, m, n) as Rows.modes
    ka: Array  # (r, d, n)
    scale: Array  # (r, k, n) from amount to output
    T: Array  # (slots, c, c, n) transitions, as transition.py
    g: Array  # (slots, c, n)
    X: Array  # (c, n)
    new: Array  # (c, n)
    e: Array  # (m, n) exponentials of one span
    fed: Array  # (n,)


@lean
def may_walk_abreast(plan: Plan, ev: Events) -> bool:
    """Whether nothing but plain doses into empty compartments of a closed form happens."""
    dose, comp = ev.dose, plan.comp
    if ev.method != MODAL:
        return False
    for c in range(comp.shape[0]):
        if comp[c, INITIAL] >= 0:
            return False
    plain = True
    for d in range(dose.shape[0]):
        plain = plain and dose[d, D_KIND] == DOSE and dose[d, D_STEADY] == 0
    return plain


@kernel
def walk_abreast(plan: Plan, ev: Events, line: Timeline, gives: Array, rows: Rows, etas: Array, F: Array) -> bool:
    """As run.run, for values only: F (m, o, 1) for etas (m, e), all on one timeline with deliveries gives (d, 4, 1)."""
    lanes = _lanes(plan, rows)
    work, R, good, possible = (
        work_space(plan.n_comp, 1, False),
        np.zeros((plan.n_comp, 1)),
        np.zeros(LANES, np.bool_),
        True,
    )
    X0 = np.zeros((plan.n_comp, 1))
    for start in range(0, etas.shape[0], LANES):
        count = min(LANES, etas.shape[0] - start)
        for n in range(count):
            good[n] = fill_rows(plan, ev, etas[start + n], rows)
            if good[n]:
                _take(plan, rows, n, lanes)
        forget(work)
        _walk(plan, ev, line, gives, rows, lanes, work, R, X0, F, start, count)
        for n in range(count):
            if not good[n]:
                F[start + n] = np.nan
                possible = False
    return possible


@kernel
def _lanes(plan: Plan, rows: Rows) -> Lanes:
    n_row, m, c = rows.P.shape[0], plan.core.shape[0], plan.n_comp
    return Lanes(
        np.zeros((n_row, 1 + 2 * m, m, LANES)),
        np.zeros((n_row, plan.depot.shape[0], LANES)),
        np.zeros((n_row, plan.out.shape[0], LANES)),
        np.zeros((1 + SLOTS, c, c, LANES)),
        np.zeros((1 + SLOTS, c, LANES)),
        np.zeros((c, LANES)),
        np.zeros((c, LANES)),
        np.zeros((m, LANES)),
        np.zeros(LANES),
    )


@lean
def _take(plan: Plan, rows: Rows, n: int, lanes: Lanes) -> None:
    """Lane n takes over what the rows hold."""
    modes, ka, scale, out, depot, P, C = lanes.modes, lanes.ka, lanes.scale, plan.out, plan.depot, rows.P, rows.C
    for r in range(modes.shape[0]):
        for a in range(modes.shape[1]):
            for b in range(modes.shape[2]):
                modes[r, a, b, n] = rows.modes[r, a, b]
        for d in range(ka.shape[1]):
            ka[r, d, n] = C[r, depot[d, DEPOT_FLUX], C_RATE, 0]
        for k in range(scale.shape[1]):
            v = int(out[k, OUT_VOLUME])
            scale[r, k, n] = out[k, OUT_SCALE] / P[r, v, 0] if v >= 0 else out[k, OUT_SCALE]


@lean
def _walk(
    plan: Plan,
    ev: Events,
    line: Timeline,
    gives: Array,
    rows: Rows,
    lanes: Lanes,
    work: Array,
    R: Array,
    X0: Array,
    F: Array,
    start: int,
    count: int,
) -> None:
    """All actions in order. X0 (c, 1) receives the boluses of one action, R (c, 1) the infusions that run."""
    key, what, dose, obs, out = line.key, line.what, ev.dose, ev.obs, plan.out
    X, new, T, g, scale, row = lanes.X, lanes.new, lanes.T, lanes.g, lanes.scale, ev.first_row
    R[:, :], X[:, :] = 0.0, 0.0
    for a in range(key.shape[0]):
        if a > 0 and key[a, A_TIME] > key[a - 1, A_TIME]:
            span = key[a, A_TIME] - key[a - 1, A_TIME]
            slot = find(work, row, R, span)
            if slot == 0:
                slot = claim(work, row, R, span)
                _learn(plan, lanes, row, R, span, slot)
            _apply(T, g, slot, X, new)
        kind, i = what[a, A_KIND], what[a, A_WHICH]
        if kind == CHANGE:
            row = int(ev.change[i, C_ROW])
        elif kind == OBSERVE:
            k, r = int(obs[i, O_OUTPUT]), int(obs[i, O_ROW])
            c = int(out[k, OUT_COMP])
            for n in range(count):
                F[start + n, i, 0] = X[c, n] * scale[r, k, n]
        elif kind == ARRIVE:
            c = int(dose[i, D_COMP])
            if gives[i, G_RATE, 0] > 0.0:
                R[c, 0] += gives[i, G_RATE, 0]
            else:
                for n in range(LANES):
                    X[c, n] += gives[i, G_AMOUNT, 0]
        else:
            end(int(dose[i, D_COMP]), gives, i, 0, X0, R)


@lean
def _apply(T: Array, g: Array, s: int, X: Array, new: Array) -> None:
    c = X.shape[0]
    for i in range(c):
        for n in range(LANES):
            new[i, n] = g[s, i, n] + T[s, i, 0, n] * X[0, n]
        for k in range(1, c):
            for n in range(LANES):
                new[i, n] += T[s, i, k, n] * X[k, n]
    for i in range(c):
        for n in range(LANES):
            X[i, n] = new[i, n]


@lean
def _learn(plan: Plan, lanes: Lanes, r: int, R: Array, t: float, s: int) -> None:
    """The transition of a span not met before: modal.modal_transition without derivatives, for all lanes."""
    core, depot, modes, ka, T, g, e, fed = (
        plan.core,
        plan.depot,
        lanes.modes,
        lanes.ka,
        lanes.T,
        lanes.g,
        lanes.e,
        lanes.fed,
    )
    m, running = core.shape[0], False
    T[s, :, :, :] = 0.0
    g[s, :, :] = 0.0
    for i in range(m):
        for n in range(LANES):
            e[i, n] = exp(modes[r, 0, i, n] * t)
        running = running or R[core[i, CORE_COMP], 0] != 0.0
    for i in range(m):
        for k in range(m):
            for n in range(LANES):
                fed[n] = e[i, n] * modes[r, 1 + m + i, k, n]
            _back(core, modes, r, i, fed, T[s, :, core[k, CORE_COMP]])
        if running:
            for n in range(LANES):
                total = 0.0
                for k in range(m):
                    total += modes[r, 1 + m + i, k, n] * R[core[k, CORE_COMP], 0]
                fed[n] = total * first(modes[r, 0, i, n], 0.0, e[i, n], 1.0, t)
            _back(core, modes, r, i, fed, g[s])
    for d in range(depot.shape[0]):
        own, target = depot[d, DEPOT_COMP], depot[d, DEPOT_TARGET]
        for n in range(LANES):
            T[s, own, own, n] = exp(-ka[r, d, n] * t)
        for i in range(m):
            for n in range(LANES):
                a, k = modes[r, 0, i, n], ka[r, d, n]
                fed[n] = modes[r, 1 + m + i, target, n] * k * first(a, -k, e[i, n], T[s, own, own, n], t)
            _back(core, modes, r, i, fed, T[s, :, own])


@lean
def _back(core: Array, modes: Array, r: int, i: int, fed: Array, amounts: Array) -> None:
    """Adds what mode i, at `fed` (n,), holds of the core's amounts (c, n)."""
    for j in range(core.shape[0]):
        c = core[j, CORE_COMP]
        for n in range(LANES):
            amounts[c, n] += modes[r, 1 + j, i, n] * fed[n]
