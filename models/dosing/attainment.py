"""Probabilities and intervals of a quantity over draws from the posterior."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.dosing.advice import Interval
from models.errors import ModelsError
from models.target import Target


@dataclass(frozen=True, kw_only=True)
class Attainment:
    """Shares of the draws that keep every bound, only fall short of one, exceed one; sum to 1. Bounds are kept."""

    inside: float
    below: float
    above: float


def attainment(found: Sequence[tuple[np.ndarray, Target]]) -> Attainment:
    """found: values (m,) of each metric with its target, inf where it grows without end.

    ModelsError where one is not a number, as it could not count.
    """
    for values, target in found:
        if np.isnan(values).any():
            raise ModelsError(
                f"{target.metric} is not a number in {np.count_nonzero(np.isnan(values))} draws; fit again"
            )
    above = np.any([values > target.high for values, target in found], axis=0)
    short = np.any([values < target.low for values, target in found], axis=0)
    below = short & ~above
    n = above.size
    over, under = int(above.sum()), int(below.sum())
    return Attainment(inside=(n - under - over) / n, below=under / n, above=over / n)


def standard_error(probability: float, draws: int) -> float:
    """Monte Carlo standard error of a share of `draws`; never under that of a single draw either way."""
    return float(np.sqrt(max(probability * (1.0 - probability), 1.0 / draws) / draws))


def interval(values: np.ndarray, unit: str) -> Interval:
    """Median and central 90 % of values (m,)."""
    # no interpolation where a neighbour is without end: inf - inf is not a number
    method = "linear" if np.isfinite(values).all() else "lower"
    low, median, high = np.quantile(values, (0.05, 0.5, 0.95), method=method)  # type: ignore[call-overload]
    return Interval(median=float(median), low=float(low), high=float(high), unit=unit)
