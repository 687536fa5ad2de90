"""One simulated patient through the stages: standard dosing, then advice before a level, after one, after two."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal
from zlib import crc32

import numpy as np

from models.catalog import Catalog
from models.dosing.advice import Regimen
from models.dosing.attainment import attainment
from models.dosing.schedule import doses_of
from models.dosing.targets import TargetChoice, choose_target
from models.drug import Drug
from models.population import PopulationModel
from models.record import Dose, PatientRecord
from models.study.adviser import Forecast, advised, expected, opened
from models.study.cohort import draw_patient
from models.study.design import Design, Sampling
from models.study.standard import standard_regimen
from models.study.truth import TruePatient, drawn_level, true_metric, true_models, true_patient

Stage = Literal["standard", "covariates", "one level", "two levels"]
STAGES: tuple[Stage, ...] = ("standard", "covariates", "one level", "two levels")
LEVELS = 2


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What one regimen does to one patient. side: 0 in the target, -1 only short of a bound, 1 above one.

    expected, true: the target's metric; expected by covariates for standard dosing. off: true over the middle of the
    target (of a one-sided one, its bound). advice: False where none could be given and the regimen stayed.
    """

    stage: Stage
    side: int
    expected: float
    true: float
    off: float
    advice: bool


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A design with what it names, looked up. arms: advisers by name; the first `whole` ones for every patient."""

    design: Design
    drug: Drug
    truths: tuple[PopulationModel, PopulationModel]
    true: PopulationModel
    arms: Mapping[str, tuple[PopulationModel, ...]]
    whole: int


AVERAGED, AS_SHIPPED = "averaged", "averaged, the true model among them"


def setting(design: Design, catalog: Catalog) -> Setting:
    """UnknownModel where a model of the design is not in the catalog."""
    true = catalog.model(f"{design.drug}/{design.truth.model}")
    advisers = tuple(catalog.model(f"{design.drug}/{name}") for name in design.advisers)
    alone: dict[str, tuple[PopulationModel, ...]] = {
        name: (model,) for name, model in zip(design.advisers, advisers, strict=True)
    }
    together = {AVERAGED: advisers} if len(advisers) > 1 else alone
    if not design.truth.shift:
        together = together | {AS_SHIPPED: (*advisers, true)}
    return Setting(
        design=design,
        drug=catalog.drug(design.drug),
        truths=true_models(design.truth, true),
        true=true,
        arms=together | alone,
        whole=len(together),
    )


@dataclass(frozen=True, kw_only=True)
class Journey:
    """One patient: reached: the stages of each arm. tried: patients drawn until one fitted every model."""

    number: int
    tried: int
    reached: Mapping[str, tuple[Reached, ...]]


def journey(asked: Setting, number: int, *, seed: int, draws: int, alone: bool = True) -> Journey:
    """Patient `number`, who depends on seed, drug and number alone. alone: also dosed by each model on its own."""
    design, drug = asked.design, asked.drug
    random = np.random.default_rng([seed, crc32(drug.name.encode()), number])
    everyone = (asked.true, *dict.fromkeys(model for arm in asked.arms.values() for model in arm))
    record, tried = draw_patient(design.cohort, drug, everyone, random, now=design.start)
    patient = true_patient(drug, asked.truths[number % 2], LEVELS, random)
    record = replace(record, doses=_before(design, record))
    own = int(random.integers(2**31))
    arms = list(asked.arms.items())[: None if alone else asked.whole]
    reached = {name: tuple(_stages(design, patient, arm, record, own, draws)) for name, arm in arms}
    return Journey(number=number, tried=tried, reached=reached)


def _stages(
    design: Design,
    patient: TruePatient,
    models: Sequence[PopulationModel],
    record: PatientRecord,
    seed: int,
    draws: int,
) -> Iterator[Reached]:
    """Standard dosing with its forecast, then each piece of advice, given up to the next level."""
    drug = patient.drug
    standard = standard_regimen(design.standard, record)
    case = opened(drug, models, record, seed=seed, draws=draws)
    choice = case[1] if case else choose_target(drug, record)
    plain = expected(case[0], standard) if case else Forecast(regimen=standard, expected=np.nan)
    yield _reached("standard", patient, record, plain, choice, advice=True)
    regimen = standard
    for number, stage in enumerate(STAGES[1:]):
        if number:
            record = treated(patient, record, regimen, number - 1, design.sampling)
            case = opened(drug, models, record, seed=seed + number, draws=draws)
        found = advised(case[0], regimen) if case else None
        regimen = found.regimen if found else _going_on(regimen, record)
        shown = found or (expected(case[0], regimen) if case else Forecast(regimen=regimen, expected=np.nan))
        yield _reached(stage, patient, record, shown, choice, advice=found is not None)


def treated(
    patient: TruePatient, record: PatientRecord, regimen: Regimen, number: int, sampling: Sampling
) -> PatientRecord:
    """The regimen given until the next level, and the level drawn."""
    time = regimen.start + _level_after(sampling, regimen)
    # a dose due when the trough is drawn is not given yet
    doses = tuple(_single(dose) for train in doses_of(regimen, until=time - 1e-6) for dose in _unrolled(train))
    given = replace(record, now=time, doses=(*record.doses, *doses))
    level = drawn_level(patient, given, time, number, sampling)
    return replace(given, levels=(*given.levels, level))


def _level_after(sampling: Sampling, regimen: Regimen) -> float:
    if sampling.kind == "fixed":
        return sampling.after
    return regimen.interval * max(ceil(sampling.after / regimen.interval - 1e-9), 1)


def _unrolled(train: Dose) -> Iterator[Dose]:
    for k in range(train.additional + 1):
        yield replace(train, time=train.time + k * train.interval)


def _single(dose: Dose) -> Dose:
    return replace(dose, additional=0, interval=0.0)


def _going_on(regimen: Regimen, record: PatientRecord) -> Regimen:
    """The same regimen from its next dose on."""
    if not record.doses:
        return regimen
    return replace(regimen, start=max(record.now, record.doses[-1].time + regimen.interval))


def _before(design: Design, record: PatientRecord) -> tuple[Dose, ...]:
    """Doses that everybody gets first, rounded as standard doses are."""
    standard, rule = design.standard, design.standard.rules[0]
    weight = next(item.value for item in record.covariates if item.name == "weight")
    return tuple(
        Dose(
            time=time,
            amount=standard.round_to * max(round(per_kg * weight / standard.round_to), 1),
            route=standard.route,
            duration=rule.duration,
        )
        for time, per_kg in design.before
    )


def _reached(
    stage: Stage, patient: TruePatient, record: PatientRecord, shown: Forecast, choice: TargetChoice, *, advice: bool
) -> Reached:
    aims = (choice.target, *choice.also)
    values = [true_metric(patient, record, shown.regimen, aim) for aim in aims]
    shares = attainment([(np.array([value]), aim) for value, aim in zip(values, aims, strict=True)])
    target = choice.target
    middle = (target.low + target.high) / 2.0 if target.two_sided else (target.low or target.high)
    return Reached(
        stage=stage,
        side=round(shares.above - shares.below),
        expected=shown.expected,
        true=values[0],
        off=values[0] / middle,
        advice=advice,
    )
