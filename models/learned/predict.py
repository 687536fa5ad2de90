"""What a companion says of one patient: a factor with its interval, or why it is silent."""

from dataclasses import dataclass

import numpy as np

from models.learned.companion import Companion
from models.learned.shapley import of_trees
from models.silent import Silent

PUBLISHED = 1.0  # weight of the prior as published


@dataclass(frozen=True, kw_only=True)
class Said:
    """exposure: in the design's unit, with intervals by level (0.8, 0.95)."""

    exposure: float
    intervals: tuple[tuple[float, float, float], ...]  # level, low, high


def says(companion: Companion, values: np.ndarray, start: float) -> Said | Silent:
    """The exposure for inputs (m,). start: the exposure it corrects: expected a priori (exposure), fitted (hybrid)."""
    if reasons := companion.outside(values):
        return Silent(reasons=reasons)
    if not (np.isfinite(start) and start > 0.0):
        return Silent(reasons=("the exposure it starts from is no number above 0",))
    factor = float(companion.center[0].predict(values[None])[0])
    middle = start * np.exp(-factor)
    size = float(np.exp(companion.scale.predict(values[None])[0])) if companion.scale else 0.0
    widths = ((float(level), q * size) for level, q in companion.widths.items())
    intervals = tuple((level, float(middle * np.exp(-width)), float(middle * np.exp(width))) for level, width in widths)
    return Said(exposure=float(middle), intervals=intervals)


def weight_of(companion: Companion, values: np.ndarray) -> float | Silent:
    """The prior weight with the least expected error for inputs (m,); 1 unless another is clearly better."""
    if reasons := companion.outside(values):
        return Silent(reasons=reasons)
    return float(weights_of(companion, values[None])[0])


def weights_of(companion: Companion, rows: np.ndarray) -> np.ndarray:
    """(n,) for inputs (n, m), whether inside the box or not."""
    gains = np.array([trees.predict(rows) for trees in companion.center])
    best = gains.argmin(axis=0)
    clear = gains.min(axis=0) < -companion.margin
    return np.where(clear, np.array(companion.weights)[best], PUBLISHED)


def attributions(companion: Companion, values: np.ndarray) -> tuple[tuple[str, float], ...]:
    """By input, the factor on the exposure that comes of this patient's value and not the median patient's.

    Their product is the whole factor against that patient, exactly; in the order of the inputs.
    """
    reference = np.array([item.reference for item in companion.inputs])
    found = of_trees(companion.center[0], values, reference)
    return tuple((item.name, float(np.exp(-value))) for item, value in zip(companion.inputs, found, strict=True))
