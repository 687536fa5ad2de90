"""Probabilities and intervals of a quantity over draws from the posterior."""

from dataclasses import dataclass

import numpy as np

from models.dosing.advice import Interval
from models.errors import ModelsError
from models.target import Target


@dataclass(frozen=True, kw_only=True)
class Attainment:
    """Shares of the draws inside, under and over the target; sum to 1. The bounds belong to the target."""

    inside: float
    below: float
    above: float


def attainment(values: np.ndarray, target: Target) -> Attainment:
    """values: (m,) of the target's metric in its unit; ModelsError where one is not finite, as it could not count."""
    if not np.isfinite(values).all():
        raise ModelsError(f"{target.metric} is not finite in {np.count_nonzero(~np.isfinite(values))} draws; fit again")
    below = int(np.count_nonzero(values < target.low))
    above = int(np.count_nonzero(values > target.high))
    n = values.size
    return Attainment(inside=(n - below - above) / n, below=below / n, above=above / n)


def standard_error(probability: float, draws: int) -> float:
    """Monte Carlo standard error of a share of `draws`; never under that of a single draw either way."""
    return float(np.sqrt(max(probability * (1.0 - probability), 1.0 / draws) / draws))


def interval(values: np.ndarray, unit: str) -> Interval:
    """Median and central 90 % of values (m,)."""
    low, median, high = np.quantile(values, (0.05, 0.5, 0.95))
    return Interval(median=float(median), low=float(low), high=float(high), unit=unit)
