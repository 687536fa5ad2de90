"""Every estimator on a whole simulated population: estimates, intervals, and of whom it says nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import RegressorMixin

from models.beside.bayes import Drawn, averaged, exact
from models.catalog import Catalog
from models.cohorts.design import CohortDesign
from models.cohorts.population import Population
from models.learned.companion import Companion, Kind
from models.learned.fits import fitted_exposure
from models.learned.inputs import covariates_among, covariates_of, told
from models.learned.library import companion
from models.learned.predict import weights_of
from models.rules.expression import evaluate
from models.rules.frozen import FrozenRule
from models.rules.library import load_library
from models.rules.task import values_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimates:
    """exposure (n,), NaN where silent. limits: by level, (low, high) as factors on the exposure, each (n,)."""

    name: str
    exposure: np.ndarray
    limits: Mapping[float, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    nodes: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """draws: from each posterior, for intervals and the floor; linear: fitted to training patients of the scheme."""

    design: CohortDesign
    catalog: Catalog
    draws: int
    seed: int
    linear: RegressorMixin | None = None

    @property
    def unit(self) -> str:
        return self.catalog.drug(self.design.drug).concentration_unit


def everyone(population: Population, setting: Setting, *, floor: bool) -> tuple[Estimates, ...]:
    """All estimators there are for the population's scheme. floor: with exact Bayes under the true model."""
    steps: list[Callable[[Population, Setting], tuple[Estimates, ...]]] = [_expected, _linear, _rules, _learned, _fits]
    if floor:
        steps.append(_floor)
    return tuple(found for step in steps for found in step(population, setting))


def _expected(population: Population, setting: Setting) -> tuple[Estimates, ...]:
    return (Estimates(name="population value", exposure=population.expected_exposure),)


def _linear(population: Population, setting: Setting) -> tuple[Estimates, ...]:
    if setting.linear is None:
        return ()
    factor = np.exp(-setting.linear.predict(told(covariates_of(setting.design.drug), population).values))
    return (Estimates(name="linear", exposure=_readable(population, population.expected_exposure * factor)),)


def _rules(population: Population, setting: Setting) -> tuple[Estimates, ...]:
    scheme = population.manifest.scheme
    rules = [rule for rule in load_library().for_drug(setting.design.drug) if rule.scheme == scheme]
    return tuple(_rule(rule, population, setting) for rule in rules)


def _rule(rule: FrozenRule, population: Population, setting: Setting) -> Estimates:
    values = values_of(population, setting.design, setting.unit)
    inside = population.readable.copy()
    for one in rule.quantities:
        inside &= (values[one.name] >= one.low) & (values[one.name] <= one.high)
    for item in rule.inputs:
        ratio = item.ratio(values)
        inside &= (ratio >= item.low) & (ratio <= item.high)
    formula = evaluate(rule.formula, {item.symbol: item.value(values) for item in rule.inputs})
    base = values[rule.output.base] if isinstance(rule.output.base, str) else rule.output.base
    exposure = rule.output.factor * values["rate"] / (base * np.exp(formula))
    ones = np.ones_like(exposure)
    limits = {one.share: (np.exp(-one.high) * ones, np.exp(-one.low) * ones) for one in rule.spreads}
    name = "rule" if rule.form == "informed" else "rule, stand-alone"
    return Estimates(name=name, exposure=np.where(inside, exposure, np.nan), limits=limits, nodes=rule.nodes)


def _learned(population: Population, setting: Setting) -> tuple[Estimates, ...]:
    model = setting.catalog.model(setting.design.reference)
    starts: dict[Kind, np.ndarray] = {"exposure": population.expected_exposure}
    if population.samples:
        starts["hybrid"] = fitted_exposure(population, model, setting.design)
    names: dict[Kind, str] = {"exposure": "boosting", "hybrid": "hybrid"}
    known = {kind: companion(setting.design.drug, population.manifest.scheme, kind) for kind in starts}
    return tuple(_factor(names[kind], one, starts[kind], population) for kind, one in known.items() if one)


def _factor(name: str, one: Companion, start: np.ndarray, population: Population) -> Estimates:
    rows = _rows(one, population)
    size = np.exp(one.scale.predict(rows)) if one.scale else np.ones(len(rows))
    limits = {float(level): (np.exp(-q * size), np.exp(q * size)) for level, q in one.widths.items()}
    exposure = np.where(_inside(one, rows), start * np.exp(-one.center[0].predict(rows)), np.nan)
    return Estimates(name=name, exposure=_readable(population, exposure), limits=limits)


def _fits(population: Population, setting: Setting) -> tuple[Estimates, ...]:
    if not population.samples:
        return ()
    design, catalog = setting.design, setting.catalog
    reference = catalog.model(design.reference)
    fitted = fitted_exposure(population, reference, design)
    one = averaged(population, [reference], design, draws=setting.draws, seed=setting.seed)
    found = [Estimates(name="MAP", exposure=fitted, limits=_on(fitted, one))]
    weight = companion(design.drug, population.manifest.scheme, "weight")
    if weight:
        found.append(_weighted(weight, population, setting, fitted))
    models = [catalog.model(name) for name in dict.fromkeys(item.model for item in design.of_part("training"))]
    same_drug = [model for model in models if model.drug == design.drug]
    if len(same_drug) > 1:
        several = averaged(population, same_drug, design, draws=setting.draws, seed=setting.seed)
        found.append(_of_draws("averaged", several))
    return tuple(found)


def _of_draws(name: str, drawn: Drawn) -> Estimates:
    return Estimates(name=name, exposure=drawn.middle, limits=_on(drawn.middle, drawn))


def _on(exposure: np.ndarray, drawn: Drawn) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """The draws' limits as factors on an exposure."""
    return {level: (low / exposure, high / exposure) for level, (low, high) in drawn.limits.items()}


def _weighted(one: Companion, population: Population, setting: Setting, fitted: np.ndarray) -> Estimates:
    """MAP with the prior weight that the companion chooses for each patient; the published prior where it is silent."""
    rows, model = _rows(one, population), setting.catalog.model(setting.design.reference)
    chosen = np.where(_inside(one, rows) & population.readable, weights_of(one, rows), 1.0)
    exposure = fitted.copy()
    for weight in set(chosen.tolist()) - {1.0}:
        other = fitted_exposure(population, model, setting.design, prior_weight=weight)
        exposure = np.where(chosen == weight, other, exposure)
    return Estimates(name="MAP, chosen prior weight", exposure=exposure)


def _floor(population: Population, setting: Setting) -> tuple[Estimates, ...]:
    models = [setting.catalog.model(item.model) for item in setting.design.of_part("test")]
    plain = all(not item.shift and item.spread == 1.0 for item in setting.design.of_part("test"))
    if not plain or not population.samples:
        return ()
    found = exact(population, models, setting.design, draws=setting.draws, seed=setting.seed)
    return (_of_draws("exact Bayes, true model", found),)


def _rows(one: Companion, population: Population) -> np.ndarray:
    return told(covariates_among(one.inputs), population).values


def _inside(one: Companion, rows: np.ndarray) -> np.ndarray:
    low, high = (np.array([getattr(item, end) for item in one.inputs]) for end in ("low", "high"))
    return np.asarray(((rows >= low) & (rows <= high)).all(axis=1))


def _readable(population: Population, exposure: np.ndarray) -> np.ndarray:
    return np.where(population.readable, exposure, np.nan)
