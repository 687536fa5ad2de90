"""Which sampling scheme of a design a patient's levels are of, and what the estimators are told of him."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.cohorts.design import CohortDesign, Sample, Scheme
from models.cohorts.exposure import exposed
from models.covariates import value_at
from models.dosing.advice import Regimen
from models.formulas import FORMULAS
from models.pk import concentrations
from models.population import PopulationModel
from models.record import Dose, Level, PatientRecord
from models.subject import subject_from_record

# a level is of a sample's window also where it lies beyond it by this, h: wards draw about the time, not at it
NEAR = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Charted:
    """values: quantities by name, as rules name them. levels: those of the scheme, earliest first.

    expected_exposure, expected_clearance: of the regimen, by the reference model without any level.
    """

    scheme: Scheme
    levels: tuple[Level, ...]
    values: Mapping[str, float]
    expected_exposure: float
    expected_clearance: float


def charted(
    design: CohortDesign, reference: PopulationModel, record: PatientRecord, regimen: Regimen
) -> Charted | tuple[str, ...]:
    """What the estimators of `design` are told; else the reasons why no scheme is met."""
    found = next(_matches(design, record), None)
    if found is None:
        return (f"the levels were not drawn in a way that {design.drug} estimators were made for: {_known(design)}",)
    scheme, levels, doses = found
    mean = np.zeros((1, len(reference.eta_names)))
    exposure, clearance = exposed(reference, record, regimen, mean, design)
    if not (np.isfinite(exposure) and exposure > 0.0):
        return ("the reference model expects no steady state under this regimen",)
    values = dict(_covariates(design, record))
    values |= {
        "dose": regimen.amount,
        "interval": regimen.interval,
        "duration": regimen.duration,
        "rate": regimen.amount / regimen.interval,
    }
    expected = _expected(reference, record, mean, levels)
    for sample, level, dose, value in zip(scheme.samples, levels, doses, expected, strict=True):
        values[f"level_{sample.name}"] = level.value
        values[f"expected_{sample.name}"] = float(value)
        values[f"after_dose_{sample.name}"] = level.time - dose.time
        values[f"since_first_{sample.name}"] = level.time - record.doses[0].time
    return Charted(
        scheme=scheme, levels=levels, values=values, expected_exposure=exposure, expected_clearance=clearance
    )


def _matches(
    design: CohortDesign, record: PatientRecord
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
        if len(levels) == count and all(doses) and _fits(scheme, levels, record):
            yield scheme, levels, tuple(dose for dose in doses if dose)


def _fits(scheme: Scheme, levels: tuple[Level, ...], record: PatientRecord) -> bool:
    return all(_in_window(sample, level, record) for sample, level in zip(scheme.samples, levels, strict=True))


def _in_window(sample: Sample, level: Level, record: PatientRecord) -> bool:
    dose, gap = _before(record, level), _gap(record, level)
    if dose is None or gap is None:
        return False
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


def _gap(record: PatientRecord, level: Level) -> float | None:
    """h from the dose before a level to the next; where there is none yet, as between the two doses before."""
    times = [dose.time for dose in record.doses]
    before = [time for time in times if time < level.time]
    after = [time for time in times if time >= level.time]
    if not before:
        return None
    if after:
        return after[0] - before[-1]
    return before[-1] - before[-2] if len(before) > 1 else None


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
