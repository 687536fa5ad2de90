"""Eigenvectors of compartments whose exchanges form a tree: symmetric after scaling, so always real and stable."""

from math import sqrt

from models.kernel import Array, lean
from models.population.plan import CORE_COMP, CORE_PARENT

SWEEPS = 30  # Jacobi needs three to six for so small a matrix


@lean
def decompose(core: Array, K: Array, r: int, modes: Array, M: Array, scratch: Array) -> None:
    """Fills modes[r] (1 + 2 m, m) as rows.Rows names them, for the core of K[r, 0]; M[r, q] = inv(V) @ K[r, 1 + q] @ V.

    A compartment's amount is scaled by s = s_parent * sqrt(k_in / k_out), which makes the core symmetric.
    scratch (1 + 2 m, m): the scale, the symmetric matrix, its eigenvectors.
    """
    m = core.shape[0]
    scale, H, W = scratch[0], scratch[1 : 1 + m], scratch[1 + m :]
    for i in range(m):
        j = core[i, CORE_PARENT]
        scale[i] = 1.0
        if j >= 0:
            here, there = core[i, CORE_COMP], core[j, CORE_COMP]
            to, back = K[r, 0, here, there], K[r, 0, there, here]
            scale[i] = scale[j] * (sqrt(to / back) if to > 0.0 and back > 0.0 else 1.0)
    for i in range(m):
        for j in range(m):
            H[i, j] = K[r, 0, core[i, CORE_COMP], core[j, CORE_COMP]] * scale[j] / scale[i]
            W[i, j] = 1.0 if i == j else 0.0
    _jacobi(H, W)
    for i in range(m):
        modes[r, 0, i] = H[i, i]
        for j in range(m):
            modes[r, 1 + j, i] = scale[j] * W[j, i]
            modes[r, 1 + m + i, j] = W[j, i] / scale[j]
    for q in range(M.shape[1]):
        _to_modes(core, K, r, modes, M, q)


@lean
def _jacobi(H: Array, W: Array) -> None:
    """Rotates symmetric H to diagonal in place; the columns of W, the identity at first, become its eigenvectors."""
    m = H.shape[0]
    for _ in range(SWEEPS):
        off = 0.0
        for i in range(m):
            for j in range(i + 1, m):
                off = max(off, abs(H[i, j]) / (abs(H[i, i]) + abs(H[j, j]) + 1e-300))
        if off < 1e-18:
            break
        for i in range(m):
            for j in range(i + 1, m):
                if H[i, j] != 0.0:
                    _rotate(H, W, i, j)


@lean
def _rotate(H: Array, W: Array, i: int, j: int) -> None:
    """One Jacobi rotation that makes H[i, j] zero (Golub and Van Loan, Matrix Computations, section 8.5)."""
    tau = (H[j, j] - H[i, i]) / (2.0 * H[i, j])
    t = 1.0 / (abs(tau) + sqrt(1.0 + tau * tau))
    if tau < 0.0:
        t = -t
    c = 1.0 / sqrt(1.0 + t * t)
    s = t * c
    for k in range(H.shape[0]):
        a, b = H[k, i], H[k, j]
        H[k, i], H[k, j] = c * a - s * b, s * a + c * b
    for k in range(H.shape[0]):
        a, b = H[i, k], H[j, k]
        H[i, k], H[j, k] = c * a - s * b, s * a + c * b
        a, b = W[k, i], W[k, j]
        W[k, i], W[k, j] = c * a - s * b, s * a + c * b
    H[i, j] = H[j, i] = 0.0


@lean
def _to_modes(core: Array, K: Array, r: int, modes: Array, M: Array, q: int) -> None:
    """M[r, q] = inv(V) @ K[r, 1 + q][core, core] @ V."""
    m = core.shape[0]
    for a in range(m):
        for b in range(m):
            M[r, q, a, b] = 0.0
    for i in range(m):
        for j in range(m):
            slope = K[r, 1 + q, core[i, CORE_COMP], core[j, CORE_COMP]]
            if slope != 0.0:
                for a in range(m):
                    left = modes[r, 1 + m + a, i] * slope
                    for b in range(m):
                        M[r, q, a, b] += left * modes[r, 1 + j, b]
