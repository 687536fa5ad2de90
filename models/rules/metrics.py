"""How far estimates lie from the truth, with bootstrap intervals."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from models.rules.frozen import Measure, Spread

RESAMPLES = 500
DIGITS = 3


def rmse(share: np.ndarray) -> float:
    """%: root of the mean squared relative error; share: estimate over truth."""
    return float(100.0 * np.sqrt(np.mean((share - 1.0) ** 2)))


def log_rmse(share: np.ndarray) -> float:
    """%: of the logarithm, so that twice and half weigh the same."""
    return float(100.0 * np.sqrt(np.mean(np.log(share) ** 2)))


def bias(share: np.ndarray) -> float:
    """%: mean relative error."""
    return float(100.0 * np.mean(share - 1.0))


def within_20(share: np.ndarray) -> float:
    """%: of patients whose estimate is off by at most a fifth."""
    return float(100.0 * np.mean(np.abs(share - 1.0) <= 0.2))


MEASURES: Mapping[str, Callable[[np.ndarray], float]] = MappingProxyType(
    {"rmse": rmse, "log_rmse": log_rmse, "bias": bias, "within_20": within_20}
)


def measures(share: np.ndarray, seed: int = 1) -> tuple[Measure, ...]:
    """Of estimates over truths (n,), each with the 2.5 and 97.5 % points of resampled patients."""
    rows = np.random.default_rng(seed).integers(share.size, size=(RESAMPLES, share.size))
    return tuple(_measure(name, function, share, rows) for name, function in MEASURES.items())


def _measure(name: str, function: Callable[[np.ndarray], float], share: np.ndarray, rows: np.ndarray) -> Measure:
    resampled = [function(share[row]) for row in rows]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Measure(name=name, value=_short(function(share)), low=_short(low), high=_short(high))


def covered(log_error: np.ndarray, spread: Spread, seed: int = 1) -> Measure:
    """%: of ln(estimate / truth) inside the spread's limits."""
    inside = (log_error >= spread.low) & (log_error <= spread.high)
    return share_inside(inside, spread.share, seed)


def share_inside(inside: np.ndarray, share: float, seed: int = 1) -> Measure:
    """%: of patients whose truth lies inside an interval that promises `share`; inside (n,) bool."""
    rows = np.random.default_rng(seed).integers(inside.size, size=(RESAMPLES, inside.size))
    low, high = np.quantile(100.0 * inside[rows].mean(axis=1), [0.025, 0.975])
    name = f"coverage_{100 * share:.0f}"
    return Measure(name=name, value=_short(100.0 * inside.mean()), low=_short(low), high=_short(high))


def spread_of(log_error: np.ndarray, share: float) -> Spread:
    """Limits with which a new patient of the same kind lies inside with at least `share` (split conformal)."""
    n = log_error.size
    tail = (1.0 - share) / 2.0
    order = np.sort(log_error)
    low = order[max(int(np.floor(tail * (n + 1))) - 1, 0)]
    high = order[min(int(np.ceil((1.0 - tail) * (n + 1))) - 1, n - 1)]
    return Spread(share=share, low=_short(low), high=_short(high))


def widest(spreads: Iterable[Spread]) -> Spread:
    """From the lowest limit to the highest, of spreads that promise the same share."""
    found = tuple(spreads)
    return replace(found[0], low=min(item.low for item in found), high=max(item.high for item in found))


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
