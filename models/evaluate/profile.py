"""The concentrations of one subject after one dose, checked at birth."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from models.errors import RecordError, UnitError

Route = Literal["extravascular", "bolus", "infusion"]
ROUTES: tuple[Route, ...] = ("extravascular", "bolus", "infusion")

# concentration unit -> how many of its mass units are in 1 mg, so that dose / AUC is in L/h
PER_MG = {"mg/L": 1.0, "ug/L": 1000.0}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Concentrations after a single dose that begins at hour 0.

    times: (n,) h since the dose began, strictly increasing, none negative.
    concentrations: (n,) in `unit`. NaN is refused: a sample without a result is left out by the caller, who knows why.
    below: (n,) True where the sample was below the limit of quantification, whatever number stands there; empty means
        that none is marked. A concentration of 0 is read as below the limit too: no assay measures it.
    dose: mg. route, duration: an infusion takes `duration` h, the other routes 0.
    RecordError or UnitError where something can not be true.
    """

    times: tuple[float, ...]
    concentrations: tuple[float, ...]
    dose: float
    route: Route
    below: tuple[bool, ...] = ()
    duration: float = 0.0
    unit: str = "mg/L"

    def __post_init__(self) -> None:
        _check_dose(self)
        _check_lengths(self)
        _check_times(self.times)
        _check_concentrations(self)

    def measurable(self, i: int) -> bool:
        """Whether sample i is a measured concentration, not one below the limit."""
        return self.concentrations[i] > 0 and not (self.below and self.below[i])


def _check_dose(profile: Profile) -> None:
    dose, route, duration = profile.dose, profile.route, profile.duration
    if profile.unit not in PER_MG:
        raise UnitError(f"concentration unit {profile.unit!r} is not one of {list(PER_MG)}: convert the data first")
    if route not in ROUTES:
        raise RecordError(f"route must be one of {list(ROUTES)}, got {route!r}")
    if not (isfinite(dose) and dose > 0):
        raise RecordError(f"dose must be a finite number of mg above 0, got {dose}")
    if not (isfinite(duration) and duration >= 0):
        raise RecordError(f"duration must be a finite number of hours, not negative, got {duration}")
    if (route == "infusion") != (duration > 0):
        raise RecordError(f"an infusion needs a duration above 0 h and no other route has one: {route}, {duration} h")


def _check_lengths(profile: Profile) -> None:
    n = len(profile.times)
    if n == 0:
        raise RecordError("a profile needs at least one sample")
    if len(profile.concentrations) != n or len(profile.below) not in (0, n):
        raise RecordError(
            f"times, concentrations and below must be equally long, "
            f"got {n}, {len(profile.concentrations)} and {len(profile.below)}"
        )


def _check_times(times: tuple[float, ...]) -> None:
    for i, time in enumerate(times):
        if not isfinite(time) or time < 0:
            raise RecordError(f"times[{i}] must be hours since the dose, finite and not negative, got {time}")
        if i and time <= times[i - 1]:
            raise RecordError(f"times must increase strictly, got {time} h after {times[i - 1]} h: sort, merge doubles")


def _check_concentrations(profile: Profile) -> None:
    for i, value in enumerate(profile.concentrations):
        if profile.below and profile.below[i]:
            continue
        if not isfinite(value) or value < 0:
            raise RecordError(
                f"concentration at {profile.times[i]} h must be finite and not negative, got {value}: "
                "leave a missing sample out, mark one below the limit as below"
            )
