"""One subject from first to last event: predicted observations and their exact derivatives by the random effects."""

import numpy as np
from numba import njit

from models.events import DOSE
from models.pk.kernels.dose import arrive, end
from models.pk.kernels.propagate import propagate
from models.pk.kernels.rows import make_rows
from models.pk.kernels.steady import steady_state
from models.pk.kernels.timeline import ARRIVE, CHANGE, OBSERVE, RECORD, build, carried


@njit(cache=True, nogil=True)
def run(plan, ev, eta, n_dir, area, f, J):
    """Fills f (o,) and J (o, n_dir) for random effects eta (e,); n_dir is e, or 0 for values only.

    area: integrals are wanted; an observation of output -1 - o receives the integral of output o since the first event.
    Returns False where these parameters can not be, or have no solution (no steady state exists).
    """
    ok, rows = make_rows(plan, ev.method, ev.typical, ev.weight, eta, n_dir)
    if not ok:
        return False
    n_dose, c = ev.dose_time.size, plan.n_comp
    gives, d_gives = np.zeros((n_dose, 4)), np.zeros((n_dose, 4, n_dir))
    ok, time, kind, index, back = build(plan, rows, ev, n_dir, gives, d_gives)
    if not ok:
        return False
    x, S, R, dR = np.zeros(c), np.zeros((c, n_dir)), np.zeros(c), np.zeros((c, n_dir))
    gone = np.zeros(n_dose, dtype=np.bool_)  # doses that a reset, or a steady state in their place, cancelled
    grown, total = np.zeros(c if area else 0), np.zeros(plan.out_comp.size)
    row = ev.first_row
    initialise(plan, rows, row, n_dir, x, S)
    for a in range(time.size):
        if a > 0 and time[a] > time[a - 1]:
            grown[:] = 0.0
            if not propagate(plan, ev.method, rows, row, x, S, R, dR, time[a] - time[a - 1], 0, grown):
                return False
            if area:
                _grow(plan, rows, row, grown, total)
        i = index[a]
        if kind[a] == CHANGE:
            row = ev.change_row[i]
        elif kind[a] == OBSERVE:
            _observe(plan, rows, ev, i, n_dir, x, S, total, f, J)
        elif kind[a] == RECORD:
            if not _record(plan, ev, rows, i, n_dir, gives[i], d_gives[i], gone, x, S, R, dR):
                return False
        elif not gone[i]:
            if kind[a] == ARRIVE:
                arrive(plan, rows, row, ev.dose_comp[i], n_dir, gives[i], d_gives[i], 0, x, S, R, dR)
            else:
                end(ev.dose_comp[i], n_dir, gives[i], d_gives[i], 0, S, R, dR)
    return True


@njit(cache=True)
def initialise(plan, rows, row, n_dir, x, S):
    """The state before any dose: empty, or a baseline that is a parameter."""
    for c in range(plan.n_comp):
        p = plan.initial_param[c]
        x[c] = rows.P[row, p] if p >= 0 else 0.0
        for q in range(n_dir):
            S[c, q] = rows.dP[row, p, q] if p >= 0 else 0.0


@njit(cache=True)
def _grow(plan, rows, row, grown, total):
    for o in range(plan.out_comp.size):
        v = plan.out_volume[o]
        total[o] += grown[plan.out_comp[o]] * plan.out_scale[o] / (rows.P[row, v] if v >= 0 else 1.0)


@njit(cache=True)
def _observe(plan, rows, ev, i, n_dir, x, S, total, f, J):
    o, r = ev.obs_out[i], ev.obs_row[i]
    if o < 0:
        f[i] = total[-1 - o]
        return
    c, v, scale = plan.out_comp[o], plan.out_volume[o], plan.out_scale[o]
    volume = rows.P[r, v] if v >= 0 else 1.0
    f[i] = x[c] * scale / volume
    for q in range(n_dir):
        by_volume = f[i] * rows.dP[r, v, q] / volume if v >= 0 else 0.0
        J[i, q] = S[c, q] * scale / volume - by_volume


@njit(cache=True)
def _record(plan, ev, rows, i, n_dir, give, d_give, gone, x, S, R, dR):
    """A reset (EVID 3, 4) and a steady state (SS 1, 2) act at the record, before the dose's own lag."""
    r, comp = ev.dose_row[i], ev.dose_comp[i]
    if ev.dose_kind[i] != DOSE:
        _cancel(ev, i, gone, R, dR)
        initialise(plan, rows, r, n_dir, x, S)
    if ev.dose_steady[i] == 0:
        return True
    y, Y = np.empty(plan.n_comp), np.empty((plan.n_comp, n_dir))
    interval = ev.dose_interval[i]
    if not steady_state(plan, ev.method, rows, r, comp, interval, ev.dose_rate[i], n_dir, give, d_give, y, Y):
        return False
    if ev.dose_steady[i] == 1:
        _cancel(ev, i, gone, R, dR)
        x[:] = 0.0
        S[:, :] = 0.0
    x += y
    S += Y
    running, _ = carried(interval, give[3], give[2])
    R[comp] += running * give[1]
    for q in range(n_dir):
        dR[comp, q] += running * d_give[1, q]
    return True


@njit(cache=True)
def _cancel(ev, i, gone, R, dR):
    """Stops what runs, and forgets what earlier records have yet to deliver."""
    R[:] = 0.0
    dR[:, :] = 0.0
    for d in range(ev.dose_time.size):
        if ev.dose_order[d] < ev.dose_order[i]:
            gone[d] = True
