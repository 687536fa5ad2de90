"""What a charted regimen does to a patient: the design's metric, and his apparent clearance."""

from dataclasses import replace

import numpy as np

from models.cohorts.design import CohortDesign
from models.covariates import values_of
from models.dosing.advice import Regimen
from models.pk import auc, steady_state
from models.population import PopulationModel
from models.record import Dose, PatientRecord
from models.subject import subject_from_record

LATER = 2000.0  # h after the last dose of a course; nothing is left by then


def exposed(
    model: PopulationModel, record: PatientRecord, regimen: Regimen, etas: np.ndarray, design: CohortDesign
) -> tuple[float, float]:
    """The metric in the drug's unit (areas: times h), and L/h that would explain the area: dose over area.

    Both for random effects (1, e). NaN where there is no steady state.
    """
    metric, area, mg = _metric_and_area(model, record, regimen, etas, design)
    return float(metric[0]), float(mg * PER_MG[model.concentration_unit] / area[0])


def exposures(
    model: PopulationModel, record: PatientRecord, regimen: Regimen, etas: np.ndarray, design: CohortDesign
) -> np.ndarray:
    """(n,): the metric for each of n random effects (n, e); NaN where there is no steady state."""
    return _metric_and_area(model, record, regimen, etas, design)[0]


# areas in ug.h/L are a thousandth of those in mg.h/L
PER_MG = {"mg/L": 1.0, "ug/L": 1000.0}


def _metric_and_area(
    model: PopulationModel, record: PatientRecord, regimen: Regimen, etas: np.ndarray, design: CohortDesign
) -> tuple[np.ndarray, np.ndarray, float]:
    """Metric and area (n,), and the mg that the area is of."""
    if design.metric == "course":
        area = _course(model, record, regimen, etas, design.practice.course)
        return area, area, design.practice.course * regimen.amount
    steady = steady_state(
        model,
        _settled(model, record),
        etas,
        amount=regimen.amount,
        interval=regimen.interval,
        duration=regimen.duration,
        route=regimen.route,
    )
    metric = steady.auc24 if design.metric == "auc24" else steady.trough
    return metric, steady.auc24, regimen.amount * 24.0 / regimen.interval


def _course(
    model: PopulationModel, record: PatientRecord, regimen: Regimen, etas: np.ndarray, count: int
) -> np.ndarray:
    """(n,): area of all doses at their planned times."""
    doses = tuple(
        Dose(time=k * regimen.interval, amount=regimen.amount, route=regimen.route, duration=regimen.duration)
        for k in range(count)
    )
    end = doses[-1].time
    subject = subject_from_record(model, replace(record, doses=doses, levels=(), now=end))
    return np.asarray(auc(model, subject, etas, [[0.0, end + LATER]])[:, 0])


def _settled(model: PopulationModel, record: PatientRecord) -> dict[str, float]:
    """Covariates in force, past what changes with the time of treatment."""
    values = values_of(model.needs, record, [record.now])[-1]
    return {
        need.name: need.steps[-1] if need.steps else float(value)
        for need, value in zip(model.needs, values, strict=True)
    }
