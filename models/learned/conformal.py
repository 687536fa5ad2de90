"""Intervals with a coverage that was counted and not assumed: split conformal, scaled by the expected error.

Vovk V, Gammerman A, Shafer G. Algorithmic learning in a random world. Springer 2005; with a scale: Lei J et al. J Am
Stat Assoc 2018;113:1094-1111. The promise holds for patients drawn as the calibration patients were, and no others.
"""

from collections.abc import Iterable
from math import ceil

import numpy as np

from models.errors import ModelsError

LEVELS = (0.80, 0.95)


def half_widths(errors: np.ndarray, scales: np.ndarray, levels: tuple[float, ...] = LEVELS) -> tuple[float, ...]:
    """For each level the factor q on a patient's scale: |error| <= q scale for at least that share of new patients.

    errors, scales: (n,) of calibration patients who had no part in training.
    """
    scores = np.sort(np.abs(errors) / scales)
    return tuple(float(scores[_rank(level, len(scores)) - 1]) for level in levels)


def widest(widths: Iterable[tuple[float, ...]]) -> tuple[float, ...]:
    """Level by level the largest."""
    return tuple(map(max, zip(*widths, strict=True)))


def _rank(level: float, count: int) -> int:
    """ceil((n + 1) level): the finite-sample correction."""
    rank = ceil((count + 1) * level - 1e-9)
    if rank > count:
        raise ModelsError(f"{count} calibration patients are too few for a {100 * level:g} % interval")
    return rank
