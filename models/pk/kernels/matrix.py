"""Transitions of any linear model by the exponential of its rate matrix, with exact derivatives.

Scaling and squaring of a Taylor polynomial, carried out on jets (value and derivatives together). The matrix is
augmented by the infusion rates, so that no inverse is needed, and by integrals of the amounts where they are asked for.
"""

from math import ceil, log2

import numpy as np

from models.kernel import Array, kernel, lean
from models.pk.kernels.transition import places

# At norm 1/2 the first neglected term of degree 13 is 0.5^14 / 14! < 1e-15.
DEGREE, NORM = 13, 0.5


@kernel
def matrix_transition(K: Array, R: Array, t: float, area: bool, slot: Array) -> None:
    """Fills the slot (see transition.py) of a span t h with rates R (c, 1 + e), for jets K (1 + e, c, c)."""
    n_jet, c = K.shape[0], K.shape[1]
    size = c + 1 + (c if area else 0)
    B = np.zeros((n_jet, size, size))
    for p in range(n_jet):
        for i in range(c):
            B[p, i, c] = R[i, p] * t
            for j in range(c):
                B[p, i, j] = K[p, i, j] * t
    for i in range(size - c - 1):
        B[0, c + 1 + i, i] = t
    E = exponential(B)
    at_T, at_g, at_A, at_a = places(c, n_jet)
    for i in range(c):
        for p in range(n_jet):
            slot[at_g + i * n_jet + p] = E[p, i, c]
            for k in range(c):
                slot[at_T + (i * c + k) * n_jet + p] = E[p, i, k]
    for i in range(size - c - 1):
        slot[at_a + i] = E[0, c + 1 + i, c]
        for k in range(c):
            slot[at_A + i * c + k] = E[0, c + 1 + i, k]


@kernel
def exponential(B: Array) -> Array:
    """Jets of exp(B[0]) for jets B (1 + e, n, n)."""
    n = B.shape[1]
    norm = 0.0
    for j in range(n):
        column = 0.0
        for i in range(n):
            column += abs(B[0, i, j])
        norm = max(norm, column)
    squarings = max(0, ceil(log2(norm / NORM))) if norm > NORM else 0
    B = B / 2.0**squarings
    used = _not_zero(B)
    E, work = np.zeros(B.shape), np.empty(B.shape)
    for i in range(n):
        E[0, i, i] = 1.0
    for k in range(DEGREE, 0, -1):
        _multiply(B, E, used, work)
        for p in range(B.shape[0]):
            if used[p]:
                E[p] = work[p] / k
        for i in range(n):
            E[0, i, i] += 1.0
    for _ in range(squarings):
        _multiply(E, E, used, work)
        E, work = work, E
    return E


@kernel
def _not_zero(B: Array) -> Array:
    """(1 + e,) which jet places hold anything; the value's always counts."""
    used = np.zeros(B.shape[0], dtype=np.bool_)
    used[0] = True
    for p in range(1, B.shape[0]):
        for i in range(B.shape[1]):
            for j in range(B.shape[2]):
                used[p] = used[p] or B[p, i, j] != 0.0
    return used


@lean
def _multiply(A: Array, B: Array, used: Array, out: Array) -> None:
    """out = A B as jets."""
    for p in range(A.shape[0]):
        out[p] = 0.0
        if used[p]:
            _add_product(A[0], B[p], out[p])
            if p > 0:
                _add_product(A[p], B[0], out[p])


@lean
def _add_product(A: Array, B: Array, out: Array) -> None:
    n = A.shape[0]
    for i in range(n):
        for k in range(n):
            a = A[i, k]
            if a != 0.0:
                for j in range(n):
                    out[i, j] += a * B[k, j]
