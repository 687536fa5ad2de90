"""One step of the implicit Runge-Kutta method Radau IIA of order 5, for stiff equations.

Hairer, Wanner: Solving Ordinary Differential Equations II, 2nd ed., section IV.8. The stages of the amounts are found
by Newton's method; those of the derivatives then follow from one linear system with the stages' exact Jacobians.
"""

from math import sqrt

import numpy as np

from models.kernel import Array, kernel
from models.pk.kernels.dense import lu, lu_solve
from models.pk.kernels.feed import at_time
from models.pk.kernels.flow import flow, jacobian

S6 = sqrt(6.0)
A = np.array(
    [
        [(88 - 7 * S6) / 360, (296 - 169 * S6) / 1800, (-2 + 3 * S6) / 225],
        [(296 + 169 * S6) / 1800, (88 + 7 * S6) / 360, (-2 - 3 * S6) / 225],
        [(16 - S6) / 36, (16 + S6) / 36, 1 / 9],
    ]
)
NODES = np.array([(4 - S6) / 10, (4 + S6) / 10, 1.0])
# weights of the stages in the error estimate, and the real eigenvalue of inv(A) that filters it
E = np.array([-13 - 7 * S6, -13 + 7 * S6, -1.0]) / 3.0
FILTER = 3.0 + 3.0 ** (2.0 / 3.0) - 3.0 ** (1.0 / 3.0)
NEWTON_STEPS = 12


@kernel
def implicit_step(
    flux: Array,
    C: Array,
    Y: Array,
    R: Array,
    skip: int,
    h: float,
    J: Array,
    G: Array,
    work: Array,
    scale: Array,
    new: Array,
    feed: Array,
    now: float,
) -> float:
    """Error (above 1: repeat the step, smaller) of new (c, w) after h from Y, whose slopes are work[0].

    Columns as in flow.slopes. inf where Newton's method does not settle.
    """
    c, n_jet = Y.shape[0], 1 + skip + G.shape[1]
    Z = np.zeros((3, c, Y.shape[1]))
    system, pivot = np.empty((3 * c, 3 * c)), np.empty(3 * c, dtype=np.int64)
    Cs, Rs = _at_stages(flux, C, R, feed, now, h)
    jacobian(flux, Cs[0], Y, J, G)  # at the first stage's time, so that what rises from nothing is seen
    filtered, filter_pivot = -J, np.empty(c, dtype=np.int64)
    for i in range(c):
        filtered[i, i] += FILTER / h
    if not (lu(filtered, filter_pivot) and _stages(flux, Cs, Y, Rs, h, J, Z, system, pivot, scale)):
        return np.inf
    if Y.shape[1] > 1:
        _derivative_stages(flux, Cs, Y, Rs, skip, h, n_jet, Z, system, pivot)
    new[:, :] = Y + Z[2]
    total = 0.0
    for q in range(Y.shape[1]):
        b = work[0, :, q] + (E[0] * Z[0, :, q] + E[1] * Z[1, :, q] + E[2] * Z[2, :, q]) / h
        lu_solve(filtered, filter_pivot, b)
        for i in range(c):
            total += (b[i] / scale[i, q]) ** 2
    return sqrt(total / scale.size)


@kernel
def _at_stages(flux: Array, C: Array, R: Array, feed: Array, now: float, h: float) -> tuple[Array, Array]:
    """Coefficients (3, f, 7, j) and rates (3, c, j) at the stages' times."""
    Cs, Rs = np.empty((3, *C.shape)), np.empty((3, *R.shape))
    for b in range(3):
        if feed.shape[0] > 0:
            at_time(flux, C, R, feed, now + NODES[b] * h, Cs[b], Rs[b])
        else:
            Cs[b] = C
            Rs[b] = R
    return Cs, Rs


@kernel
def _stages(
    flux: Array, Cs: Array, Y: Array, Rs: Array, h: float, J: Array, Z: Array, system: Array, pivot: Array, scale: Array
) -> bool:
    """Solves Z_i = h sum_j A_ij f(Y + Z_j) for the amounts, with the Jacobian at the start of the step."""
    c = Y.shape[0]
    for a in range(3):
        for b in range(3):
            for i in range(c):
                for j in range(c):
                    same = 1.0 if a == b and i == j else 0.0
                    system[a * c + i, b * c + j] = same - h * A[a, b] * J[i, j]
    if not lu(system, pivot):
        return False
    F, stage, move = np.empty((3, c, 1)), np.empty((c, 1)), np.empty(3 * c)
    for _ in range(NEWTON_STEPS):
        for b in range(3):
            for i in range(c):
                stage[i, 0] = Y[i, 0] + Z[b, i, 0]
            flow(flux, Cs[b], stage, Rs[b], F[b])
        for a in range(3):
            for i in range(c):
                total = 0.0
                for b in range(3):
                    total += A[a, b] * F[b, i, 0]
                move[a * c + i] = h * total - Z[a, i, 0]
        lu_solve(system, pivot, move)
        largest = 0.0
        for a in range(3):
            for i in range(c):
                Z[a, i, 0] += move[a * c + i]
                largest = max(largest, abs(move[a * c + i]) / scale[i, 0])
        if largest < 1e-2:
            return True
        if not np.isfinite(largest):
            return False
    return False


@kernel
def _derivative_stages(
    flux: Array, Cs: Array, Y: Array, Rs: Array, skip: int, h: float, n_jet: int, Z: Array, system: Array, pivot: Array
) -> None:
    """Stages of the derivatives: linear, with the Jacobian of each stage; and of the integral, if it is there."""
    c, n_eta = Y.shape[0], n_jet - 1 - skip
    J, G, stage = np.empty((3, c, c)), np.empty((3, c, n_eta)), np.empty((c, 1))
    for b in range(3):
        for i in range(c):
            stage[i, 0] = Y[i, 0] + Z[b, i, 0]
        jacobian(flux, Cs[b], stage, J[b], G[b])
    for a in range(3):
        for b in range(3):
            for i in range(c):
                for j in range(c):
                    same = 1.0 if a == b and i == j else 0.0
                    system[a * c + i, b * c + j] = same - h * A[a, b] * J[b, i, j]
    if n_jet > 1 and not lu(system, pivot):
        Z[:, :, 1:] = np.inf
        return
    right, slope = np.empty(3 * c), np.empty((3, c))
    for q in range(1, Y.shape[1]):
        p = q - skip
        for b in range(3):
            for i in range(c):
                if q >= n_jet:
                    slope[b, i] = Y[i, 0] + Z[b, i, 0]
                    continue
                total = G[b, i, p - 1] + Rs[b, i, p] if p >= 1 else 0.0
                for j in range(c):
                    total += J[b, i, j] * Y[j, q]
                slope[b, i] = total
        for a in range(3):
            for i in range(c):
                right[a * c + i] = h * (A[a, 0] * slope[0, i] + A[a, 1] * slope[1, i] + A[a, 2] * slope[2, i])
        if q < n_jet:
            lu_solve(system, pivot, right)
        for a in range(3):
            for i in range(c):
                Z[a, i, q] = right[a * c + i]
