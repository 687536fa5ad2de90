"""The estimators' errors side by side, on patients of models that nobody was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import RegressorMixin

from models.beside.concordance import verdict_of
from models.beside.estimators import Estimates, Setting, everyone
from models.beside.value import Verdict
from models.catalog import Catalog
from models.cohorts.design import CohortDesign, Part
from models.cohorts.manifest import NO_SHIFT, Shift
from models.cohorts.population import Population
from models.cohorts.simulate import simulate
from models.learned.inputs import covariates_of, told
from models.learned.learners import others
from models.rules.frozen import Measure
from models.rules.metrics import measures, share_inside

LINEAR_PATIENTS, LINEAR_SEED = 1500, 4711


@dataclass(frozen=True, kw_only=True)
class Row:
    """One estimator on one set of patients. part, shift: of the design. patients: of whom every estimator of the table
    speaks; silent: share of all readable ones of whom this one does not. measures, coverage: %, with 95 % bootstrap
    intervals over patients."""

    drug: str
    scheme: str
    part: Part
    shift: str
    estimator: str
    nodes: int | None
    patients: int
    silent: float
    measures: tuple[Measure, ...]
    coverage: tuple[Measure, ...]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Patients by the widest ratio of rule and learned companion to the fit: their share of all, and the errors, %.

    log_rmse: of the fit of these patients, by ln. better: share of them whose fit is nearer the truth than the others.
    """

    drug: str
    scheme: str
    verdict: Verdict
    share: float
    log_rmse: float
    better: float


@dataclass(frozen=True, kw_only=True)
class Compared:
    rows: tuple[Row, ...]
    agreement: tuple[Agreement, ...]


def compared(
    design: CohortDesign,
    catalog: Catalog,
    scheme: str,
    *,
    patients: int,
    seeds: Sequence[int],
    draws: int,
    part: Part = "test",
    shift: Shift = NO_SHIFT,
    linear: RegressorMixin,
) -> Compared:
    """patients: in all, evenly over the seeds. linear: see linear_of. The floor: of test patients, nothing shifted.

    part: "test": of the models that nobody was trained on; "training": others of the models that were.
    """
    found = []
    for seed in seeds:
        each = -(-patients // len(seeds))
        population = simulate(design, catalog, scheme=scheme, part=part, patients=each, seed=seed, shift=shift)
        setting = Setting(design=design, catalog=catalog, draws=draws, seed=seed, linear=linear)
        found.append((population, everyone(population, setting, floor=part == "test" and shift == NO_SHIFT)))
    return Compared(rows=_rows(found), agreement=_agreement(design.drug, scheme, found))


def linear_of(design: CohortDesign, catalog: Catalog, scheme: str) -> RegressorMixin:
    """Ridge regression of ln(expected / true exposure) on the companions' inputs, of training patients."""
    population = simulate(design, catalog, scheme=scheme, part="training", patients=LINEAR_PATIENTS, seed=LINEAR_SEED)
    keep = population.readable
    rows = told(covariates_of(design.drug), population).values[keep]
    return others(LINEAR_SEED)["linear"].fit(rows, population.log_ratio[keep])


def _rows(found: Sequence[tuple[Population, tuple[Estimates, ...]]]) -> tuple[Row, ...]:
    made = found[0][0].manifest
    truth = np.concatenate([population.exposure for population, _ in found])
    readable = np.concatenate([population.readable for population, _ in found])
    names = [one.name for one in found[0][1]]
    exposure = {name: np.concatenate([_named(item, name).exposure for _, item in found]) for name in names}
    speak = readable & np.all([np.isfinite(values) for values in exposure.values()], axis=0)
    return tuple(
        Row(
            drug=made.drug,
            scheme=made.scheme,
            part=made.part,
            shift=made.shift.name,
            estimator=name,
            nodes=_named(found[0][1], name).nodes,
            patients=int(speak.sum()),
            silent=float(1.0 - np.isfinite(exposure[name][readable]).mean()),
            measures=measures((exposure[name] / truth)[speak]),
            coverage=_coverage(name, found, truth, exposure[name], speak),
        )
        for name in names
    )


FIT = ("averaged", "MAP")
OTHERS = ("rule", "boosting")


def _agreement(
    drug: str, scheme: str, found: Sequence[tuple[Population, tuple[Estimates, ...]]]
) -> tuple[Agreement, ...]:
    names = {one.name for one in found[0][1]}
    fit = next((name for name in FIT if name in names), None)
    others = [name for name in OTHERS if name in names]
    if fit is None or not others:
        return ()
    truth = np.concatenate([population.exposure for population, _ in found])
    error = {name: _errors(name, found, truth) for name in (fit, *others)}
    apart = np.max([np.abs(error[name] - error[fit]) for name in others], axis=0)
    known = np.isfinite(apart)
    nearer = np.all([np.abs(error[fit]) <= np.abs(error[name]) for name in others], axis=0)
    verdicts = np.array(
        [verdict_of(float(np.exp(value))) if ok else "" for value, ok in zip(apart, known, strict=True)]
    )
    classes: tuple[Verdict, ...] = ("agree", "differ", "disagree")
    return tuple(
        Agreement(
            drug=drug,
            scheme=scheme,
            verdict=one,
            share=float(100.0 * np.mean(verdicts[known] == one)),
            log_rmse=float(100.0 * np.sqrt(np.mean(error[fit][verdicts == one] ** 2))),
            better=float(100.0 * np.mean(nearer[verdicts == one])),
        )
        for one in classes
        if (verdicts == one).any()
    )


def _errors(name: str, found: Sequence[tuple[Population, tuple[Estimates, ...]]], truth: np.ndarray) -> np.ndarray:
    exposure = np.concatenate([_named(item, name).exposure for _, item in found])
    return np.asarray(np.log(exposure / truth))


def _named(estimates: tuple[Estimates, ...], name: str) -> Estimates:
    return next(one for one in estimates if one.name == name)


def _coverage(
    name: str,
    found: Sequence[tuple[Population, tuple[Estimates, ...]]],
    truth: np.ndarray,
    exposure: np.ndarray,
    speak: np.ndarray,
) -> tuple[Measure, ...]:
    measured = []
    for level in sorted(_named(found[0][1], name).limits):
        low, high = (np.concatenate([_named(item, name).limits[level][end] for _, item in found]) for end in (0, 1))
        inside = ((truth >= low * exposure) & (truth <= high * exposure))[speak]
        measured.append(share_inside(inside, level))
    return tuple(measured)
