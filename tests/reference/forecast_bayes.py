"""Later levels of real patients foretold from their first ones by Bayesian fits: by each model, and by all averaged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.fit import FitOptions, ModelFit, Posterior, average, fit_each
from models.fit.simulate import predict_observations
from models.learned.weighing import WEIGHTS
from models.population import PopulationModel
from models.record import PatientRecord
from models.subject import Subject, subject_from_record
from tests.reference.real_patients import RealPatients

PRIOR_WEIGHTS = (1.0, *WEIGHTS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Foretold:
    """One patient's m later levels, foretold by M models with W prior weights from the first k.

    observed, ahead: (m,) level, and h after the last level known. at_level: (k,) the population's prediction of the
    known levels by the first model. population: (M, m). individual: (W, M, m). averaged: (m,) over the unseen models;
    averaged_with_seen: (m,) over all. not_converged: of the W * M fits.
    """

    record: PatientRecord
    observed: np.ndarray
    ahead: np.ndarray
    at_level: np.ndarray
    population: np.ndarray
    individual: np.ndarray
    averaged: np.ndarray
    averaged_with_seen: np.ndarray
    not_converged: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Everyone who has more than `known` levels; each level beyond them is to be foretold."""

    patients: RealPatients
    known: int
    foretold: tuple[Foretold, ...]

    @property
    def who(self) -> np.ndarray:
        """(n,) the patient of each level foretold."""
        return np.repeat(np.arange(len(self.foretold)), [one.observed.size for one in self.foretold])

    def joined(self, name: str) -> np.ndarray:
        """A field of everyone, one after the other along the levels (the last axis)."""
        return np.concatenate([getattr(one, name) for one in self.foretold], axis=-1)


def task_of(patients: RealPatients, known: int) -> Task:
    chosen = (record for record in patients.records if len(record.levels) > known)
    return Task(patients=patients, known=known, foretold=tuple(foretell(one, known, patients) for one in chosen))


def foretell(record: PatientRecord, known: int, patients: RealPatients) -> Foretold:
    """Fits see the record up to the last level known; forecasts also the later doses, as they were given."""
    models, unseen = (*patients.unseen, *patients.seen), len(patients.unseen)
    begun = until(record, known)
    subjects = [subject_from_record(model, begun) for model in models]
    whole = [subject_from_record(model, record) for model in models]
    fits = [fit_each(subjects, options=FitOptions(prior_weight=weight)) for weight in PRIOR_WEIGHTS]
    individual = np.array([[_foretold(fit, one)[known:] for fit, one in zip(row, whole, strict=True)] for row in fits])
    population = np.array([_population(model, one) for model, one in zip(models, whole, strict=True)])
    return Foretold(
        record=record,
        observed=np.array([level.value for level in record.levels[known:]]),
        ahead=np.array([level.time - begun.now for level in record.levels[known:]]),
        at_level=population[0, :known],
        population=population[:, known:],
        individual=individual,
        averaged=_weights(fits[0][:unseen]) @ individual[0, :unseen],
        averaged_with_seen=_weights(fits[0]) @ individual[0],
        not_converged=sum(fit.posterior.status != "converged" for row in fits for fit in row),
    )


def until(record: PatientRecord, known: int) -> PatientRecord:
    """What was charted when the last of the known levels was drawn."""
    now = record.levels[known - 1].time
    return replace(
        record,
        now=now,
        doses=tuple(dose for dose in record.doses if dose.time <= now),
        levels=record.levels[:known],
        covariates=tuple(item for item in record.covariates if item.time <= now),
    )


def _foretold(fit: ModelFit, whole: Subject) -> np.ndarray:
    """At the mode; the population's where the fit is not usable, so that no patient drops out (they are counted)."""
    return predict_observations(fit.model, whole, _eta(fit.posterior)[None])[0]


def _eta(posterior: Posterior) -> np.ndarray:
    return posterior.eta if posterior.usable else np.zeros_like(posterior.eta)


def _population(model: PopulationModel, whole: Subject) -> np.ndarray:
    return predict_observations(model, whole, np.zeros((1, len(model.eta_names))))[0]


def _weights(fits: Sequence[ModelFit]) -> np.ndarray:
    return np.array([member.weight for member in average(fits).members])
