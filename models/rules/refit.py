"""The constants of a formula by least squares in double precision, with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from models.rules.expression import LARGEST_CONSTANT, Node, constants, evaluate, with_constants

STEP = 1e-6  # relative, of the central differences that the intervals rest on
LEVEL = 1.96  # standard errors of a 95 % interval


@dataclass(frozen=True, kw_only=True)
class Refitted:
    """intervals: 95 %, of each constant in the order of expression.constants. loss: mean squared residual.

    determined: False where some constants trade against each other, so that intervals mean little.
    """

    node: Node
    intervals: tuple[tuple[float, float], ...]
    loss: float
    determined: bool


def refit(node: Node, columns: Mapping[str, np.ndarray], y: np.ndarray) -> Refitted | None:
    """None where the formula has no finite value for these data, or no better constants were found.

    Intervals are linearised, with the sandwich covariance (White 1980): patients of several models have residuals
    of several widths.
    """
    start = np.array(constants(node))
    if not np.isfinite(_residuals(node, start, columns, y)).all():
        return None
    if start.size:
        found = least_squares(lambda c: _finite(_residuals(node, c, columns, y)), start, x_scale="jac", xtol=1e-12)
        start = found.x
    residuals = _residuals(node, start, columns, y)
    if not np.isfinite(residuals).all():
        return None
    sd, determined = _errors(node, start, columns, y, residuals)
    return Refitted(
        node=with_constants(node, tuple(start.tolist())),
        intervals=tuple((float(c - LEVEL * s), float(c + LEVEL * s)) for c, s in zip(start, sd, strict=True)),
        loss=float(np.mean(residuals**2)),
        determined=determined,
    )


def _residuals(node: Node, values: np.ndarray, columns: Mapping[str, np.ndarray], y: np.ndarray) -> np.ndarray:
    if not (np.abs(values) <= LARGEST_CONSTANT).all():
        return np.full(y.shape, np.inf)
    return np.broadcast_to(evaluate(with_constants(node, tuple(values.tolist())), columns), y.shape) - y


def _finite(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values, nan=1e6, posinf=1e6, neginf=-1e6)


def _errors(
    node: Node, values: np.ndarray, columns: Mapping[str, np.ndarray], y: np.ndarray, residuals: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Standard error of each constant, and whether the data determine them all."""
    if not values.size:
        return np.empty(0), True
    slopes = np.column_stack([_slope(node, values, k, columns, y) for k in range(values.size)])
    # differences of double precision carry nine digits or so; what is smaller is no direction of its own
    scaled = slopes / np.maximum(np.linalg.norm(slopes, axis=0), 1e-300)
    determined = bool(np.linalg.matrix_rank(scaled, tol=1e-6) == values.size)
    inverse = np.linalg.pinv(slopes.T @ slopes, rcond=1e-12)
    middle = (slopes * residuals[:, None] ** 2).T @ slopes
    return np.sqrt(np.maximum(np.diag(inverse @ middle @ inverse), 0.0)), determined


def _slope(node: Node, values: np.ndarray, k: int, columns: Mapping[str, np.ndarray], y: np.ndarray) -> np.ndarray:
    step = np.zeros(values.size)
    step[k] = STEP * max(abs(values[k]), 1e-3)
    up, down = (_residuals(node, values + sign * step, columns, y) for sign in (1.0, -1.0))
    return np.asarray((up - down) / (2.0 * step[k]))
