"""What one regimen is expected to do: exposure, attainment, trough, peak and the first day."""

from typing import Literal

from models.dosing.advice import Regimen, RegimenOutcome
from models.dosing.attainment import interval
from models.dosing.case import Case
from models.dosing.first_day import FirstDay
from models.dosing.limits import broken_limits

Label = Literal["proposed", "alternative", "current", "ordered", "asked"]


def outcome(case: Case, regimen: Regimen, label: Label, first_day: FirstDay, weight: float | None) -> RegimenOutcome:
    """A regimen's outcome over the case's draws; one that breaks a limit keeps its figures and names the limits."""
    shares = case.attainment(regimen)
    unit = case.drug.concentration_unit
    return RegimenOutcome(
        regimen=regimen,
        label=label,
        exposure=interval(case.metric(regimen), case.target.unit),
        attainment=shares.inside,
        below=shares.below,
        above=shares.above,
        also=tuple(interval(case.metric(regimen, aim), aim.unit) for aim in case.also),
        trough=interval(case.trough(regimen), unit),
        peak=interval(case.peak(regimen), unit),
        first_day=interval(first_day(regimen), case.drug.exposure_unit),
        limits=broken_limits(regimen, case.drug, weight),
    )
