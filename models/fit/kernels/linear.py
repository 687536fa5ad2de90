"""Small symmetric positive definite systems by Cholesky's method, without LAPACK's overhead."""

from math import sqrt

import numpy as np

from models.kernel import Array, kernel, lean


@lean
def cholesky(A: Array, L: Array) -> bool:
    """Lower L with L L' = A; False where A is not positive definite."""
    n = A.shape[0]
    for i in range(n):
        for j in range(i + 1):
            total = A[i, j]
            for k in range(j):
                total -= L[i, k] * L[j, k]
            if i == j:
                if not total > 1e-14 * abs(A[i, i]):
                    return False
                L[i, i] = sqrt(total)
            else:
                L[i, j] = total / L[j, j]
    return True


@kernel
def solve(L: Array, b: Array) -> Array:
    """x with L L' x = b."""
    n = b.size
    x = b.copy()
    for i in range(n):
        for k in range(i):
            x[i] -= L[i, k] * x[k]
        x[i] /= L[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            x[i] -= L[k, i] * x[k]
        x[i] /= L[i, i]
    return x


@kernel
def inverse(L: Array) -> Array:
    """Inverse of L L'."""
    n = L.shape[0]
    out, unit = np.empty((n, n)), np.zeros(n)
    for j in range(n):
        unit[j] = 1.0
        out[:, j] = solve(L, unit)
        unit[j] = 0.0
    return out


@lean
def dot(a: Array, b: Array) -> float:
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total
