"""All that happens to one subject, in order of time, for one set of individual parameters."""

from math import ceil, floor
from typing import NamedTuple

import numpy as np

from models.events import (
    C_ORDER,
    C_TIME,
    D_AMOUNT,
    D_COMP,
    D_INTERVAL,
    D_KIND,
    D_ORDER,
    D_RATE,
    D_ROW,
    D_STEADY,
    D_TIME,
    DOSE,
    MODELLED_DURATION,
    MODELLED_RATE,
    O_ORDER,
    O_TIME,
    Events,
)
from models.kernel import Array, kernel
from models.pk.kernels.rows import Rows
from models.population.plan import BIOAVAILABILITY, DOSE_RATE, DURATION, LAG, Plan

# kinds of action; at the same time and order they happen in this order
CHANGE, RECORD, ARRIVE, END, OBSERVE = range(5)
# rows of a delivery, each a jet
G_AMOUNT, G_RATE, G_DURATION, G_LAG = range(4)


class Timeline(NamedTuple):
    """Actions (a,): when, what, and which dose, observation or change."""

    time: Array
    kind: Array
    index: Array


@kernel
def deliver(plan: Plan, rows: Rows, dose: Array, give: Array) -> bool:
    """How one dose is delivered: jets give (4, 1 + e) of amount, rate (0: a bolus), duration and lag.

    A recorded rate stays as recorded, so bioavailability changes the duration (as NONMEM does); a modelled duration
    stays as modelled. Returns False where lag, duration, rate or bioavailability can not be.
    """
    P, param = rows.P[int(dose[D_ROW])], plan.comp[int(dose[D_COMP])]
    give[:, :] = 0.0
    give[G_AMOUNT, 0] = dose[D_AMOUNT]
    if param[BIOAVAILABILITY] >= 0:
        for q in range(give.shape[1]):
            give[G_AMOUNT, q] = dose[D_AMOUNT] * P[param[BIOAVAILABILITY], q]
    if param[LAG] >= 0:
        give[G_LAG] = P[param[LAG]]
    amount, lag = give[G_AMOUNT, 0], give[G_LAG, 0]
    if not (amount >= 0.0 and lag >= 0.0 and np.isfinite(amount) and np.isfinite(lag)):
        return False
    if dose[D_RATE] == 0.0:
        return True
    if dose[D_RATE] == MODELLED_DURATION:
        return _fixed(P, param[DURATION], give, G_DURATION, G_RATE)
    if dose[D_RATE] == MODELLED_RATE:
        return _fixed(P, param[DOSE_RATE], give, G_RATE, G_DURATION)
    give[G_RATE, 0] = dose[D_RATE]
    _share(give, G_RATE, G_DURATION)
    return True


@kernel
def _fixed(P: Array, p: int, give: Array, known: int, other: int) -> bool:
    """Duration (or rate) is parameter p; the other follows from the amount."""
    if p < 0 or not P[p, 0] > 0.0:
        return False
    give[known] = P[p]
    _share(give, known, other)
    return bool(np.isfinite(give[other, 0]))


@kernel
def _share(give: Array, known: int, other: int) -> None:
    give[other, 0] = give[G_AMOUNT, 0] / give[known, 0]
    for q in range(1, give.shape[1]):
        give[other, q] = (give[G_AMOUNT, q] - give[other, 0] * give[known, q]) / give[known, 0]


@kernel
def carried(interval: float, give: Array) -> tuple[int, int]:
    """Of a train given for ever: how many earlier infusions still run at a dose's record, how many have yet to start."""
    if interval <= 0.0:
        return 0, 0
    lag, duration = give[G_LAG, 0], give[G_DURATION, 0]
    pending = int(floor(lag / interval))
    running = int(ceil((lag + duration) / interval)) - 1 - pending if duration > 0.0 else 0
    return max(running, 0), pending


@kernel
def build(plan: Plan, rows: Rows, ev: Events, gives: Array) -> tuple[bool, Timeline]:
    """The timeline, and jets gives (d, 4, 1 + e) of every dose; False where a dose can not be delivered so."""
    n_dose, n_obs, n_change = ev.dose.shape[0], ev.obs.shape[0], ev.change.shape[0]
    size, ok = 3 * n_dose + n_obs + n_change, True
    for d in range(n_dose):
        ok = ok and deliver(plan, rows, ev.dose[d], gives[d])
        if ok and ev.dose[d, D_STEADY] > 0:
            running, pending = carried(ev.dose[d, D_INTERVAL], gives[d])
            size += running + 2 * pending
    key, what = np.empty((size, 2)), np.empty((size, 2), dtype=np.int64)
    n = 0
    if ok:
        for i in range(n_change):
            n = _put(key, what, n, ev.change[i, C_TIME], ev.change[i, C_ORDER], CHANGE, i)
        for i in range(n_obs):
            n = _put(key, what, n, ev.obs[i, O_TIME], ev.obs[i, O_ORDER], OBSERVE, i)
        for d in range(n_dose):
            n = _put_dose(ev.dose[d], gives[d], d, key, what, n)
        _sort(key, what, n)
    return ok, Timeline(key[:n, 0], what[:n, 0], what[:n, 1])


@kernel
def _put(key: Array, what: Array, n: int, time: float, order: float, kind: int, index: int) -> int:
    key[n, 0], key[n, 1], what[n, 0], what[n, 1] = time, order, kind, index
    return n + 1


@kernel
def _put_dose(dose: Array, give: Array, d: int, key: Array, what: Array, n: int) -> int:
    at, order, interval = dose[D_TIME], dose[D_ORDER], dose[D_INTERVAL]
    running, pending = 0, 0
    if dose[D_STEADY] > 0:
        running, pending = carried(interval, give)
    if dose[D_KIND] != DOSE or dose[D_STEADY] > 0:
        n = _put(key, what, n, at, order, RECORD, d)
    if give[G_AMOUNT, 0] > 0.0:
        start = at + give[G_LAG, 0]
        for k in range(pending + 1):
            n = _put(key, what, n, start - k * interval, order, ARRIVE, d)
        for k in range(running + pending + 1 if give[G_RATE, 0] > 0.0 else 0):
            n = _put(key, what, n, start + give[G_DURATION, 0] - k * interval, order, END, d)
    return n


@kernel
def _sort(key: Array, what: Array, n: int) -> None:
    """Shell sort by time, order, kind: the three runs (changes, observations, doses) are each nearly sorted."""
    gap = 1
    while gap < n // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            t, o, k, x, a = key[i, 0], key[i, 1], what[i, 0], what[i, 1], i
            while a >= gap and _after(key[a - gap], what[a - gap], t, o, k):
                key[a], what[a] = key[a - gap], what[a - gap]
                a -= gap
            _put(key, what, a, t, o, k, x)
        gap //= 3


@kernel
def _after(key: Array, what: Array, time: float, order: float, kind: int) -> bool:
    if key[0] != time:
        return key[0] > time
    if key[1] != order:
        return key[1] > order
    return what[0] > kind
