"""What is known of one patient for one drug, in canonical units and hours since an origin that models/ never learns."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from models.errors import RecordError
from models.units import unit_words

Route = Literal["iv", "oral", "sc"]


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One administration, or a train of equal ones.

    time: h since the record's origin. amount: mg of the drug as its file defines it (free base or named salt).
    duration: h of infusion; 0 is a bolus (iv), an injection (sc) or a swallowed dose (oral).
    additional, interval: that many further doses, each interval h after the last (NONMEM ADDL, II).
    steady_state: the train has been given for ever before `time` (NONMEM SS=1).
    source: opaque key into the chart's provenance.
    """

    time: float
    amount: float
    route: Route
    duration: float = 0.0
    interval: float = 0.0
    additional: int = 0
    steady_state: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        _finite(self, "time", "amount", "duration", "interval")
        _at_least_zero(self, "amount", "duration", "interval", "additional")
        if (self.additional or self.steady_state) and self.interval <= 0:
            raise RecordError(f"dose at {self.time} h: additional or steady-state doses need an interval above 0 h")


@dataclass(frozen=True, kw_only=True)
class Level:
    """One measured concentration.

    value, lloq: in `unit`, the analyte's canonical unit from the drug file. time: h since origin, when it was drawn.
    censored: below lloq (value is then the limit); above: over the assay's range (value is then that limit).
    """

    time: float
    value: float
    unit: str
    censored: bool = False
    above: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        _finite(self, "time", "value")
        _at_least_zero(self, "value")
        if self.censored and self.above:
            raise RecordError(f"level at {self.time} h: can not be both below and above the assay's range")

    @property
    def said(self) -> str:
        """ "14 mg/L"."""
        return f"{self.value:.4g} {unit_words(self.unit)}"


@dataclass(frozen=True, kw_only=True)
class Covariate:
    """One value of one covariate, in the unit that models.units.COVARIATES names for it; carried forward."""

    name: str
    time: float
    value: float
    source: str = ""

    def __post_init__(self) -> None:
        _finite(self, "time", "value")


@dataclass(frozen=True, kw_only=True)
class PatientRecord:
    """Doses, levels and covariates of one patient and one drug, each sorted by time. now: h since the origin.

    unreadable: raw covariates that the maker of the record can not read, so that charting them would change nothing.
    """

    drug: str
    now: float
    doses: tuple[Dose, ...] = ()
    levels: tuple[Level, ...] = ()
    covariates: tuple[Covariate, ...] = field(default=())
    unreadable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _finite(self, "now")
        for name in ("doses", "levels", "covariates"):
            times = [item.time for item in getattr(self, name)]
            if times != sorted(times):
                raise RecordError(f"{name} must be in order of time, got {times}")

    def series(self, name: str) -> tuple[Covariate, ...]:
        """All values of one covariate, oldest first."""
        return tuple(item for item in self.covariates if item.name == name)


def _finite(item: object, *names: str) -> None:
    for name in names:
        if not isfinite(getattr(item, name)):
            raise RecordError(f"{type(item).__name__}.{name} must be a finite number, got {getattr(item, name)}")


def _at_least_zero(item: object, *names: str) -> None:
    for name in names:
        if getattr(item, name) < 0:
            raise RecordError(f"{type(item).__name__}.{name} must not be negative, got {getattr(item, name)}")
