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
from models.kernel import Array, kernel, lean
from models.pk.kernels.rows import Rows
from models.population.plan import BIOAVAILABILITY, DOSE_RATE, DURATION, LAG, TERM_PARAM, TRANSIT_NUMBER, Plan

# kinds of action; at the same time and order they happen in this order
CHANGE, RECORD, ARRIVE, END, OBSERVE = range(5)
# rows of a delivery, each a jet
G_AMOUNT, G_RATE, G_DURATION, G_LAG = range(4)


# columns of Timeline.key and Timeline.what
A_TIME, A_ORDER = range(2)
A_KIND, A_WHICH = range(2)


class Timeline(NamedTuple):
    """Actions in order. key (a, 2): time and order; what (a, 2): kind, and which dose, observation or change."""

    key: Array
    what: Array


@lean
def deliver(comp: Array, P: Array, dose: Array, d: int, gives: Array) -> bool:
    """How dose d is delivered: jets gives[d] (4, 1 + e) of amount, rate (0: a bolus), duration and lag.

    comp: Plan.comp. P: Rows.P. A recorded rate stays as recorded, so bioavailability changes the duration (as NONMEM
    does); a modelled duration stays as modelled. Returns False where lag, duration, rate or bioavailability can not be.
    """
    r, c, rate = int(dose[d, D_ROW]), int(dose[d, D_COMP]), dose[d, D_RATE]
    gives[d, :, :] = 0.0
    gives[d, G_AMOUNT, 0] = dose[d, D_AMOUNT]
    if comp[c, BIOAVAILABILITY] >= 0:
        for q in range(gives.shape[2]):
            gives[d, G_AMOUNT, q] = dose[d, D_AMOUNT] * P[r, comp[c, BIOAVAILABILITY], q]
    if comp[c, LAG] >= 0:
        for q in range(gives.shape[2]):
            gives[d, G_LAG, q] = P[r, comp[c, LAG], q]
    amount, lag = gives[d, G_AMOUNT, 0], gives[d, G_LAG, 0]
    if not (amount >= 0.0 and lag >= 0.0 and amount < np.inf and lag < np.inf):
        return False
    if rate == 0.0:
        return True
    if comp[c, TRANSIT_NUMBER] >= 0:
        return False  # an infusion through transits is not described
    if rate == MODELLED_DURATION:
        return _fixed(P[r], comp[c, DURATION], gives[d], G_DURATION, G_RATE)
    if rate == MODELLED_RATE:
        return _fixed(P[r], comp[c, DOSE_RATE], gives[d], G_RATE, G_DURATION)
    gives[d, G_RATE, 0] = rate
    gives[d, G_DURATION, 0] = amount / rate
    for q in range(1, gives.shape[2]):
        gives[d, G_DURATION, q] = gives[d, G_AMOUNT, q] / rate
    return True


@lean
def _fixed(P: Array, p: int, give: Array, known: int, other: int) -> bool:
    """Duration (or rate) is parameter p; the other follows from the amount."""
    if p < 0 or not P[p, 0] > 0.0:
        return False
    for q in range(give.shape[1]):
        give[known, q] = P[p, q]
    _share(give, known, other)
    return bool(np.isfinite(give[other, 0]))


@lean
def _share(give: Array, known: int, other: int) -> None:
    give[other, 0] = give[G_AMOUNT, 0] / give[known, 0]
    for q in range(1, give.shape[1]):
        give[other, q] = (give[G_AMOUNT, q] - give[other, 0] * give[known, q]) / give[known, 0]


@lean
def carried(interval: float, give: Array) -> tuple[int, int]:
    """Of a train given for ever: earlier infusions that still run at a dose's record, and those yet to start."""
    if interval <= 0.0:
        return 0, 0
    lag, duration = give[G_LAG, 0], give[G_DURATION, 0]
    pending = floor(lag / interval)
    running = ceil((lag + duration) / interval) - 1 - pending if duration > 0.0 else 0
    return max(running, 0), pending


@lean
def fixed(comp: Array, dose: Array, terms: Array, n_primary: int) -> bool:
    """Whether no random effect acts on how a dose is delivered: one timeline then serves all of them.

    A derived parameter (n_primary or above) counts as acted upon.
    """
    for d in range(dose.shape[0]):
        for column in (BIOAVAILABILITY, LAG, DURATION, DOSE_RATE):
            p = comp[int(dose[d, D_COMP]), column]
            if p >= n_primary:
                return False
            for t in range(terms.shape[0]):
                if p >= 0 and p == terms[t, TERM_PARAM]:
                    return False
    return True


@kernel
def build(plan: Plan, rows: Rows, ev: Events, gives: Array) -> tuple[bool, Timeline]:
    """The timeline, and jets gives (d, 4, 1 + e) of every dose; False where a dose can not be delivered so.

    Doses, observations and changes each come in order of time, so that merging them leaves little to sort.
    """
    dose, obs, change, comp, P = ev.dose, ev.obs, ev.change, plan.comp, rows.P
    n_dose, n_obs, n_change = dose.shape[0], obs.shape[0], change.shape[0]
    size, ok = 3 * n_dose + n_obs + n_change, True
    for d in range(n_dose):
        ok = ok and deliver(comp, P, dose, d, gives)
        if ok and dose[d, D_STEADY] > 0:
            running, pending = carried(dose[d, D_INTERVAL], gives[d])
            size += running + 2 * pending
    key, what = np.empty((size, 2)), np.empty((size, 2), dtype=np.int64)
    n, d, o, c = 0, 0, 0, 0
    while ok and (d < n_dose or o < n_obs or c < n_change):
        t_dose = dose[d, D_TIME] if d < n_dose else np.inf
        t_obs = obs[o, O_TIME] if o < n_obs else np.inf
        t_change = change[c, C_TIME] if c < n_change else np.inf
        if c < n_change and t_change <= t_obs and t_change <= t_dose:
            n = _put(key, what, n, t_change, change[c, C_ORDER], CHANGE, c)
            c += 1
        elif o < n_obs and t_obs <= t_dose:
            n = _put(key, what, n, t_obs, obs[o, O_ORDER], OBSERVE, o)
            o += 1
        else:
            n = _put_dose(dose, gives, d, key, what, n)
            d += 1
    _sort(key, what, n)
    return ok, Timeline(key[:n], what[:n])


@lean
def _put(key: Array, what: Array, n: int, time: float, order: float, kind: int, index: int) -> int:
    key[n, 0], key[n, 1], what[n, 0], what[n, 1] = time, order, kind, index
    return n + 1


@lean
def _put_dose(dose: Array, gives: Array, d: int, key: Array, what: Array, n: int) -> int:
    at, order, interval = dose[d, D_TIME], dose[d, D_ORDER], dose[d, D_INTERVAL]
    running, pending, steady = 0, 0, dose[d, D_STEADY] > 0
    if steady:
        running, pending = carried(interval, gives[d])
    if dose[d, D_KIND] != DOSE or steady:
        n = _put(key, what, n, at, order, RECORD, d)
    if gives[d, G_AMOUNT, 0] > 0.0:
        start = at + gives[d, G_LAG, 0]
        for k in range(pending + 1):
            n = _put(key, what, n, start - k * interval, order, ARRIVE, d)
        for k in range(running + pending + 1 if gives[d, G_RATE, 0] > 0.0 else 0):
            n = _put(key, what, n, start + gives[d, G_DURATION, 0] - k * interval, order, END, d)
    return n


@lean
def _sort(key: Array, what: Array, n: int) -> None:
    """Insertion sort by time, order, kind: linear for what is nearly in order, as after merging."""
    for i in range(1, n):
        t, o, k, x = key[i, 0], key[i, 1], what[i, 0], what[i, 1]
        a = i
        while a > 0:
            before = key[a - 1, 0]
            if before < t or (before == t and (key[a - 1, 1] < o or (key[a - 1, 1] == o and what[a - 1, 0] <= k))):
                break
            key[a, 0], key[a, 1], what[a, 0], what[a, 1] = before, key[a - 1, 1], what[a - 1, 0], what[a - 1, 1]
            a -= 1
        key[a, 0], key[a, 1], what[a, 0], what[a, 1] = t, o, k, x
