"""One subject from first to last event: predicted observations and their exact derivatives by the random effects."""

import numpy as np
from numba import types

from models.events import (
    C_ROW,
    D_COMP,
    D_INTERVAL,
    D_KIND,
    D_ORDER,
    D_RATE,
    D_ROW,
    D_STEADY,
    D_TIME,
    DOSE,
    O_OUTPUT,
    O_ROW,
    Events,
)
from models.kernel import Array, indirect, kernel, lean
from models.pk.kernels.abreast import may_walk_abreast, walk_abreast
from models.pk.kernels.dose import arrive, end
from models.pk.kernels.feed import clear, is_timed, open_feed, pour, start_inflow, tails, tick
from models.pk.kernels.propagate import by_address, learn
from models.pk.kernels.rows import Rows, empty_rows, fill_rows
from models.pk.kernels.timeline import (
    A_KIND,
    A_TIME,
    A_WHICH,
    CHANGE,
    END,
    G_LAG,
    G_RATE,
    OBSERVE,
    RECORD,
    Timeline,
    build,
    carried,
    fixed,
)
from models.pk.kernels.transition import apply, find, forget, work_space
from models.population.plan import INITIAL, ODE, OUT_COMP, OUT_SCALE, OUT_VOLUME, TRANSIT_NUMBER, Plan

MANY = 16  # vectors from which on walking abreast pays
predict = indirect(types.boolean)  # predict(plan.run, (arguments of run))


@kernel
def run(plan: Plan, ev: Events, etas: Array, area: bool, F: Array) -> bool:
    """Fills F (m, o, 1 + e), or (m, o, 1) for values only, with the predictions for random effects etas (m, e).

    area: integrals are wanted; an observation of output -1 - k receives the integral of output k since the first event.
    Where parameters can not be, or have no solution (no steady state exists), F[m] is NaN; returns whether none was so.
    """
    n_jet, c, n_dose = F.shape[2], plan.n_comp, ev.dose.shape[0]
    rows, gives = empty_rows(plan, ev, n_jet - 1), np.zeros((n_dose, 4, n_jet))
    X, R, new = np.zeros((c, n_jet)), np.zeros((c, n_jet)), np.zeros((c, n_jet))
    gone, work = np.zeros(n_dose, dtype=np.bool_), work_space(c, n_jet, area)
    grown, total = np.zeros(c if area else 0), np.zeros(plan.out.shape[0])
    line = Timeline(np.empty((0, 2)), np.empty((0, 2), dtype=np.int64))
    once, built, possible = fixed(plan.comp, ev.dose, plan.terms, ev.typical.shape[1]), False, True
    many = once and n_jet == 1 and not area and etas.shape[0] >= MANY and may_walk_abreast(plan, ev)
    timed, feed = is_timed(plan), np.zeros((0, 7, n_jet))
    for m in range(etas.shape[0]):
        forget(work)
        ok = fill_rows(plan, ev, etas[m], rows)
        if ok and not (once and built):
            ok, line = build(plan, rows, ev, gives)
            built = ok
            if ok and many:
                return walk_abreast(plan, ev, line, gives, rows, etas, F)
        if ok and timed:
            feed = open_feed(plan, ev, rows, gives)
        if not (ok and _play(plan, ev, rows, gives, line, X, R, new, gone, work, grown, total, feed, F, m)):
            F[m] = np.nan
            possible = False
    return possible


@lean
def _play(
    plan: Plan,
    ev: Events,
    rows: Rows,
    gives: Array,
    line: Timeline,
    X: Array,
    R: Array,
    new: Array,
    gone: Array,
    work: Array,
    grown: Array,
    total: Array,
    feed: Array,
    F: Array,
    m: int,
) -> bool:
    """All actions in order. X, R (c, 1 + e), gone (d,), grown (c,) and total (outputs,) are overwritten.

    gone: doses that a reset, or a steady state in their place, cancelled.
    """
    key, what, dose, obs, change = line.key, line.what, ev.dose, ev.obs, ev.change
    P, C, flux, out = rows.P, rows.C, plan.flux, plan.out
    method, solver, row, n_jet = ev.method, ev.solver, ev.first_row, X.shape[1]
    R[:, :], gone[:], total[:] = 0.0, False, 0.0
    initialise(plan.comp, P, row, X)
    for a in range(key.shape[0]):
        if a > 0 and key[a, A_TIME] > key[a - 1, A_TIME]:
            span = key[a, A_TIME] - key[a - 1, A_TIME]
            grown[:] = 0.0
            if method == ODE:
                if not by_address(solver, (flux, C[row], X, R, span, 0, grown, work[0], feed, key[a - 1, A_TIME])):
                    return False
            else:
                slot = find(work, row, R, span)
                if slot == 0:
                    slot = learn(plan, method, solver, rows, row, R, span, work)
                apply(work, slot, n_jet, X, 0, grown, new)
            if grown.size > 0:
                _grow(out, P, row, grown, total)
        kind, i = what[a, A_KIND], what[a, A_WHICH]
        if kind == CHANGE:
            row = int(change[i, C_ROW])
        elif kind == OBSERVE:
            _observe(out, P, obs, i, X, total, F, m)
        elif kind == RECORD:
            if not _record(plan, ev, rows, i, gives, gone, X, R, work, feed):
                return False
        elif not gone[i]:
            into = int(dose[i, D_COMP])
            if kind == END:
                end(into, gives, i, 0, X, R)
            elif plan.comp[into, TRANSIT_NUMBER] < 0:
                arrive(flux, C, row, into, gives, i, 0, X, R, new, feed, key[a, A_TIME])
            elif not pour(plan, P[int(dose[i, D_ROW])], into, key[a, A_TIME], gives, i, feed):
                return False
            else:
                start_inflow(plan, P[int(dose[i, D_ROW])], into, gives, i, 0, X)
    return True


@lean
def initialise(comp: Array, P: Array, row: int, X: Array) -> None:
    """The state before any dose: empty, or a baseline that is a parameter."""
    X[:, :] = 0.0
    for c in range(comp.shape[0]):
        if comp[c, INITIAL] >= 0:
            for q in range(X.shape[1]):
                X[c, q] = P[row, comp[c, INITIAL], q]


@lean
def _grow(out: Array, P: Array, row: int, grown: Array, total: Array) -> None:
    for o in range(out.shape[0]):
        v = int(out[o, OUT_VOLUME])
        volume = P[row, v, 0] if v >= 0 else 1.0
        total[o] += grown[int(out[o, OUT_COMP])] * out[o, OUT_SCALE] / volume


@lean
def _observe(out: Array, P: Array, obs: Array, i: int, X: Array, total: Array, F: Array, m: int) -> None:
    o, r = int(obs[i, O_OUTPUT]), int(obs[i, O_ROW])
    if o < 0:
        F[m, i, 0] = total[-1 - o]
        return
    c, v, scale = int(out[o, OUT_COMP]), int(out[o, OUT_VOLUME]), out[o, OUT_SCALE]
    volume = P[r, v, 0] if v >= 0 else 1.0
    f = X[c, 0] * scale / volume
    F[m, i, 0] = f
    for q in range(1, X.shape[1]):
        by_volume = f * P[r, v, q] / volume if v >= 0 else 0.0
        F[m, i, q] = X[c, q] * scale / volume - by_volume


@kernel
def _record(
    plan: Plan,
    ev: Events,
    rows: Rows,
    i: int,
    gives: Array,
    gone: Array,
    X: Array,
    R: Array,
    work: Array,
    feed: Array,
) -> bool:
    """A reset (EVID 3, 4) and a steady state (SS 1, 2) act at the record, before the dose's own lag."""
    dose = ev.dose[i]
    r, comp, interval = int(dose[D_ROW]), int(dose[D_COMP]), dose[D_INTERVAL]
    if dose[D_KIND] != DOSE:
        _cancel(ev, i, gone, R)
        clear(plan.n_comp, feed)
        initialise(plan.comp, rows.P, r, X)
    if dose[D_STEADY] == 0:
        return True
    steady = np.zeros(X.shape)
    given = (plan, ev.method, ev.solver, rows, r, comp, interval, dose[D_RATE], gives, i, steady, work)
    if not by_address(plan.steady, given):
        return False
    if dose[D_STEADY] == 1:
        _cancel(ev, i, gone, R)
        clear(plan.n_comp, feed)
        X[:, :] = 0.0
    X += steady
    running, pending = carried(interval, gives[i])
    R[comp] += running * gives[i, G_RATE]
    if feed.shape[0] == 0:
        return True
    last = dose[D_TIME] + gives[i, G_LAG, 0] - (pending + 1) * interval
    if plan.comp[comp, TRANSIT_NUMBER] < 0:
        tick(feed, comp, last, gives, i)
        return True
    for k in range(tails(plan, rows.P[r], comp, interval)):
        if not pour(plan, rows.P[r], comp, last - k * interval, gives, i, feed):
            return False
    return True


@lean
def _cancel(ev: Events, i: int, gone: Array, R: Array) -> None:
    """Stops what runs, and forgets what earlier records have yet to deliver."""
    R[:, :] = 0.0
    for d in range(ev.dose.shape[0]):
        if ev.dose[d, D_ORDER] < ev.dose[i, D_ORDER]:
            gone[d] = True
