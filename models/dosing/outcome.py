"""What one regimen is expected to do: exposure, attainment, trough, peak and the first day."""

from typing import Literal

from models.dosing.advice import Regimen, RegimenOutcome
from models.dosing.attainment import attainment, interval
from models.dosing.case import Case, StateOf, metric_of
from models.dosing.first_day import FirstDay
from models.dosing.limits import broken_limits

Label = Literal["proposed", "alternative", "current", "ordered"]


def outcome(
    case: Case, regimen: Regimen, label: Label, state_of: StateOf, first_day: FirstDay, weight: float | None
) -> RegimenOutcome:
    """A regimen's outcome over the case's draws; one that breaks a limit keeps its figures and names the limits."""
    state = state_of(regimen)
    values = metric_of(state, case.target.metric)
    shares = attainment(values, case.target)
    unit = case.drug.concentration_unit
    return RegimenOutcome(
        regimen=regimen,
        label=label,
        exposure=interval(values, case.target.unit),
        attainment=shares.inside,
        below=shares.below,
        above=shares.above,
        trough=interval(state.trough, unit),
        peak=interval(state.peak, unit),
        first_day=interval(first_day(regimen), case.drug.exposure_unit),
        limits=broken_limits(regimen, case.drug, weight),
    )
