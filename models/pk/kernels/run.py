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
    DOSE,
    O_OUTPUT,
    O_ROW,
    Events,
)
from models.kernel import Array, indirect, kernel
from models.pk.kernels.dose import arrive, end
from models.pk.kernels.modal import propagate_modal
from models.pk.kernels.propagate import by_address
from models.pk.kernels.rows import Rows, make_rows, work_space
from models.pk.kernels.steady import steady_state
from models.pk.kernels.timeline import ARRIVE, CHANGE, OBSERVE, RECORD, build, carried
from models.population.plan import INITIAL, MODAL, OUT_COMP, OUT_SCALE, OUT_VOLUME, Plan

predict = indirect(types.boolean)  # predict(plan.run, (arguments of run))


@kernel
def run(plan: Plan, ev: Events, eta: Array, area: bool, F: Array) -> bool:
    """Fills F (o, 1 + e), or (o, 1) for values only, with the predictions for random effects eta (e,).

    area: integrals are wanted; an observation of output -1 - k receives the integral of output k since the first event.
    Returns False where these parameters can not be, or have no solution (no steady state exists).
    """
    n_dir, c = F.shape[1] - 1, plan.n_comp
    ok, rows = make_rows(plan, ev, eta, n_dir)
    if not ok:
        return False
    gives = np.zeros((ev.dose.shape[0], 4, 1 + n_dir))
    ok, line = build(plan, rows, ev, gives)
    if not ok:
        return False
    X, R, memo = np.zeros((c, 1 + n_dir)), np.zeros((c, 1 + n_dir)), work_space(c)
    gone = np.zeros(ev.dose.shape[0], dtype=np.bool_)  # what a reset, or a steady state in its place, cancelled
    grown, total = np.zeros(c if area else 0), np.zeros(plan.out.shape[0])
    row = ev.first_row
    initialise(plan, rows.P[row], X)
    times, kinds, indices = line.time, line.kind, line.which
    method, solver = ev.method, ev.solver
    core, depot, modes, C, M = plan.core, plan.depot, rows.modes, rows.C, rows.M
    for a in range(times.size):
        if a > 0 and times[a] > times[a - 1]:
            grown[:] = 0.0
            span = times[a] - times[a - 1]
            if method == MODAL:  # called directly here, with what it needs: this is where the time goes
                propagate_modal(core, depot, modes, C, M, row, X, R, span, 0, grown, memo)
            elif not by_address(solver, (plan, rows, row, X, R, span, 0, grown, memo)):
                return False
            if area:
                _grow(plan, rows.P[row], grown, total)
        i, kind = indices[a], kinds[a]
        if kind == CHANGE:
            row = int(ev.change[i, C_ROW])
        elif kind == OBSERVE:
            _observe(plan, rows, ev.obs[i], X, total, F[i])
        elif kind == RECORD:
            if not _record(plan, ev, rows, i, gives[i], gone, X, R, memo):
                return False
        elif not gone[i]:
            if kind == ARRIVE:
                arrive(plan.flux, rows.C[row], int(ev.dose[i, D_COMP]), gives[i], 0, X, R)
            else:
                end(int(ev.dose[i, D_COMP]), gives[i], 0, X, R)
    return True


@kernel
def initialise(plan: Plan, P: Array, X: Array) -> None:
    """The state before any dose: empty, or a baseline that is a parameter."""
    X[:, :] = 0.0
    for c in range(plan.n_comp):
        if plan.comp[c, INITIAL] >= 0:
            X[c] = P[plan.comp[c, INITIAL]]


@kernel
def _grow(plan: Plan, P: Array, grown: Array, total: Array) -> None:
    for o in range(plan.out.shape[0]):
        v = int(plan.out[o, OUT_VOLUME])
        volume = P[v, 0] if v >= 0 else 1.0
        total[o] += grown[int(plan.out[o, OUT_COMP])] * plan.out[o, OUT_SCALE] / volume


@kernel
def _observe(plan: Plan, rows: Rows, obs: Array, X: Array, total: Array, jet: Array) -> None:
    o, r = int(obs[O_OUTPUT]), int(obs[O_ROW])
    if o < 0:
        jet[0] = total[-1 - o]
        return
    c, v, scale = int(plan.out[o, OUT_COMP]), int(plan.out[o, OUT_VOLUME]), plan.out[o, OUT_SCALE]
    volume = rows.P[r, v, 0] if v >= 0 else 1.0
    jet[0] = X[c, 0] * scale / volume
    for q in range(1, jet.size):
        by_volume = jet[0] * rows.P[r, v, q] / volume if v >= 0 else 0.0
        jet[q] = X[c, q] * scale / volume - by_volume


@kernel
def _record(
    plan: Plan, ev: Events, rows: Rows, i: int, give: Array, gone: Array, X: Array, R: Array, memo: Array
) -> bool:
    """A reset (EVID 3, 4) and a steady state (SS 1, 2) act at the record, before the dose's own lag."""
    dose = ev.dose[i]
    r, comp, interval = int(dose[D_ROW]), int(dose[D_COMP]), dose[D_INTERVAL]
    if dose[D_KIND] != DOSE:
        _cancel(ev, i, gone, R)
        initialise(plan, rows.P[r], X)
    if dose[D_STEADY] == 0:
        return True
    steady = np.zeros(X.shape)
    if not steady_state(plan, ev.method, ev.solver, rows, r, comp, interval, dose[D_RATE], give, steady, memo):
        return False
    if dose[D_STEADY] == 1:
        _cancel(ev, i, gone, R)
        X[:, :] = 0.0
    X += steady
    running, _ = carried(interval, give)
    R[comp] += running * give[1]
    return True


@kernel
def _cancel(ev: Events, i: int, gone: Array, R: Array) -> None:
    """Stops what runs, and forgets what earlier records have yet to deliver."""
    R[:, :] = 0.0
    for d in range(ev.dose.shape[0]):
        if ev.dose[d, D_ORDER] < ev.dose[i, D_ORDER]:
            gone[d] = True
