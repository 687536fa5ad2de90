"""All that happens to one subject, in order of time, for one set of individual parameters."""

from math import ceil, floor

import numpy as np
from numba import njit

from models.events import DOSE, MODELLED_DURATION, MODELLED_RATE
from models.population.plan import BIOAVAILABILITY, DOSE_RATE, DURATION, LAG

CHANGE, RECORD, ARRIVE, END, OBSERVE = range(5)


@njit(cache=True)
def deliver(plan, rows, ev, d, n_dir, give, d_give):
    """How dose d is delivered: give = (amount, rate, duration, lag), d_give (4, e) their derivatives; rate 0 is a bolus.

    A recorded rate keeps its rate, so that bioavailability changes the duration (NONMEM); a modelled duration keeps
    its duration. Returns False where a lag, duration, rate or bioavailability can not be.
    """
    r, c, amount = ev.dose_row[d], ev.dose_comp[d], ev.dose_amount[d]
    give[:] = 0.0
    d_give[:, :] = 0.0
    give[0] = amount
    bio, lag = plan.dosing_param[c, BIOAVAILABILITY], plan.dosing_param[c, LAG]
    if bio >= 0:
        give[0] = amount * rows.P[r, bio]
        for q in range(n_dir):
            d_give[0, q] = amount * rows.dP[r, bio, q]
    if lag >= 0:
        give[3] = rows.P[r, lag]
        for q in range(n_dir):
            d_give[3, q] = rows.dP[r, lag, q]
    if not (give[0] >= 0.0 and give[3] >= 0.0 and np.isfinite(give[0]) and np.isfinite(give[3])):
        return False
    return ev.dose_rate[d] == 0.0 or _infusion(plan, rows, ev, d, n_dir, give, d_give)


@njit(cache=True)
def _infusion(plan, rows, ev, d, n_dir, give, d_give):
    r, c, rate = ev.dose_row[d], ev.dose_comp[d], ev.dose_rate[d]
    if rate == MODELLED_DURATION:
        p = plan.dosing_param[c, DURATION]
        if p < 0 or not rows.P[r, p] > 0.0:
            return False
        give[2] = rows.P[r, p]
        give[1] = give[0] / give[2]
        for q in range(n_dir):
            d_give[2, q] = rows.dP[r, p, q]
            d_give[1, q] = (d_give[0, q] - give[1] * d_give[2, q]) / give[2]
        return np.isfinite(give[1])
    p = plan.dosing_param[c, DOSE_RATE] if rate == MODELLED_RATE else -1
    if rate == MODELLED_RATE and (p < 0 or not rows.P[r, p] > 0.0):
        return False
    give[1] = rate if p < 0 else rows.P[r, p]
    give[2] = give[0] / give[1]
    for q in range(n_dir):
        d_give[1, q] = 0.0 if p < 0 else rows.dP[r, p, q]
        d_give[2, q] = (d_give[0, q] - give[2] * d_give[1, q]) / give[1]
    return True


@njit(cache=True)
def carried(interval, lag, duration):
    """Of a train given for ever: how many earlier infusions still run at a dose's record, how many have yet to arrive."""
    if interval <= 0.0:
        return 0, 0
    pending = int(floor(lag / interval))
    running = int(ceil((lag + duration) / interval)) - 1 - pending if duration > 0.0 else 0
    return max(running, 0), pending


@njit(cache=True)
def build(plan, rows, ev, n_dir, gives, d_gives):
    """Actions (time, kind, index, k) sorted by time, then order; k counts how many intervals before its record.

    Returns ok, times, kinds, indices, intervals-before.
    """
    n_dose, n_obs, n_change = ev.dose_time.size, ev.obs_time.size, ev.change_time.size
    size = 3 * n_dose + n_obs + n_change
    for d in range(n_dose):
        if not deliver(plan, rows, ev, d, n_dir, gives[d], d_gives[d]):
            return False, np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
        if ev.dose_steady[d] > 0:
            running, pending = carried(ev.dose_interval[d], gives[d, 3], gives[d, 2])
            size += running + 2 * pending
    time, order = np.empty(size), np.empty(size)
    kind, index, back = np.empty(size, np.int64), np.empty(size, np.int64), np.zeros(size, np.int64)
    n = 0
    for i in range(n_change):
        time[n], order[n], kind[n], index[n] = ev.change_time[i], ev.change_order[i], CHANGE, i
        n += 1
    for i in range(n_obs):
        time[n], order[n], kind[n], index[n] = ev.obs_time[i], ev.obs_order[i], OBSERVE, i
        n += 1
    for d in range(n_dose):
        n = _add_dose(ev, d, gives[d], time, order, kind, index, back, n)
    _sort(time, order, kind, index, back, n)
    return True, time[:n], kind[:n], index[:n], back[:n]


@njit(cache=True)
def _add_dose(ev, d, give, time, order, kind, index, back, n):
    at, turn = ev.dose_time[d], ev.dose_order[d]
    if ev.dose_kind[d] != DOSE or ev.dose_steady[d] > 0:
        time[n], order[n], kind[n], index[n] = at, turn, RECORD, d
        n += 1
    running, pending = 0, 0
    if ev.dose_steady[d] > 0:
        running, pending = carried(ev.dose_interval[d], give[3], give[2])
    if give[0] > 0.0:
        for k in range(pending + 1):
            time[n], order[n], kind[n], index[n] = at + give[3] - k * ev.dose_interval[d], turn, ARRIVE, d
            back[n] = k
            n += 1
    if give[1] > 0.0:
        for k in range(running + pending + 1):
            end = at + give[3] + give[2] - k * ev.dose_interval[d]
            time[n], order[n], kind[n], index[n] = end, turn, END, d
            back[n] = k
            n += 1
    return n


@njit(cache=True)
def _sort(time, order, kind, index, back, n):
    """By time, then order, then as added (a record before its own arrival). Shell sort with few gaps: nearly sorted data."""
    for gap in (301, 132, 57, 23, 10, 4, 1):
        for i in range(gap, n):
            t, o, k, x, b, a = time[i], order[i], kind[i], index[i], back[i], i
            while a >= gap and _after(time[a - gap], order[a - gap], kind[a - gap], t, o, k):
                time[a], order[a], kind[a] = time[a - gap], order[a - gap], kind[a - gap]
                index[a], back[a] = index[a - gap], back[a - gap]
                a -= gap
            time[a], order[a], kind[a], index[a], back[a] = t, o, k, x, b


@njit(cache=True)
def _after(t1, o1, k1, t2, o2, k2):
    if t1 != t2:
        return t1 > t2
    if o1 != o2:
        return o1 > o2
    return k1 > k2
