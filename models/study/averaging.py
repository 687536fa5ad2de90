"""Forecasts by each model alone and by all averaged, for patients of each model in turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from zlib import crc32

import numpy as np

from models.catalog import Catalog
from models.dosing.advice import Regimen
from models.dosing.case import Case
from models.dosing.member import Member
from models.dosing.targets import choose_target
from models.drug import Drug
from models.fit import prior
from models.pk import parameters
from models.population import PopulationModel
from models.record import PatientRecord
from models.study.adviser import opened
from models.study.cohort import draw_patient
from models.study.design import AveragingDesign
from models.study.journey import AVERAGED, LEVELS, treated
from models.study.standard import standard_regimen
from models.study.truth import TruePatient, true_metric, true_patient

Quantity = Literal["metric", "CL"]
WITHOUT_TRUTH = "averaged, true model left out"


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """Forecast over truth - 1 of one patient, by quantity, number of levels and estimator."""

    truth: str
    number: int
    errors: Mapping[tuple[Quantity, int, str], float]


@dataclass(frozen=True, kw_only=True)
class ErrorRow:
    """bias: mean relative error; rmse: root of the mean squared relative error. truth "": patients of all truths."""

    truth: str
    quantity: Quantity
    levels: int
    estimator: str
    patients: int
    bias: float
    rmse: float


@dataclass(frozen=True, kw_only=True)
class AveragingSetting:
    design: AveragingDesign
    drug: Drug
    models: Mapping[str, PopulationModel]


def averaging_setting(design: AveragingDesign, catalog: Catalog) -> AveragingSetting:
    """UnknownModel where a model of the design is not in the catalog."""
    names = dict.fromkeys((*design.truths, *design.models))
    models = {name: catalog.model(f"{design.drug}/{name}") for name in names}
    return AveragingSetting(design=design, drug=catalog.drug(design.drug), models=models)


def foresee(asked: AveragingSetting, truth: str, number: int, *, seed: int, draws: int) -> Foreseen:
    """Patient `number` of model `truth` on standard dosing; the patient depends on seed, truth and number alone."""
    random = np.random.default_rng([seed, crc32(truth.encode()), number])
    design = asked.design
    record, _ = draw_patient(design.cohort, asked.drug, tuple(asked.models.values()), random, now=0.0)
    patient = true_patient(asked.drug, asked.models[truth], LEVELS, random)
    own, regimen = int(random.integers(2**31)), standard_regimen(design.standard, record)
    errors: dict[tuple[Quantity, int, str], float] = {}
    for levels in range(LEVELS + 1):
        if levels:
            record = treated(patient, record, regimen, levels - 1, design.sampling)
            regimen = replace(regimen, start=record.now)
        exact = _exact(patient, record, regimen)
        for name, models in _estimators(asked, truth).items():
            found = opened(asked.drug, models, record, seed=own + levels, draws=draws)
            forecast = _forecast(found[0], regimen) if found else {"metric": np.nan, "CL": np.nan}
            errors |= {(key, levels, name): forecast[key] / exact[key] - 1.0 for key in exact}
    return Foreseen(truth=truth, number=number, errors=errors)


def error_rows(found: Sequence[Foreseen]) -> tuple[ErrorRow, ...]:
    """Of each truth, then of all patients together."""
    truths = tuple(dict.fromkeys(item.truth for item in found))
    keys = tuple(found[0].errors)
    return tuple(_row(truth, key, found) for truth in (*truths, "") for key in keys)


def _row(truth: str, key: tuple[Quantity, int, str], found: Sequence[Foreseen]) -> ErrorRow:
    errors = np.array([item.errors[key] for item in found if truth in ("", item.truth)])
    return ErrorRow(
        truth=truth,
        quantity=key[0],
        levels=key[1],
        estimator=key[2],
        patients=int(np.isfinite(errors).sum()),
        bias=float(np.nanmean(errors)),
        rmse=float(np.sqrt(np.nanmean(errors**2))),
    )


def _estimators(asked: AveragingSetting, truth: str) -> dict[str, tuple[PopulationModel, ...]]:
    everyone = {name: asked.models[name] for name in asked.design.models}
    others = tuple(model for name, model in everyone.items() if name != truth)
    alone = {name: (model,) for name, model in everyone.items()}
    return alone | {AVERAGED: tuple(everyone.values()), WITHOUT_TRUTH: others}


def _exact(patient: TruePatient, record: PatientRecord, regimen: Regimen) -> dict[Quantity, float]:
    target = choose_target(patient.drug, record).target
    member = Member(model=patient.model, record=record, posterior=prior(patient.model), etas=patient.etas)
    return {"metric": true_metric(patient, record, regimen, target), "CL": float(_clearance(member)[0])}


def _forecast(case: Case, regimen: Regimen) -> dict[Quantity, float]:
    return {"metric": float(np.median(case.metric(regimen))), "CL": float(np.median(case.over(_clearance)))}


def _clearance(member: Member) -> np.ndarray:
    return parameters(member.model, member.subject, member.etas, member.record.now)["CL"]
