"""What a rule says of a chart: the quantities it asks for, gathered or missing, and its estimate or silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.catalog import Catalog
from models.cohorts.design import CohortDesign, load_cohort_design
from models.cohorts.exposure import exposed
from models.covariates import value_at
from models.dosing.advice import Regimen
from models.dosing.applicability import applicable
from models.dosing.schedule import administrations, given
from models.errors import ModelsError
from models.formulas import FORMULAS
from models.pk import concentrations
from models.population import PopulationModel
from models.record import PatientRecord
from models.rules.apply import Estimate, Silent, estimate
from models.rules.drawn import Placed, matched
from models.rules.frozen import FrozenRule
from models.rules.task import EXPECTED, slug
from models.subject import subject_from_record


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A rule on one patient. values: the quantities that went in, by name, in the units that the rule names."""

    rule: FrozenRule
    values: Mapping[str, float]
    found: Estimate | Silent


def read_patient(rule: FrozenRule, catalog: Catalog, record: PatientRecord, regimen: Regimen) -> Reading:
    """The rule's estimate for the regimen in force and the latest levels that are its scheme's. Never raises for what
    is in a chart.

    The regimen's exposure is that of the rule's output, at steady state or of the whole course.
    """
    design = load_cohort_design(rule.drug)
    flags = {name: bool(value_at(record, name, record.now)) for name in rule.absent}
    try:
        values = gathered(rule, design, catalog, given(record), regimen)
    except _Missing as missing:
        return Reading(rule=rule, values={}, found=Silent(reasons=missing.reasons))
    return Reading(rule=rule, values=values, found=estimate(rule, values, flags))


class _Missing(Exception):
    """What the chart lacks for the rule, as sentences."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def gathered(
    rule: FrozenRule, design: CohortDesign, catalog: Catalog, record: PatientRecord, regimen: Regimen
) -> dict[str, float]:
    """Every quantity that the rule names and the chart has."""
    values = _charted(rule, design, record) | _of_regimen(regimen)
    levels = _levels(design, rule, record, regimen)
    for sample, item in zip(design.scheme(rule.scheme).samples, levels, strict=True):
        values[f"level_{slug(sample.name)}"] = item.level.value
        values[f"after_dose_{slug(sample.name)}"] = item.level.time - item.start
    if rule.form == "informed":
        values |= _expected(rule, design, catalog, record, regimen, levels)
    return {item.name: values[item.name] for item in rule.quantities if item.name in values}


def _charted(rule: FrozenRule, design: CohortDesign, record: PatientRecord) -> dict[str, float]:
    found = {item.name: value_at(record, item.name, record.now) for item in rule.quantities}
    values = {name: value for name, value in found.items() if value is not None}
    for name, formula in design.derived.items():
        needed = {key: value_at(record, key, record.now) for key in FORMULAS[formula].inputs}
        known = {key: value for key, value in needed.items() if value is not None}
        if len(known) == len(needed):
            values[name] = _computed(formula, known)
    return values


def _computed(formula: str, known: Mapping[str, float]) -> float:
    try:
        return float(FORMULAS[formula].function(**known))
    except ModelsError:  # a chart value that can not be, such as a creatinine of 0
        return float("nan")


def _of_regimen(regimen: Regimen) -> dict[str, float]:
    rate = regimen.amount / regimen.interval
    return {"dose": regimen.amount, "interval": regimen.interval, "duration": regimen.duration, "rate": rate}


def _levels(design: CohortDesign, rule: FrozenRule, record: PatientRecord, regimen: Regimen) -> Sequence[Placed]:
    scheme = design.scheme(rule.scheme)
    if not scheme.samples:
        return ()
    doses = sorted(administrations(record), key=lambda dose: dose.time)
    drawn = [level for level in record.levels if level.time <= record.now]
    levels = matched(scheme, doses, drawn, regimen.interval)
    if levels is None:
        raise _Missing(f"The chart has no levels as the rule asks for: {scheme.words}.")
    if limited := [item for item in levels if item.level.censored or item.level.above]:
        raise _Missing(*(f"A level at {item.level.time:g} h lies beyond the assay's range." for item in limited))
    return levels


def _expected(
    rule: FrozenRule,
    design: CohortDesign,
    catalog: Catalog,
    record: PatientRecord,
    regimen: Regimen,
    levels: Sequence[Placed],
) -> dict[str, float]:
    """By the reference model with its random effects at zero, without any level."""
    model = catalog.model(design.reference)
    bare = replace(record, levels=())
    if reasons := _not_for(model, catalog, bare):
        raise _Missing(*reasons)
    mean = np.zeros((1, len(model.eta_names)))
    times = [item.level.time for item in levels]
    try:
        predicted = concentrations(model, subject_from_record(model, bare), mean, times)[0]
        exposure, _ = exposed(model, bare, regimen, mean, design)
    except ModelsError as error:
        raise _Missing(f"{model.title} has no expectation of this patient: {error}") from error
    names = [f"expected_{slug(sample.name)}" for sample in design.scheme(rule.scheme).samples]
    rate = regimen.amount / regimen.interval
    return {**dict(zip(names, predicted.tolist(), strict=True)), EXPECTED: rule.output.factor * rate / exposure}


def _not_for(model: PopulationModel, catalog: Catalog, record: PatientRecord) -> tuple[str, ...]:
    found = applicable(model, catalog.drug(record.drug), record)
    return tuple(item.text for item in found if item.severity == "critical")
