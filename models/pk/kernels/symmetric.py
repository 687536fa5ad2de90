"""Eigenvectors of a compartment system whose exchanges form a tree: symmetric after scaling, so always real and stable."""

from math import sqrt

import numpy as np
from numba import njit

SWEEPS = 30  # Jacobi needs three to six for so small a matrix


@njit(cache=True)
def decompose(plan, K, dK, n_dir, values, vectors, inverse, M, touches):
    """Eigenvalues (m,), vectors and their inverse (m, m) of the core of K (c, c); M = inverse @ dK @ vectors.

    A compartment's amount is scaled by s = s_parent * sqrt(k_in / k_out), which makes the core symmetric.
    """
    core, m = plan.core, plan.core.size
    scale = np.ones(m)
    for i in range(m):
        j = plan.core_parent[i]
        if j >= 0:
            to, back = K[core[i], core[j]], K[core[j], core[i]]
            scale[i] = scale[j] * (sqrt(to / back) if to > 0.0 and back > 0.0 else 1.0)
    H = np.empty((m, m))
    for i in range(m):
        for j in range(m):
            H[i, j] = K[core[i], core[j]] * scale[j] / scale[i]
    W = _jacobi(H)
    for i in range(m):
        values[i] = H[i, i]
        for j in range(m):
            vectors[j, i] = scale[j] * W[j, i]
            inverse[i, j] = W[j, i] / scale[j]
    for q in range(n_dir):
        touches[q] = _to_modes(core, dK[q], vectors, inverse, M[q])


@njit(cache=True)
def _jacobi(H):
    """Rotates symmetric H to diagonal in place; returns the orthogonal W with columns as eigenvectors."""
    m = H.shape[0]
    W = np.eye(m)
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
    return W


@njit(cache=True)
def _rotate(H, W, i, j):
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


@njit(cache=True)
def _to_modes(core, dK, vectors, inverse, M):
    """M = inverse @ dK[core, core] @ vectors; whether anything in it is not zero."""
    m = core.size
    touched = False
    for a in range(m):
        for b in range(m):
            total = 0.0
            for i in range(m):
                for j in range(m):
                    total += inverse[a, i] * dK[core[i], core[j]] * vectors[j, b]
            M[a, b] = total
            touched = touched or total != 0.0
    return touched
