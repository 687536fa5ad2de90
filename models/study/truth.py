"""The true patient: his parameters, what a laboratory would read, and what a regimen really does to him."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.case import Case
from models.dosing.member import Member
from models.dosing.schedule import doses_of
from models.drug import Drug
from models.fit import prior
from models.fit.simulate import population_etas
from models.pk import auc, concentrations
from models.population import PopulationModel
from models.population.model import Residual
from models.record import Level, PatientRecord
from models.study.design import Sampling, Truth
from models.subject import subject_from_record
from models.target import Target

LATER = 2000.0  # h after the last dose; nothing is left by then


@dataclass(frozen=True, kw_only=True, eq=False)
class TruePatient:
    """model: as this patient has it, shifted where the design shifts. etas (1, e). noise: one score for each level."""

    drug: Drug
    model: PopulationModel
    etas: np.ndarray
    noise: tuple[float, ...]


def true_models(truth: Truth, model: PopulationModel) -> tuple[PopulationModel, PopulationModel]:
    """What patients of even and of odd number come from; the same one without a shift."""
    down = {name: 1.0 / factor for name, factor in truth.shift.items()}
    return shifted(model, truth.shift, truth.spread), shifted(model, down, truth.spread)


def shifted(model: PopulationModel, factors: Mapping[str, float], spread: float) -> PopulationModel:
    """Typical values times `factors` by name, standard deviations between patients times `spread`."""
    if not factors and spread == 1.0:
        return model
    return replace(
        model,
        parameters=tuple(replace(item, value=item.value * factors.get(item.name, 1.0)) for item in model.parameters),
        omega=model.omega * spread**2,
    )


def true_patient(drug: Drug, model: PopulationModel, levels: int, random: np.random.Generator) -> TruePatient:
    """A patient of the population, with the errors that his samples will be read with."""
    etas = population_etas(model, 1, random)
    return TruePatient(drug=drug, model=model, etas=etas, noise=tuple(random.standard_normal(levels).tolist()))


def drawn_level(patient: TruePatient, record: PatientRecord, time: float, number: int, sampling: Sampling) -> Level:
    """Level `number` at `time` h after the record's doses, with the true model's residual error."""
    subject = subject_from_record(patient.model, record)
    predicted = concentrations(patient.model, subject, patient.etas, [time])
    value = read_level(patient.model.outputs[0].residual, float(predicted[0, 0]), patient.noise[number])
    below = value < sampling.lloq
    return Level(time=time, value=max(value, sampling.lloq), unit=patient.model.concentration_unit, censored=below)


def read_level(residual: Residual, f: float, score: float) -> float:
    """A level as an assay reads it; the same score, the same luck, whichever regimen came before."""
    return f * exp(residual.sd(f) * score) if residual.kind == "exponential" else f + residual.sd(f) * score


def true_metric(patient: TruePatient, record: PatientRecord, regimen: Regimen, target: Target) -> float:
    """What the regimen really reaches: at steady state; of a course by going through all of it."""
    if target.metric == "cumulative_auc":
        return _course(patient, record, regimen, target)
    member = Member(model=patient.model, record=record, posterior=prior(patient.model), etas=patient.etas)
    case = Case(drug=patient.drug, record=record, target=target, also=(), members=(member,), mic=None)
    return float(case.metric(regimen)[0])


def _course(patient: TruePatient, record: PatientRecord, regimen: Regimen, target: Target) -> float:
    begun = record.doses[0].time if record.doses else regimen.start
    extra = doses_of(regimen, until=begun + target.over - 1e-6)
    subject = subject_from_record(patient.model, record, extra_doses=extra)
    area = auc(patient.model, subject, patient.etas, [[begun, begun + target.over + LATER]])
    return float(area[0, 0]) * target.free
