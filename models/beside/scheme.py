"""Which sampling scheme of a design a patient's levels are of, and what the estimators are told of him."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from models.cohorts.design import CohortDesign, Scheme
from models.cohorts.exposure import exposed
from models.covariates import shown, value_at, words
from models.dosing.advice import Regimen
from models.dosing.schedule import administrations, given
from models.formulas import FORMULAS
from models.pk import concentrations
from models.population import PopulationModel
from models.record import Dose, Level, PatientRecord
from models.rules.drawn import Placed, matched
from models.rules.task import slug
from models.subject import subject_from_record
from models.terms import TERMS
from models.units import COVARIATES

# House figures. A dose or a gap may be off the regimen by these shares, as in the simulated charts; an infusion may
# take this much longer, h, than any that was simulated, and a loading dose be this much larger by weight.
SAME_DOSE, SAME_GAP, LONGER, LARGER = 0.01, 0.25, 1.5, 1.25
# Of creatinine within the last week, h, up or down: a half, as acute kidney injury has it (KDIGO 2012, stage 1, from
# memory), or its 0.3 mg/dL where that is a quarter as well; a house figure: 2.0 and 2.3 mg/dL are the same kidney.
CHANGED_BY, CHANGE, CHANGE_BY, WEEK = 1.5, 0.3, 1.25, 168.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Charted:
    """values: quantities by name, as rules name them. levels: those of the scheme, earliest first.

    expected_exposure, expected_clearance: of the regimen, by the reference model without any level; NaN without one.
    irregular: why those can not speak who know the regimen but not each dose before the levels.
    """

    scheme: Scheme
    levels: tuple[Level, ...]
    values: Mapping[str, float]
    expected_exposure: float
    expected_clearance: float
    irregular: tuple[str, ...] = ()


def charted(
    design: CohortDesign, reference: PopulationModel | None, record: PatientRecord, regimen: Regimen
) -> Charted | tuple[str, ...]:
    """What the estimators of `design` are told; else the reasons why they can not be asked.

    reference: None where the design's reference model does not hold the patient.
    """
    values = dict(_covariates(design, record))
    if strange := (*_unlike(design, values), *_never_simulated(design, record, regimen)):
        return strange
    doses = sorted(administrations(given(record)), key=lambda dose: dose.time)
    found = next(_matches(design, record, doses, regimen), None)
    if found is None:
        return (f"the levels were not drawn in a way that these estimators were made for ({_known(design)})",)
    scheme, placed = found
    levels = tuple(item.level for item in placed)
    values |= {
        "dose": regimen.amount,
        "interval": regimen.interval,
        "duration": regimen.duration,
        "rate": regimen.amount / regimen.interval,
    }
    for sample, item in zip(scheme.samples, placed, strict=True):
        since = {"after_dose": item.level.time - item.start, "since_first": item.level.time - doses[0].time}
        values |= _named(sample.name, {"level": item.level.value, **since})
    exposure, clearance = _foreseen(design, reference, record, regimen, scheme, levels, values)
    return Charted(
        scheme=scheme,
        levels=levels,
        values=values,
        expected_exposure=exposure,
        expected_clearance=clearance,
        irregular=tuple(_irregular(design, record, scheme, placed, doses, regimen)),
    )


def _named(sample: str, values: Mapping[str, float]) -> dict[str, float]:
    """By the sample's name as companions write it ("1 h") and as rules do ("1h")."""
    return {f"{kind}_{name}": value for kind, value in values.items() for name in (sample, slug(sample))}


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
        values |= _named(sample.name, {"expected": float(value)})
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


def _never_simulated(design: CohortDesign, record: PatientRecord, regimen: Regimen) -> Iterator[str]:
    """What no simulated patient had at any time of his course."""
    if "age" in design.cohort.spreads and not record.series("age"):
        yield "age is not known"
    for name in dict.fromkeys(item.name for item in record.covariates):
        known = name in design.cohort.spreads or name not in TERMS or not TERMS[name].flag
        if not known and any(item.value for item in record.series(name)):
            yield f"these estimators were not made for patients with {words(name)}"
    longest = max(rule.duration for rule in design.standard.rules) + LONGER
    if regimen.duration > longest:
        yield f"an infusion of {regimen.duration:g} h; these estimators were made for {longest:g} h at most"
    if any(dose.steady_state for dose in record.doses):
        yield "doses before the first charted one, which these estimators count"
    newest = max((level.time for level in record.levels if level.time <= record.now), default=record.now)
    if record.now - newest > WEEK:
        yield (
            f"the newest level is {(record.now - newest) / 24.0:.0f} days old; these estimators were made for advice "
            "on a fresh one, and speak for a week after it"
        )
    if "crcl" in design.derived:
        yield from _changing(record, since=newest - WEEK)


def _changing(record: PatientRecord, *, since: float) -> Iterator[str]:
    """Kidney function that is not the same from the first dose, or a week before the newest level, to now."""
    start = max(record.doses[0].time if record.doses else record.now, since)
    values = [item.value for item in record.series("creatinine") if start < item.time <= record.now]
    if (before := value_at(record, "creatinine", start)) is not None:
        values.append(before)
    low, high = min(values, default=0.0), max(values, default=0.0)
    if high >= CHANGED_BY * low > 0.0 or (high - low >= CHANGE and high >= CHANGE_BY * low):
        yield (
            f"creatinine was {low:.3g} to {high:.3g} mg/dL in this course; these estimators were made for steady "
            "kidney function"
        )


def _matches(
    design: CohortDesign, record: PatientRecord, doses: Sequence[Dose], regimen: Regimen
) -> Iterator[tuple[Scheme, tuple[Placed, ...]]]:
    """Schemes of most samples first, each with levels of its own intervals; the newest level is always one of them."""
    if any(level.censored or level.above for level in record.levels):
        return
    levels = [level for level in record.levels if level.time <= record.now]
    for scheme in sorted(design.schemes.values(), key=lambda item: -len(item.samples)):
        if not scheme.samples:
            if not record.levels:
                yield scheme, ()
            continue
        found = matched(scheme, doses, levels, regimen.interval)
        if not found or found[-1].level is not levels[-1]:
            continue
        # of a course that is counted more has been given than the estimators know of
        if design.metric != "course" or not _later(scheme, found):
            yield scheme, tuple(found)


def _later(scheme: Scheme, placed: Sequence[Placed]) -> bool:
    """After later doses than the scheme's; the one that a sample is drawn before counts as its dose."""
    pairs = zip(scheme.samples, placed, strict=True)
    return any(item.number + (sample.since == "before") > scheme.dose[1] + sample.plus for sample, item in pairs)


def _largest_first(design: CohortDesign, record: PatientRecord, regimen: Regimen) -> float:
    """mg: a first dose up to this is a loading dose as simulated patients had it."""
    weight = value_at(record, "weight", record.now) or 0.0
    return max(LARGER * design.practice.loading_mg_per_kg * weight, regimen.amount) if design.practice.loading else 0.0


def _irregular(
    design: CohortDesign,
    record: PatientRecord,
    scheme: Scheme,
    placed: Sequence[Placed],
    doses: Sequence[Dose],
    regimen: Regimen,
) -> Iterator[str]:
    """Doses up to the last level that are not as simulated; where loading is usual the first one may be larger."""
    if not placed:
        return
    if _later(scheme, placed):
        yield f"the level is of a later dose than it was made for ({scheme.words})"
    before = doses[: placed[-1].number]
    largest = _largest_first(design, record, regimen)
    counted = before[1:] if regimen.amount <= before[0].amount <= largest else before
    if any(abs(dose.amount / regimen.amount - 1.0) > SAME_DOSE for dose in counted):
        yield f"the doses before the level were not all of {regimen.amount:g} mg, the regimen that it would speak of"
    gaps = [after.time - one.time for one, after in pairwise(before)]
    if any(abs(gap / regimen.interval - 1.0) > SAME_GAP for gap in gaps):
        yield f"the doses before the level were not {regimen.interval:g} h apart, the regimen that it would speak of"


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
