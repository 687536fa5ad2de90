"""What changes by itself with the time after a dose: absorption through transits, and absorption that rises.

transit: s h after it a dose enters its compartment at F D ktr (ktr s)^n e^(-ktr s) / Gamma(n + 1),
ktr = (n + 1) / MTT; doses add up (Savic et al., J Pharmacokinet Pharmacodyn 34, 2007). n need not be a whole number.
rising: a flux's rate is multiplied by 1 - exp(-(ra s)^gamma), s h after the last dose into the compartment it leaves.

A feed (c + k, 7, 1 + e) holds jets: first the clock of each compartment (only START: its last dose), then the doses
that flow in. It is empty (0, 7, 1 + e) for models that have neither. START is h in the time of the caller.
"""

from math import ceil, exp, lgamma, log, sqrt

import numpy as np

from models.events import D_COMP, D_INTERVAL, D_ROW, D_STEADY, Events
from models.kernel import Array, kernel, lean
from models.pk.kernels.individual import C_RATE, C_RISE, C_SHAPE
from models.pk.kernels.rows import Rows
from models.pk.kernels.timeline import G_AMOUNT, G_LAG, carried
from models.population.plan import FROM, RISE, TRANSIT_NUMBER, TRANSIT_TIME, Plan

# INTO: compartment, or -1 for a free place. CONSTANT, PSI: logarithm of F D ktr / Gamma(n + 1); digamma(n + 1)
START, AMOUNT, NUMBER, KTR, INTO, CONSTANT, PSI = range(7)
SIZE = 7


@lean
def is_timed(plan: Plan) -> bool:
    timed = False
    for c in range(plan.n_comp):
        timed = timed or plan.comp[c, TRANSIT_NUMBER] >= 0
    for f in range(plan.flux.shape[0]):
        timed = timed or plan.flux[f, RISE] >= 0
    return timed


@lean
def over(n: float, mean_time: float) -> float:
    """h after which less than 1e-15 of a dose is still to come: a gamma distribution's far tail, generously."""
    return mean_time * (1.0 + 40.0 / (n + 1.0) + 12.0 / sqrt(n + 1.0))


@lean
def tails(plan: Plan, P: Array, comp: int, interval: float) -> int:
    """How many earlier doses of a train still flow in when one is given."""
    if plan.comp[comp, TRANSIT_NUMBER] < 0 or interval <= 0.0:
        return 0
    n, mean_time = P[plan.comp[comp, TRANSIT_NUMBER], 0], P[plan.comp[comp, TRANSIT_TIME], 0]
    return ceil(over(n, mean_time) / interval)


@kernel
def open_feed(plan: Plan, ev: Events, rows: Rows, gives: Array) -> Array:
    """An empty feed with room for every dose of a subject, and for those before a steady state."""
    places = plan.n_comp
    for d in range(ev.dose.shape[0]):
        places += 1
        if ev.dose[d, D_STEADY] > 0:
            comp, interval = int(ev.dose[d, D_COMP]), ev.dose[d, D_INTERVAL]
            _, pending = carried(interval, gives[d])
            places += pending + tails(plan, rows.P[int(ev.dose[d, D_ROW])], comp, interval) + pending
    feed = np.zeros((places, SIZE, gives.shape[2]))
    clear(plan.n_comp, feed)
    return feed


@lean
def clear(n_comp: int, feed: Array) -> None:
    for k in range(feed.shape[0]):
        feed[k, INTO, 0] = -1.0
        if k < n_comp:
            feed[k, START, 0] = -np.inf


@lean
def tick(feed: Array, comp: int, time: float, gives: Array, d: int) -> None:
    """Dose d has just arrived in `comp`, at a time that moves with its lag."""
    if feed.shape[0] > 0:
        feed[comp, START, 0] = time
        for q in range(1, feed.shape[2]):
            feed[comp, START, q] = gives[d, G_LAG, q]


@lean
def pour(plan: Plan, P: Array, comp: int, time: float, gives: Array, d: int, feed: Array) -> bool:
    """Dose d begins to flow into `comp` at `time`; False where n or the mean time can not be."""
    number, mean = plan.comp[comp, TRANSIT_NUMBER], plan.comp[comp, TRANSIT_TIME]
    n, mtt = P[number, 0], P[mean, 0]
    if not (n >= 0.0 and mtt > 0.0 and n < np.inf and mtt < np.inf):
        return False
    k = plan.n_comp
    while k < feed.shape[0] and feed[k, INTO, 0] >= 0.0:
        k += 1
    if k == feed.shape[0]:
        return False
    if not gives[d, G_AMOUNT, 0] > 0.0:
        return True
    ktr = (n + 1.0) / mtt
    feed[k, START, 0], feed[k, INTO, 0] = time, comp
    feed[k, AMOUNT, 0], feed[k, NUMBER, 0], feed[k, KTR, 0] = gives[d, G_AMOUNT, 0], n, ktr
    feed[k, CONSTANT, 0] = log(gives[d, G_AMOUNT, 0]) + log(ktr) - lgamma(n + 1.0)
    feed[k, PSI, 0] = digamma(n + 1.0)
    for q in range(1, feed.shape[2]):
        feed[k, START, q], feed[k, AMOUNT, q] = gives[d, G_LAG, q], gives[d, G_AMOUNT, q]
        feed[k, NUMBER, q], feed[k, KTR, q] = P[number, q], (P[number, q] - ktr * P[mean, q]) / mtt
    return True


@lean
def start_inflow(plan: Plan, P: Array, comp: int, gives: Array, d: int, skip: int, X: Array) -> None:
    """The derivatives' jump where an inflow starts at its full rate (n = 0, no transits) and its start moves."""
    if P[plan.comp[comp, TRANSIT_NUMBER], 0] == 0.0:
        rate = gives[d, G_AMOUNT, 0] / P[plan.comp[comp, TRANSIT_TIME], 0]
        for q in range(1, gives.shape[2]):
            X[comp, skip + q] -= rate * gives[d, G_LAG, q]


@lean
def digamma(x: float) -> float:
    """For x >= 1: recurrence, then the asymptotic series (Abramowitz and Stegun 6.3.5, 6.3.18)."""
    total = 0.0
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760)))))
    return total + log(x) - 0.5 / x - series


@lean
def longest_step(n_comp: int, feed: Array, now: float) -> float:
    """No step may pass over a dose that flows in; frees the places of those that have."""
    longest = np.inf
    for k in range(n_comp, feed.shape[0]):
        if feed[k, INTO, 0] >= 0.0:
            n, since = feed[k, NUMBER, 0], now - feed[k, START, 0]
            mean_time = (n + 1.0) / feed[k, KTR, 0]
            if since > over(n, mean_time):
                feed[k, INTO, 0] = -1.0
            else:
                longest = min(longest, mean_time / sqrt(n + 1.0))
    return longest


@lean
def largest(n_comp: int, feed: Array) -> float:
    """The largest dose that flows in."""
    top = 0.0
    for k in range(n_comp, feed.shape[0]):
        if feed[k, INTO, 0] >= 0.0:
            top = max(top, feed[k, AMOUNT, 0])
    return top


@lean
def at_time(flux: Array, C: Array, R: Array, feed: Array, now: float, Ct: Array, Rt: Array) -> None:
    """Jets Ct (f, 7, 1 + e) and Rt (c, 1 + e): coefficients and infusion rates as they are at the time `now`."""
    n_jet = feed.shape[2]
    for i in range(R.shape[0]):
        for q in range(n_jet):
            Rt[i, q] = R[i, q]
    for f in range(C.shape[0]):
        for a in range(C.shape[1]):
            for q in range(n_jet):
                Ct[f, a, q] = C[f, a, q]
        if flux[f, RISE] >= 0:
            _rise(C, f, feed, int(flux[f, FROM]), now, Ct)
    for k in range(R.shape[0], feed.shape[0]):
        if feed[k, INTO, 0] >= 0.0 and now > feed[k, START, 0]:
            _inflow(feed, k, now, Rt)


@lean
def _rise(C: Array, f: int, feed: Array, comp: int, now: float, Ct: Array) -> None:
    since, ra, shape = now - feed[comp, START, 0], C[f, C_RISE, 0], C[f, C_SHAPE, 0]
    if not 0.0 < since < np.inf:
        for q in range(feed.shape[2]):
            Ct[f, C_RATE, q] = 0.0
        return
    z = (ra * since) ** shape
    left = exp(-z)
    Ct[f, C_RATE, 0] = C[f, C_RATE, 0] * (1.0 - left)
    for q in range(1, feed.shape[2]):
        bend = shape * (C[f, C_RISE, q] / ra - feed[comp, START, q] / since) + C[f, C_SHAPE, q] * log(ra * since)
        Ct[f, C_RATE, q] = C[f, C_RATE, q] * (1.0 - left) + C[f, C_RATE, 0] * left * z * bend


@lean
def _inflow(feed: Array, k: int, now: float, Rt: Array) -> None:
    since, n, ktr, into = now - feed[k, START, 0], feed[k, NUMBER, 0], feed[k, KTR, 0], int(feed[k, INTO, 0])
    x = ktr * since
    rate = exp(feed[k, CONSTANT, 0] + n * log(x) - x)
    Rt[into, 0] += rate
    for q in range(1, feed.shape[2]):
        bend = feed[k, AMOUNT, q] / feed[k, AMOUNT, 0] + feed[k, KTR, q] / ktr * (1.0 + n - x)
        bend += feed[k, NUMBER, q] * (log(x) - feed[k, PSI, 0]) - feed[k, START, q] * (n / since - ktr)
        Rt[into, q] += rate * bend
