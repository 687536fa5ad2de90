"""What one regimen is expected to do: exposure, attainment, trough, peak and the first day."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from models.dosing.advice import Regimen, RegimenOutcome
from models.dosing.attainment import attainment, interval
from models.dosing.case import Case, metric_of
from models.dosing.limits import broken_limits
from models.dosing.schedule import doses_of
from models.pk import SteadyState, auc
from models.subject import subject_from_record

Label = Literal["proposed", "alternative", "current", "ordered"]
DAY = 24.0


def outcome(
    case: Case, regimen: Regimen, label: Label, state_of: Callable[[Regimen], SteadyState], weight: float | None
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
        first_day=interval(first_day(case, regimen), case.drug.exposure_unit),
        limits=broken_limits(regimen, case.drug, weight),
    )


def first_day(case: Case, regimen: Regimen) -> np.ndarray:
    """AUC over the 24 h from the regimen's start, (m,), with what earlier doses left in the body."""
    window = np.array([[regimen.start, regimen.start + DAY]])
    subject = subject_from_record(case.model, case.record, extra_doses=doses_of(regimen, until=regimen.start + DAY))
    return auc(case.model, subject, case.etas, window)[:, 0]
