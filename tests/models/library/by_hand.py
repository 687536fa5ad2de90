"""Linear compartments by SciPy's matrix exponential: what a test compares the engine with, from numbers in the test."""

import numpy as np
from scipy.linalg import expm


def rates(size: int, *arrows: tuple[int, int | None, float]) -> np.ndarray:
    """(size, size) K of dA/dt = K A from arrows (from, to, 1/h); to None leaves the body."""
    matrix = np.zeros((size, size))
    for source, target, rate in arrows:
        matrix[source, source] -= rate
        if target is not None:
            matrix[target, source] += rate
    return matrix


def after(matrix: np.ndarray, start: np.ndarray, hours: float, inflow: np.ndarray | None = None) -> np.ndarray:
    """Amounts after some hours, with a constant inflow (mg/h)."""
    size = len(matrix)
    big = np.zeros((size + 1, size + 1))
    big[:size, :size] = matrix
    big[:size, size] = 0.0 if inflow is None else inflow
    return (expm(big * hours) @ np.append(start, 1.0))[:size]


def steady(matrix: np.ndarray, one: np.ndarray, interval: float) -> np.ndarray:
    """Amounts at the end of an interval at steady state, where `one` is left of a single dose at its end."""
    return np.linalg.solve(np.eye(len(matrix)) - expm(matrix * interval), one)


def half_life(matrix: np.ndarray) -> float:
    """The longest half-life, h."""
    return float(np.log(2.0) / np.abs(np.linalg.eigvals(matrix).real).min())
