"""Levels held against each other: what no body can do between two samples, and what the other levels would predict."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from math import inf, log

import numpy as np

from models.dosing.level_checks import DISTRIBUTION
from models.dosing.schedule import administrations
from models.drug import Drug
from models.findings import Finding
from models.fit import draw, fit_map
from models.pk import concentrations
from models.population import PopulationModel
from models.record import Dose, Level, PatientRecord
from models.subject import subject_from_record
from models.units import unit_words

# |z| above 3 happens in 0.3 % of levels if model and chart are right
CONTRADICTS = 3.0
# a standard deviation out of 100 draws is known to 7 %; the threshold is rounder than that
DRAWS = 100
MOST_LEVELS = 8  # the newest are judged; each costs one fit
ASSAY = 1.3  # fold; house figure: two good samples differ by less through assay and timing


def contradictions(drug: Drug, record: PatientRecord) -> tuple[Finding, ...]:
    """Neighbouring levels that can not both be true (critical), or changed more than a regimen explains (warning)."""
    doses = list(administrations(record))
    found = []
    for first, second in pairwise(record.levels):
        text = _impossible(drug, first, second, doses)
        if text:
            sources = tuple(item.source for item in (first, second) if item.source)
            found.append(Finding(code="levels-contradict", severity="critical", text=text, sources=sources))
        else:
            found += _changed(drug, first, second, doses)
    return tuple(found)


def _impossible(drug: Drug, first: Level, second: Level, doses: list[Dose]) -> str:
    checks, hours = drug.checks, second.time - first.time
    pair = f"{_said(first)} and {_said(second)}, {hours:.3g} h later,"
    # a limit of the assay bounds the true value from one side only
    risen = second.value > checks.rise * first.value and not (first.above or second.censored)
    if risen and not _rising(drug, first, second, doses):
        return f"The levels {pair} can not both be true: no dose was charted between them. " + _ASK
    if first.censored or second.above or _distributing(first, doses):
        return ""
    least = first.value * 0.5 ** (hours / checks.shortest_half_life) / ASSAY
    if second.value < least:
        faster = f"the fall is faster than a half-life of {checks.shortest_half_life:g} h. "
        return f"The levels {pair} can not both be true: {faster}" + _ASK
    return ""


_ASK = "A sample from the infusion's own line, a wrong time, unit or patient is likelier; a repeat level would tell."


def _said(level: Level) -> str:
    sign = "<" if level.censored else ">" if level.above else ""
    return f"{sign}{level.said}"


def _rising(drug: Drug, first: Level, second: Level, doses: list[Dose]) -> bool:
    """Whether a dose was running or being absorbed between two levels."""
    return any(dose.time < second.time and dose.time + _input(drug, dose) > first.time for dose in doses)


def _input(drug: Drug, dose: Dose) -> float:
    return drug.checks.absorption if dose.route == "oral" else max(dose.duration, 1e-9)


def _distributing(level: Level, doses: list[Dose]) -> bool:
    """Drawn during an infusion or within the hour after: the fall that follows is distribution."""
    return any(0.0 < level.time - dose.time < dose.duration + DISTRIBUTION for dose in doses if dose.route == "iv")


def _changed(drug: Drug, first: Level, second: Level, doses: list[Dose]) -> Iterator[Finding]:
    before = [_last(level, doses) for level in (first, second)]
    if before[0] is None or before[1] is None or before[0].amount != before[1].amount:
        return
    after = [level.time - dose.time for level, dose in zip((first, second), before, strict=True) if dose]
    low, high = sorted((first, second), key=lambda level: level.value)
    alike = abs(after[0] - after[1]) <= 0.25 * max(after)
    if before[0] is before[1] or not alike or high.censored or low.above:
        return
    ratio = high.value / low.value if low.value > 0 else inf
    if ratio > drug.checks.change:
        text = (
            f"Two levels at a like time after doses of {before[0].amount:g} mg differ {ratio:.2g} fold: "
            f"{_said(first)}, and {second.time - first.time:.0f} h later {_said(second)}. A slip of unit or digit, "
            "a missed dose, or a real change of clearance would explain it; which of them, the chart does not say."
        )
        sources = tuple(item.source for item in (first, second) if item.source)
        yield Finding(code="level-changed", severity="warning", text=text, sources=sources)


def _last(level: Level, doses: list[Dose]) -> Dose | None:
    return max((dose for dose in doses if dose.time < level.time), key=lambda dose: dose.time, default=None)


def left_out(model: PopulationModel, record: PatientRecord, seed: int) -> tuple[Finding, ...]:
    """A warning for each uncensored level that a fit to all the others makes improbable, its uncertainty included.

    z = (ln observed - mean ln predicted) / SD on the log scale, the predictions drawn from the posterior of the others.
    """
    if len(record.levels) < 2:
        return ()
    judged = [
        level for level in record.levels[-MOST_LEVELS:] if level.value > 0 and not (level.censored or level.above)
    ]
    scores = [(level, *_score(model, record, level, seed)) for level in judged]
    return tuple(_contradicts(*item, now=record.now) for item in scores if abs(item[1]) > CONTRADICTS)


def _score(model: PopulationModel, record: PatientRecord, level: Level, seed: int) -> tuple[float, float]:
    """(z, median prediction) of one level from the others; z is 0 where they can not be fitted."""
    others = replace(record, levels=tuple(item for item in record.levels if item is not level))
    subject = subject_from_record(model, others)
    posterior = fit_map(model, subject)
    if not posterior.usable:
        return 0.0, 0.0
    predicted = concentrations(model, subject, draw(posterior, DRAWS, seed=seed), np.array([level.time]))[:, 0]
    if not (predicted > 0).all():
        return 0.0, 0.0
    middle = float(np.median(predicted))
    residual = model.outputs[0].residual
    noise = residual.sd(middle) / (1.0 if residual.kind == "exponential" else middle)
    spread = float(np.hypot(np.std(np.log(predicted)), noise))
    return (log(level.value) - float(np.mean(np.log(predicted)))) / spread, middle


def _contradicts(level: Level, z: float, middle: float, *, now: float) -> Finding:
    text = (
        f"The level of {_said(level)} ({now - level.time:.1f} h ago) does not fit the others: from them "
        f"{middle:.3g} {unit_words(level.unit)} is predicted, {abs(z):.1f} SDs away with their uncertainty. "
        "One of them may be mistimed or wrong."
    )
    sources = (level.source,) if level.source else ()
    return Finding(code="level-contradicts-others", severity="warning", text=text, sources=sources)
