"""One patient, one model and one sample of the posterior: all that the dosing steps share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.covariates import Resolved, resolve
from models.dosing.advice import Regimen
from models.dosing.schedule import given
from models.drug import Drug
from models.fit import Posterior, draw
from models.pk import SteadyState, steady_state
from models.population import PopulationModel
from models.record import PatientRecord, Route
from models.subject import Subject, subject_from_record
from models.target import Metric, Target


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """etas: (m, n_eta) equally weighted draws from the posterior; record: doses given by now only."""

    drug: Drug
    model: PopulationModel
    record: PatientRecord
    posterior: Posterior
    target: Target
    etas: np.ndarray

    @cached_property
    def resolved(self) -> Resolved:
        """Covariates in force now, which a regimen from now on is judged with."""
        return resolve(self.model.needs, self.record, [self.record.now])

    @cached_property
    def covariates(self) -> dict[str, float]:
        names = [need.name for need in self.model.needs]
        return dict(zip(names, (float(value) for value in self.resolved.values[-1]), strict=True))

    @cached_property
    def subject(self) -> Subject:
        """The doses given, without levels to fit: for prediction."""
        return subject_from_record(self.model, self.record)


def open_case(
    drug: Drug,
    model: PopulationModel,
    record: PatientRecord,
    posterior: Posterior,
    *,
    target: Target,
    seed: int,
    draws: int,
) -> Case:
    """Draws the sample: the same seed gives the same case."""
    etas = draw(posterior, draws, seed=seed)
    return Case(drug=drug, model=model, record=given(record), posterior=posterior, target=target, etas=etas)


def at_steady_state(case: Case, regimen: Regimen) -> SteadyState:
    """Trough, peak and AUC24, each (m,), of the regimen given for ever with today's covariates."""
    return _steady_state(case, regimen, regimen.amount)


StateOf = Callable[[Regimen], SteadyState]


def steady_states(case: Case) -> StateOf:
    """As at_steady_state, but for a linear model computed once for each interval, duration and route, then scaled."""
    if not case.model.linear:
        return lambda regimen: at_steady_state(case, regimen)
    of_one_mg: dict[tuple[float, float, str], SteadyState] = {}

    def scaled(regimen: Regimen) -> SteadyState:
        key = (regimen.interval, regimen.duration, regimen.route)
        if key not in of_one_mg:
            of_one_mg[key] = _steady_state(case, regimen, 1.0)
        unit = of_one_mg[key]
        return SteadyState(
            trough=unit.trough * regimen.amount, peak=unit.peak * regimen.amount, auc24=unit.auc24 * regimen.amount
        )

    return scaled


def _steady_state(case: Case, regimen: Regimen, amount: float) -> SteadyState:
    return steady_state(
        case.model,
        case.covariates,
        case.etas,
        amount=amount,
        interval=regimen.interval,
        duration=regimen.duration,
        route=regimen.route,
    )


def metric_of(state: SteadyState, metric: Metric) -> np.ndarray:
    """The target's metric of each draw, (m,)."""
    return state.auc24 if metric == "auc24" else state.trough


def metrics(case: Case, state_of: StateOf, shown: Regimen | None) -> Callable[[Regimen], np.ndarray]:
    """The target's metric of any regimen, (m,), for ranking many.

    In a linear model the AUC over a day depends on the day's dose alone: one steady state serves every candidate, best
    that of a regimen that will be shown anyway.
    """
    if case.target.metric != "auc24" or not case.model.linear:
        return lambda regimen: metric_of(state_of(regimen), case.target.metric)
    per_daily_mg: dict[Route, np.ndarray] = {}

    def daily(regimen: Regimen) -> np.ndarray:
        if regimen.route not in per_daily_mg:
            base = shown if shown and shown.route == regimen.route else regimen
            per_daily_mg[regimen.route] = state_of(base).auc24 * base.interval / base.amount
        return per_daily_mg[regimen.route] * (regimen.amount / regimen.interval)

    return daily
