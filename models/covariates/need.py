"""One covariate as a model file asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from models.errors import ModelFileError
from models.formulas import FORMULAS
from models.units import COVARIATES

Between = Literal["carried", "interpolated"]


@dataclass(frozen=True, kw_only=True)
class CovariateNeed:
    """One covariate as a model file asks for it.

    name: as the model's effects call it ("crcl"). formula: "measured", or a formula's name ("cockcroft-gault").
    default: used, and said aloud, where nothing was measured; None = required. low, high: values outside are
    truncated to these, and said aloud. options: of the formula (creatinine_floor = 1.0, ...). between: two entries the
    last one is carried forward, or a line is drawn. steps: the value is lowered to the nearest of these, 0 below the
    first; for what grows by itself and matters only in steps (hours since the first dose).
    """

    name: str
    unit: str
    formula: str = "measured"
    default: float | None = None
    low: float | None = None
    high: float | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    between: Between = "carried"
    steps: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check(self)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Raw covariates of the record that this need is computed from."""
        return (self.name,) if self.formula == "measured" else FORMULAS[self.formula].inputs


def _check(need: CovariateNeed) -> None:
    """A need must fit the formulas' vocabulary, else ModelFileError; measured names are the catalog's to check."""
    where = f"covariate {need.name!r}"
    if need.formula == "measured":
        expected, options = COVARIATES.get(need.name, need.unit), {}
    elif need.formula in FORMULAS:
        expected, options = FORMULAS[need.formula].unit, dict(FORMULAS[need.formula].options)
    else:
        raise ModelFileError(f"{where}: formula must be 'measured' or one of {sorted(FORMULAS)}, got {need.formula!r}")
    if need.unit != expected:
        raise ModelFileError(f"{where}: unit must be {expected!r}, got {need.unit!r}")
    if unknown := sorted(set(need.options) - set(options)):
        raise ModelFileError(f"{where}: options {unknown} are not of {need.formula!r}, which takes {sorted(options)}")
    if need.low is not None and need.high is not None and not need.low < need.high:
        raise ModelFileError(f"{where}: low must be below high, got {need.low} and {need.high}")
    if list(need.steps) != sorted(set(need.steps)):
        raise ModelFileError(f"{where}: steps must rise, got {list(need.steps)}")
