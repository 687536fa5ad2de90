"""What a named covariate formula is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from models.errors import RecordError

Values = np.ndarray
MAY_BE_ZERO = ("female", "age", "jaffe_creatinine")


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A formula as model files name it.

    inputs: raw covariates by their canonical name and unit (models.units.COVARIATES). unit: UCUM, of the result.
    options: names a model file may set, with the value that switches them off. words: for clinicians.
    """

    name: str
    words: str
    unit: str
    inputs: tuple[str, ...]
    function: Callable[..., Values]
    citation: str
    made_for: str
    options: Mapping[str, float] = field(default_factory=dict)


def checked(**named: ArrayLike) -> tuple[Values, ...]:
    """The inputs as arrays; RecordError naming one that is not a number above 0 (sex and age may be 0)."""
    arrays = {name: np.asarray(value, dtype=float) for name, value in named.items()}
    for name, values in arrays.items():
        zero = name in MAY_BE_ZERO
        if not np.all(np.isfinite(values)) or np.any(values < 0) or (not zero and np.any(values == 0)):
            raise RecordError(f"{name} must be a number above 0, got {values}; correct the chart's value")
    return tuple(arrays.values())
