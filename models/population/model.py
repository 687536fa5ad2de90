"""A published population model as values: structure, parameters, random effects, residual error, domain."""

from dataclasses import dataclass, field, replace
from math import isfinite, log, nan, sqrt
from typing import Literal

import numpy as np

from models.covariates import CovariateNeed

RandomKind = Literal["exponential", "additive", "proportional", "logit", "boxcox"]
ResidualKind = Literal["proportional", "additive", "combined", "exponential", "power"]
FluxKind = Literal["linear", "michaelis-menten", "production"]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """How one covariate changes a parameter's typical value; `numbers` are named as models.population.effects says."""

    kind: str
    covariate: str
    combine: Literal["multiply", "add"]
    numbers: dict[str, float]
    table: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One primary parameter. value: as printed, in printed_unit; times scale, in `unit`, which counts in hours.

    symbol: as printed (CL/F).
    """

    name: str
    value: float
    unit: str
    printed_unit: str
    scale: float
    source: str
    symbol: str
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Term:
    """coefficient * product of parameter ** power."""

    coefficient: float
    powers: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A parameter that follows from others as a sum of terms (V2 = Vss - V1)."""

    name: str
    unit: str
    symbol: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, kw_only=True)
class RandomEffect:
    """One eta. occasion, number: the eta acts only where covariate `occasion` equals `number` (inter-occasion)."""

    name: str
    parameters: tuple[str, ...]
    kind: RandomKind
    variance: float
    coefficient: float = 1.0
    shape: float = 0.0
    occasion: str | None = None
    number: int = 0
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Modulator:
    """Emax effect of the concentration in `driver` on a flux: 1 + sign * emax * C^hill / (ec50^hill + C^hill)."""

    driver: str
    volume: str | None
    sign: int
    emax: str
    ec50: str
    hill: str | None


@dataclass(frozen=True, kw_only=True)
class Rise:
    """A rate that grows to its full size: 1 - exp(-(rate * t)^shape), t h after the last dose into the source."""

    rate: str
    shape: str


@dataclass(frozen=True, kw_only=True)
class Flux:
    """Amount per hour that leaves `source` (None: made from nothing) and enters `target` (None: leaves the body).

    linear: rate * A / volume (volume None: rate is 1/h).  michaelis-menten: vmax * C / (km + C), C = A / volume.
    production: rate, in amount per hour.
    """

    kind: FluxKind
    source: str | None
    target: str | None
    rate: str
    volume: str | None = None
    km: str | None = None
    modulator: Modulator | None = None
    rises: Rise | None = None


@dataclass(frozen=True, kw_only=True)
class Transit:
    """A dose enters through `number` transits (any real number from 0 on) in `mean_time` h, as a gamma density."""

    number: str
    mean_time: str


@dataclass(frozen=True, kw_only=True)
class Dosing:
    """Parameters that act on doses into one compartment; None: 1, 0 h, as recorded, and at once."""

    bioavailability: str | None = None
    lag: str | None = None
    duration: str | None = None
    rate: str | None = None
    transit: Transit | None = None


@dataclass(frozen=True, kw_only=True)
class Residual:
    """Residual error as VARIANCES. combined: proportional * f^2 + additive. exponential: additive, on the log scale.

    power: proportional * |f|^(2 * exponent) + additive.
    """

    kind: ResidualKind
    proportional: float = 0.0
    additive: float = 0.0
    exponent: float = 1.0

    def sd(self, f: float) -> float:
        """Standard deviation of a level predicted as f; on the log scale for `exponential`."""
        if self.kind == "exponential":
            return sqrt(self.additive)
        return sqrt(self.proportional * abs(f) ** (2.0 * self.exponent) + self.additive)

    def weighted(self, y: float, f: float) -> float:
        """(y - f) / SD, on the log scale for `exponential`; NaN where the model has no spread or no logarithm there."""
        sd = self.sd(f) if isfinite(f) else nan
        if self.kind == "exponential":
            return (log(y) - log(f)) / sd if y > 0 and f > 0 else nan
        return (y - f) / sd if sd > 0 else nan


@dataclass(frozen=True, kw_only=True)
class Output:
    """One observed quantity: amount in `compartment` / volume * scale, in `unit`; scale follows from the units."""

    name: str
    compartment: str
    volume: str | None
    unit: str
    scale: float
    residual: Residual


@dataclass(frozen=True, kw_only=True)
class Structure:
    compartments: tuple[str, ...]
    routes: dict[str, tuple[str, ...]]
    fluxes: tuple[Flux, ...]
    dosing: dict[str, Dosing]
    initial: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class DomainLimit:
    """Studied range of a covariate. Outside hard: the model is not used. Outside soft: used, and said aloud.

    required: a value that is not known counts as outside.
    """

    name: str
    unit: str
    hard: tuple[float, float] | None
    soft: tuple[float, float] | None
    source: str
    required: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationModel:
    """One model file, checked. omega: (n, n) covariance of the etas, in the order of eta_names.

    linear: concentrations scale with the dose, and what a dose does is a sum of exponentials.
    hash: SHA-256 of the file's bytes.
    """

    id: str
    drug: str
    title: str
    citation: str
    population: str
    equations: tuple[str, ...]
    read_in: tuple[str, ...]
    not_verified: tuple[str, ...]
    amount_unit: str
    structure: Structure
    outputs: tuple[Output, ...]
    parameters: tuple[Parameter, ...]
    derived: tuple[Derived, ...]
    random: tuple[RandomEffect, ...]
    omega: np.ndarray
    needs: tuple[CovariateNeed, ...]
    domain: tuple[DomainLimit, ...]
    file: str
    hash: str

    @property
    def concentration_unit(self) -> str:
        return self.outputs[0].unit

    @property
    def eta_names(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.random)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return tuple(self.parameter_units)

    @property
    def parameter_units(self) -> dict[str, str]:
        primary = {item.name: item.unit for item in self.parameters}
        return primary | {item.name: item.unit for item in self.derived}

    @property
    def linear(self) -> bool:
        fluxes = self.structure.fluxes
        by_dose = any("dose" in need.inputs for need in self.needs)
        linear = all(flux.kind == "linear" and not flux.modulator and not flux.rises for flux in fluxes)
        at_once = not any(dosing.transit for dosing in self.structure.dosing.values())
        return linear and at_once and not by_dose and not self.structure.initial

    @property
    def drifts(self) -> bool:
        """Whether parameters change with the time since the first dose: induction, inhibition that builds up."""
        return any("hours_since_first_dose" in need.inputs for need in self.needs)

    def with_variances(self, omega: np.ndarray, residuals: tuple[Residual, ...]) -> "PopulationModel":
        """The same model with other variances, for sensitivity analyses and comparisons with other programs."""
        outputs = tuple(replace(old, residual=new) for old, new in zip(self.outputs, residuals, strict=True))
        return replace(self, omega=np.asarray(omega, dtype=float), outputs=outputs)
