"""Which sampling scheme of a design a patient's levels are of, and what the estimators are told of him."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.cohorts.design import CohortDesign, Sample, Scheme
from models.cohorts.exposure import exposed
from models.covariates import shown, value_at, words
from models.dosing.advice import Regimen
from models.formulas import FORMULAS
from models.pk import concentrations
from models.population import PopulationModel
from models.record import Dose, Level, PatientRecord
from models.subject import subject_from_record
from models.terms import TERMS
from models.units import COVARIATES

# a level is of a sample's window also where it lies beyond it by this, h: doses before and after it are minutes off
# their time as well, and the estimators know when the level was drawn
NEAR = 0.75


@dataclass(frozen=True, kw_only=True, eq=False)
class Charted:
    """values: quantities by name, as rules name them. levels: those of the scheme, earliest first.

    expected_exposure, expected_clearance: of the regimen, by the reference model without any level; NaN without one.
    """

    scheme: Scheme
    levels: tuple[Level, ...]
    values: Mapping[str, float]
    expected_exposure: float
    expected_clearance: float


def charted(
    design: CohortDesign, reference: PopulationModel | None, record: PatientRecord, regimen: Regimen
) -> Charted | tuple[str, ...]:
    """What the estimators of `design` are told; else the reasons why they can not be asked.

    reference: None where the design's reference model does not hold the patient.
    """
    values = dict(_covariates(design, record))
    if strange := tuple(_unlike(design, values)):
        return strange
    found = next(_matches(design, record, regimen), None)
    if found is None:
        return (f"the levels were not drawn in a way that these estimators were made for ({_known(design)})",)
    scheme, levels, doses = found
    values |= {
        "dose": regimen.amount,
        "interval": regimen.interval,
        "duration": regimen.duration,
        "rate": regimen.amount / regimen.interval,
    }
    for sample, level, dose in zip(scheme.samples, levels, doses, strict=True):
        values[f"level_{sample.name}"] = level.value
        values[f"after_dose_{sample.name}"] = level.time - dose.time
        values[f"since_first_{sample.name}"] = level.time - record.doses[0].time
    exposure, clearance = _foreseen(design, reference, record, regimen, scheme, levels, values)
    return Charted(
        scheme=scheme, levels=levels, values=values, expected_exposure=exposure, expected_clearance=clearance
    )


def _foreseen(
    design: CohortDesign,
    reference: PopulationModel | None,
    record: PatientRecord,
    regimen: Regimen,
    scheme: Scheme,
    levels: tuple[Level, ...],
    values: dict[str, float],
) -> tuple[float, float]:
    """Exposure and clearance that the reference model expects; its expected levels go into `values`."""
    if reference is None:
        return np.nan, np.nan
    mean = np.zeros((1, len(reference.eta_names)))
    for sample, value in zip(scheme.samples, _expected(reference, record, mean, levels), strict=True):
        values[f"expected_{sample.name}"] = float(value)
    return exposed(reference, record, regimen, mean, design)


def _unlike(design: CohortDesign, values: Mapping[str, float]) -> Iterator[str]:
    """Charted covariates that no simulated patient has."""
    for name, spread in design.cohort.spreads.items():
        value = values.get(name)
        if name not in TERMS or value is None or spread.kind == "flag":
            if name in TERMS and spread.kind == "fixed" and spread.centre and not value:
                yield f"these estimators were made for patients with {words(name)} only"
            continue
        low, high = (spread.centre, spread.centre) if spread.kind == "fixed" else (spread.low, spread.high)
        if not low <= value <= high:
            unit = COVARIATES[name]
            ends = f"{shown(name, low, unit)} to {shown(name, high, unit)}"
            yield f"{words(name)} is {shown(name, value, unit)}; these estimators were made from {ends}"


def _matches(
    design: CohortDesign, record: PatientRecord, regimen: Regimen
) -> Iterator[tuple[Scheme, tuple[Level, ...], tuple[Dose, ...]]]:
    """Schemes of most samples first; each with the latest levels that fit its windows."""
    usable = [level for level in record.levels if not (level.censored or level.above)]
    whole = len(usable) == len(record.levels)
    for scheme in sorted(design.schemes.values(), key=lambda item: -len(item.samples)):
        count = len(scheme.samples)
        if count == 0:
            if not record.levels:
                yield scheme, (), ()
            continue
        levels = tuple(usable[-count:]) if whole else ()
        doses = tuple(_before(record, level) for level in levels)
        if len(levels) == count and all(doses) and _fits(scheme, levels, record, regimen):
            yield scheme, levels, tuple(dose for dose in doses if dose)


def _fits(scheme: Scheme, levels: tuple[Level, ...], record: PatientRecord, regimen: Regimen) -> bool:
    return all(_in_window(sample, level, record, regimen) for sample, level in zip(scheme.samples, levels, strict=True))


def _in_window(sample: Sample, level: Level, record: PatientRecord, regimen: Regimen) -> bool:
    dose = _before(record, level)
    if dose is None:
        return False
    gap = _gap(record, level, dose) or regimen.interval
    end = dose.time + dose.duration
    if sample.since == "before":
        value = dose.time + gap - level.time
    elif sample.since == "start":
        value = level.time - dose.time
    elif sample.since == "end":
        value = level.time - end
    else:
        return sample.low <= (level.time - end) / max(gap - dose.duration, 1e-9) <= sample.high
    return sample.low - NEAR <= value <= sample.high + NEAR


def _before(record: PatientRecord, level: Level) -> Dose | None:
    """The last dose that began before the level."""
    return next((dose for dose in reversed(record.doses) if dose.time < level.time), None)


def _gap(record: PatientRecord, level: Level, dose: Dose) -> float | None:
    """h from the dose before a level to the next one charted; None where there is none yet."""
    after = [item.time for item in record.doses if item.time >= level.time]
    return after[0] - dose.time if after else None


def _expected(model: PopulationModel, record: PatientRecord, mean: np.ndarray, levels: tuple[Level, ...]) -> np.ndarray:
    if not levels:
        return np.empty(0)
    subject = subject_from_record(model, replace(record, levels=()))
    return concentrations(model, subject, mean, [level.time for level in levels])[0]


def _covariates(design: CohortDesign, record: PatientRecord) -> Iterator[tuple[str, float]]:
    names = dict.fromkeys(item.name for item in record.covariates)
    found = {name: value for name in names if (value := value_at(record, name, record.now)) is not None}
    yield from found.items()
    for name, formula in design.derived.items():
        known = FORMULAS[formula]
        if all(key in found for key in known.inputs):
            yield name, float(known.function(**{key: np.asarray(found[key]) for key in known.inputs}))


def _known(design: CohortDesign) -> str:
    return "; ".join(scheme.words for scheme in design.schemes.values() if scheme.samples)
