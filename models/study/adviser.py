"""What the product advises a simulated patient: its own fit, averaging, draws, candidates and ranking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.covariates import value_at
from models.dosing.advice import Regimen
from models.dosing.candidates import candidates
from models.dosing.case import Case, open_case
from models.dosing.narrow import narrowed
from models.dosing.optimise import ranked
from models.dosing.schedule import schedule
from models.dosing.start import starts_of
from models.dosing.targets import TargetChoice, choose_target
from models.drug import Drug
from models.fit.average import average, fit_each
from models.population import PopulationModel
from models.record import PatientRecord
from models.subject import subject_from_record


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A regimen with the median that the adviser expects of the target's metric."""

    regimen: Regimen
    expected: float


def opened(
    drug: Drug, models: Sequence[PopulationModel], record: PatientRecord, *, seed: int, draws: int
) -> tuple[Case, TargetChoice] | None:
    """The patient's case by all models, None where no model has an estimate."""
    fits = fit_each(subject_from_record(model, record) for model in models)
    ensemble = average(fits)
    if not ensemble.usable:
        return None
    choice = choose_target(drug, record)
    case = open_case(drug, fits, ensemble, record, target=choice.target, also=choice.also, seed=seed, draws=draws)
    return case, choice


def expected(case: Case, regimen: Regimen) -> Forecast:
    return Forecast(regimen=regimen, expected=float(np.median(case.metric(regimen))))


def advised(case: Case, current: Regimen) -> Forecast | None:
    """The proposal, from the time at which it would start; None where limits or what is in the body leave none.

    current: the regimen in use; not in use yet where nothing was given.
    """
    record = case.record
    kept = current if record.doses else None
    plan = schedule(record, kept)
    options = [
        replace(item, start=plan.due(item.interval))
        for item in candidates(case.drug, current.route, record, start=record.now)
    ]
    best = ranked(case, narrowed(case, options), weight=value_at(record, "weight", record.now), current=kept).best[:1]
    if not best:
        return None
    chosen = best[0].regimen
    start = starts_of(case, plan, [chosen.interval])[chosen.interval]
    return None if start.time is None else expected(case, replace(chosen, start=start.time))
