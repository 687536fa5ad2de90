"""The values of one raw covariate over time, as the record holds them or the doses make them."""

from dataclasses import replace

import numpy as np

from models.covariates.need import Between
from models.record import Covariate, PatientRecord
from models.terms import TERMS

DERIVED = tuple(term.name for term in TERMS.values() if term.nature == "derived")
# Age is held in adults, as a record spans weeks and not years; in infants a week matters.
GROWING_UP_TO, YEARS_PER_HOUR = 2.0, 1.0 / 8766.0


def in_force(series: tuple[Covariate, ...], at: np.ndarray, between: Between = "carried") -> np.ndarray:
    """The value at each of `at` (k,): the last one carried forward, the first one carried back."""
    times = np.array([item.time for item in series])
    known = np.array([item.value for item in series])
    if between == "interpolated":
        return np.interp(at, times, known)
    index = np.clip(np.searchsorted(times, at, side="right") - 1, 0, None)
    values = known[index]
    advance = _advance(series[0].name, values)
    return np.maximum(values + advance * (at - times[index]), 0.0) if np.any(advance) else values


def _advance(name: str, values: np.ndarray) -> np.ndarray:
    if name == "age":
        return np.where(values < GROWING_UP_TO, YEARS_PER_HOUR, 0.0)
    return np.full(values.shape, TERMS[name].advance if name in TERMS else 0.0)


def latest(series: tuple[Covariate, ...], at: float) -> Covariate:
    """The entry in force at `at`; before the first one, the first."""
    return next((item for item in reversed(series) if item.time <= at), series[0])


def value_at(record: PatientRecord, name: str, at: float) -> float | None:
    """A raw covariate in force at `at`, h, in its canonical unit; None where the record has none."""
    series = record.series(name)
    return float(in_force(series, np.array([at]))[0]) if series else None


def with_derived(record: PatientRecord) -> PatientRecord:
    """The record with what its doses make: hours since the first one, and the amount of the last one given."""
    first = min((dose.time for dose in record.doses), default=record.now)
    made = [Covariate(name="hours_since_first_dose", time=first, value=0.0)]
    made += [Covariate(name="dose", time=dose.time, value=dose.amount) for dose in record.doses]
    charted = [item for item in record.covariates if item.name not in DERIVED]
    return replace(record, covariates=tuple(sorted((*charted, *made), key=lambda item: item.time)))
