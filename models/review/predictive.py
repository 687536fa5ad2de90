"""What a population is expected to show under a regimen before any level: the prior predictive of exposure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.covariates import resolve
from models.dosing.advice import Interval, Regimen
from models.pk import steady_state
from models.pk.exposure import SteadyState
from models.population import PopulationModel
from models.record import Covariate, Dose, PatientRecord
from models.review.kinetics import Kinetics, kinetics, typical_parameters

DRAWS, SEED = 500, 20261121
COURSE = 336.0  # h of treatment before the look, for what grows with its length (autoinduction)
INSTANT = 1e-6  # h
_PER_LITRE = {"mg/L": 1.0, "ug/L": 1e-3}  # mg/L of one unit


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """Exposure at steady state: median and central 90 % of the population's patients with these covariates.

    clearance: L/h, of the typical patient, day's dose over AUC24, so over F where bioavailability is not in the model.
    share: of the draws that are finite and above 0 throughout. parameters: typical, in hours and litres.
    """

    trough: Interval
    peak: Interval
    auc24: Interval
    clearance: float
    share: float
    parameters: Mapping[str, float]
    kinetics: Kinetics


def made_up_record(drug: str, patient: Mapping[str, float], regimen: Regimen) -> PatientRecord:
    """Raw covariates as charted now, after two weeks of the regimen."""
    items = tuple(Covariate(name=name, time=COURSE, value=value) for name, value in patient.items())
    dose = Dose(
        time=0.0,
        amount=regimen.amount,
        route=regimen.route,
        duration=regimen.duration if regimen.route == "iv" else 0.0,
        interval=regimen.interval,
        additional=int((COURSE - 1e-6) // regimen.interval),
    )
    return PatientRecord(drug=drug, now=COURSE, doses=(dose,), covariates=items)


def model_covariates(model: PopulationModel, record: PatientRecord) -> dict[str, float]:
    """The model's own covariates at record.now, by name; MissingCovariate where the chart lacks one."""
    values = resolve(model.needs, record, [record.now]).values[-1]
    return {need.name: float(value) for need, value in zip(model.needs, values, strict=True)}


def predict(
    model: PopulationModel, covariates: Mapping[str, float], regimen: Regimen, *, draws: int = DRAWS, seed: int = SEED
) -> Predicted:
    """Deterministic in seed. covariates: the model's own, by name."""
    typical = _state(model, covariates, regimen, np.zeros((1, len(model.eta_names))))
    mean = float(typical.auc24[0]) / 24.0
    daily = regimen.amount * 24.0 / regimen.interval
    unit = model.concentration_unit
    state = _state(model, covariates, regimen, prior_draws(model, draws, seed))
    good = np.isfinite(state.auc24) & np.isfinite(state.peak) & np.isfinite(state.trough)
    good &= (state.auc24 > 0) & (state.peak > 0) & (state.trough >= 0)
    return Predicted(
        trough=_interval(state.trough[good], unit),
        peak=_interval(state.peak[good], unit),
        auc24=_interval(state.auc24[good], unit.replace("/", ".h/")),
        clearance=daily / (float(typical.auc24[0]) * _PER_LITRE[unit]),
        share=float(good.mean()),
        parameters=typical_parameters(model, covariates),
        kinetics=kinetics(model, covariates, regimen, mean),
    )


def prior_draws(model: PopulationModel, draws: int, seed: int) -> np.ndarray:
    """(draws, e) random effects of the population."""
    if not model.eta_names:
        return np.zeros((1, 0))
    normal = np.random.default_rng(seed).standard_normal((draws, len(model.eta_names)))
    return np.ascontiguousarray(normal @ np.linalg.cholesky(model.omega).T)


def _state(model: PopulationModel, covariates: Mapping[str, float], regimen: Regimen, etas: np.ndarray) -> SteadyState:
    duration = min(regimen.duration, regimen.interval)
    state = steady_state(
        model,
        covariates,
        etas,
        amount=regimen.amount,
        interval=regimen.interval,
        # the engine looks at the instant before a bolus; after 4 ms it is the instant after it
        duration=duration or (INSTANT if regimen.route == "iv" else 0.0),
        route=regimen.route,
    )
    # under a continuous infusion the end of the interval is the highest that is looked at
    return replace(state, peak=np.maximum(state.peak, state.trough))


def _interval(values: np.ndarray, unit: str) -> Interval:
    if not values.size:
        return Interval(median=float("nan"), low=float("nan"), high=float("nan"), unit=unit)
    low, median, high = np.quantile(values, (0.05, 0.5, 0.95))
    return Interval(median=float(median), low=float(low), high=float(high), unit=unit)
