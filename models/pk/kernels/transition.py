"""Transitions of linear models: what one span of time makes of any state, kept for the next span of the same length.

A regimen repeats its intervals, so most spans of a patient are met before, and then cost one small matrix product.

    x_i(t) = sum_k T[i, k] x_k(0) + g[i]          int_0^t x_i ds = sum_k A[i, k] x_k(0) + a[i]

T and g are jets (value, then derivatives by the random effects); g is what the running infusions bring.
"""

import numpy as np

from models.kernel import Array, kernel, lean, part

SLOTS = 16
# Spans this close are the same: times in h are differences of floats, which below a year carry that much rounding
SAME = 2e-12
# columns of a slot, before R (c, j), T (c, c, j), g (c, j), A (c, c), a (c,); j = 1 + e jet places
S_SPAN, S_ROW, FIRST = range(3)
# row 0 of the work space: four numbers of the ODE solver (ode.py), how many slots are filled, which comes next, whether
# this run asks for integrals, scratch
FILLED, NEXT, AREA, SCRATCH = range(4, 8)


@kernel
def work_space(c: int, n_jet: int, area: bool) -> Array:
    """What propagators need besides the state: their memory in row 0, then the slots."""
    size = max(FIRST + 2 * c * n_jet + c * c * n_jet + c * c + c, SCRATCH + c * (n_jet + 2 + c))
    work = np.zeros((1 + SLOTS, size))
    work[0, AREA] = 1.0 if area else 0.0  # for all slots, as spans without and with integrals share them
    return work


@lean
def forget(work: Array) -> None:
    """Empties the slots and the solver's memory: other parameters hold from now on."""
    work[0, :AREA] = 0.0


@part
def find(work: Array, r: int, R: Array, t: float) -> int:
    """The slot of a span t h with rates R (c, j) and the parameters of row r; 0 where none is kept."""
    c, n_jet = R.shape
    found = 0
    for s in range(1, int(work[0, FILLED]) + 1):
        if abs(work[s, S_SPAN] - t) <= SAME and work[s, S_ROW] == r:
            found = s
            for i in range(c):
                for p in range(n_jet):
                    if work[s, FIRST + i * n_jet + p] != R[i, p]:
                        found = 0
            if found > 0:
                break
    return found


@lean
def claim(work: Array, r: int, R: Array, t: float) -> int:
    """A slot for such a span, its oldest use given up where all are taken; the caller fills in T, g, A and a."""
    c, n_jet = R.shape
    s = 1 + int(work[0, NEXT]) % SLOTS
    work[0, NEXT] = s
    work[0, FILLED] = max(work[0, FILLED], s)
    work[s, :] = 0.0
    work[s, S_SPAN], work[s, S_ROW] = t, r
    for i in range(c):
        for p in range(n_jet):
            work[s, FIRST + i * n_jet + p] = R[i, p]
    return s


@part
def places(c: int, n_jet: int) -> tuple[int, int, int, int]:
    """Where T, g, A and a begin in a slot."""
    at = FIRST + c * n_jet
    return at, at + c * c * n_jet, at + c * c * n_jet + c * n_jet, at + c * c * n_jet + c * n_jet + c * c


@lean
def _apply_two(work: Array, s: int, at_T: int, at_g: int, n_jet: int, skip: int, X: Array) -> None:
    """The same for two compartments."""
    step = 2 * n_jet
    a, b, c, d = work[s, at_T], work[s, at_T + n_jet], work[s, at_T + step], work[s, at_T + step + n_jet]
    x, y = X[0, 0], X[1, 0]
    X[0, 0], X[1, 0] = work[s, at_g] + a * x + b * y, work[s, at_g + n_jet] + c * x + d * y
    for q in range(1, 1 + skip):
        u, v = X[0, q], X[1, q]
        X[0, q], X[1, q] = a * u + b * v, c * u + d * v
    for p in range(1, n_jet):
        u, v, at, to = X[0, skip + p], X[1, skip + p], at_T + p, at_g + p
        X[0, skip + p] = work[s, to] + a * u + b * v + work[s, at] * x + work[s, at + n_jet] * y
        at, to = at + step, to + n_jet
        X[1, skip + p] = work[s, to] + c * u + d * v + work[s, at] * x + work[s, at + n_jet] * y


@part
def apply(work: Array, s: int, n_jet: int, X: Array, skip: int, area: Array, new: Array) -> None:
    """Moves jets X (c, 1 + skip + e) by slot s; area (c,) grows by the integral where it has a size. new: as X."""
    c, width = X.shape
    at_T, at_g, at_A, at_a = places(c, n_jet)
    if area.size > 0:
        for i in range(c):
            total = work[s, at_a + i]
            for k in range(c):
                total += work[s, at_A + i * c + k] * X[k, 0]
            area[i] += total
    if c == 2:  # written out: the most common size, and half of a fit's time
        _apply_two(work, s, at_T, at_g, n_jet, skip, X)
        return
    for i in range(c):  # sums innermost: columns are too few for vector instructions to pay
        at, total = at_T + i * c * n_jet, work[s, at_g + i * n_jet]
        for k in range(c):
            total += work[s, at + k * n_jet] * X[k, 0]
        new[i, 0] = total
        for q in range(1, 1 + skip):
            total = 0.0
            for k in range(c):
                total += work[s, at + k * n_jet] * X[k, q]
            new[i, q] = total
        for p in range(1, n_jet):
            total = work[s, at_g + i * n_jet + p]
            for k in range(c):
                total += work[s, at + k * n_jet] * X[k, skip + p] + work[s, at + k * n_jet + p] * X[k, 0]
            new[i, skip + p] = total
    for i in range(c):
        for q in range(width):
            X[i, q] = new[i, q]
