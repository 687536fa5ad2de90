"""Named covariate formulas, each cited with its range, and the covariates of a record as a model needs them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class CovariateNeed:
    """One covariate as a model file asks for it.

    name: as the model's effects call it ("crcl"). formula: "measured", or a formula's name ("cockcroft-gault").
    default: used, and said aloud, where nothing was measured; None = required. low, high: values outside are
    truncated to these, and said aloud. options: of the formula (creatinine_floor = 1.0, ...).
    """

    name: str
    unit: str
    formula: str = "measured"
    default: float | None = None
    low: float | None = None
    high: float | None = None
    options: Mapping[str, float] = field(default_factory=dict)
