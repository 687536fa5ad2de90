"""Small dense linear systems by Gaussian elimination with row exchanges, without LAPACK's overhead."""

from models.kernel import Array, lean


@lean
def lu(A: Array, pivot: Array) -> bool:
    """Overwrites A (n, n) with its factors and pivot (n,) with the exchanges; False where A is singular."""
    n = A.shape[0]
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(A[i, k]) > abs(A[best, k]):
                best = i
        pivot[k] = best
        if not abs(A[best, k]) > 0.0:
            return False
        if best != k:
            for j in range(n):
                A[k, j], A[best, j] = A[best, j], A[k, j]
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            for j in range(k + 1, n):
                A[i, j] -= A[i, k] * A[k, j]
    return True


@lean
def lu_solve(A: Array, pivot: Array, b: Array) -> None:
    """Overwrites b (n,) with the solution, for factors and exchanges of lu."""
    n = b.size
    for k in range(n):
        b[k], b[pivot[k]] = b[pivot[k]], b[k]
    for i in range(n):
        for k in range(i):
            b[i] -= A[i, k] * b[k]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            b[i] -= A[i, k] * b[k]
        b[i] /= A[i, i]
