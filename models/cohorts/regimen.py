"""A patient's charted regimen and doses, and when his levels are drawn."""

from dataclasses import replace

import numpy as np

from models.cohorts.design import CohortDesign, Practice, Sample, Scheme
from models.covariates import value_at
from models.dosing.advice import Regimen
from models.record import Dose, PatientRecord
from models.study.design import Standard
from models.study.standard import standard_regimen

EARLIEST = 0.25  # share of an interval by which a dose is early or late at most
SOONEST = 0.05  # h after a dose, or before the next, at which a charted draw can be told from it


def charted_regimen(design: CohortDesign, record: PatientRecord, random: np.random.Generator) -> Regimen:
    """The standard one as wards give it: another interval for some, doses about it, rounded."""
    practice, standard = design.practice, design.standard
    usual = standard_regimen(standard, record)
    other, choice, score = random.uniform(), random.integers(len(practice.intervals)), random.standard_normal()
    amount = _rounded(standard, usual.amount * np.exp(practice.dose_sd * score))
    interval = practice.intervals[choice] if other < practice.other else usual.interval
    return replace(usual, amount=amount, interval=interval)


def given_doses(
    design: CohortDesign, record: PatientRecord, regimen: Regimen, random: np.random.Generator, *, count: int
) -> tuple[Dose, ...]:
    """The first `count` doses at their true times, which the chart has; the first at 0 h, a loading one for some."""
    practice = design.practice
    off = np.clip(random.standard_normal(count) * practice.late, *_either(EARLIEST * regimen.interval))
    loading = random.uniform() < practice.loading
    off[0] = 0.0
    first = _loading(design.standard, practice, record, regimen) if loading else regimen.amount
    return tuple(
        Dose(
            time=float(k * regimen.interval + off[k]),
            amount=first if k == 0 else regimen.amount,
            route=regimen.route,
            duration=regimen.duration,
        )
        for k in range(count)
    )


def charted_times(scheme: Scheme, doses: tuple[Dose, ...], random: np.random.Generator) -> np.ndarray:
    """(k,) h, earliest first, as the scheme's samples are; `doses` reach at least one beyond the last sampled one."""
    first = int(random.integers(scheme.dose[0], scheme.dose[1] + 1))
    times = [_charted(sample, doses, first + sample.plus, random.uniform()) for sample in scheme.samples]
    return np.sort(np.array(times))


def _charted(sample: Sample, doses: tuple[Dose, ...], number: int, uniform: float) -> float:
    dose, following = doses[number - 1], doses[number]
    value = sample.low + uniform * (sample.high - sample.low)
    if sample.since == "before":
        return dose.time - max(value, SOONEST)
    if sample.since == "start":
        return dose.time + value
    end = dose.time + dose.duration
    if sample.since == "end":
        return end + value
    return end + max(value * (following.time - SOONEST - end), SOONEST)


def _loading(standard: Standard, practice: Practice, record: PatientRecord, regimen: Regimen) -> float:
    weight = value_at(record, "weight", record.now) or 0.0
    return max(_rounded(standard, practice.loading_mg_per_kg * weight), regimen.amount)


def _rounded(standard: Standard, mg: float) -> float:
    return float(min(standard.round_to * max(round(mg / standard.round_to), 1), standard.largest))


def _either(value: float) -> tuple[float, float]:
    return -value, value
