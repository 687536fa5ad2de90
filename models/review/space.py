"""Points all over a model's hard domain: its corners, random points, and the edges of computed covariates."""

from itertools import product
from math import inf

import numpy as np

from models.covariates.series import DERIVED
from models.drug import Drug
from models.population import PopulationModel
from models.review.patient import computed, reference_patient
from models.review.usual import COUNTS
from models.terms import TERMS

RANDOM_POINTS, SEED = 2000, 20261121
BISECTIONS = 30
# wk, kg, score: of anybody born alive
_BORN = {"gestational_age": (22.0, 44.0), "birth_weight": (0.3, 6.0), "apgar_5": (0.0, 10.0)}
_DERIVED_RANGES = {"hours_since_first_dose": (0.0, 8766.0), "dose": (0.1, 10_000.0)}  # h; mg


def raw_ranges(model: PopulationModel, drug: Drug) -> tuple[dict[str, tuple[float, float]], tuple[str, ...]]:
    """Range of each raw covariate that the model reads, and the names of those that nothing bounds.

    The hard domain, else what drug.toml lets pass as plausible, else a third to three times the reference patient's.
    A covariate that is not read for this drug keeps its default.
    """
    found: dict[str, tuple[float, float]] = {}
    unbounded = []
    reference = reference_patient(model, drug)
    hard = {limit.name: limit.hard for limit in model.domain if limit.hard}
    kept = _always_default(model, drug)
    for name in dict.fromkeys(name for need in model.needs for name in need.inputs):
        known = drug.plausible.get(name)
        if name in kept:
            found[name] = (kept[name], kept[name])
        elif name in DERIVED:
            found[name] = _dose_range(drug) if name == "dose" else _DERIVED_RANGES[name]
        elif name in hard:
            found[name] = hard[name]
        elif TERMS[name].flag or name in COUNTS:
            found[name] = (0.0, COUNTS.get(name, 1.0))
        elif name in _BORN:
            found[name] = _BORN[name]
        elif known:
            found[name] = (known.hard_low, known.hard_high)
        else:
            unbounded.append(name)
            found[name] = (reference[name] / 3.0, reference[name] * 3.0)
    return found, tuple(unbounded)


def _always_default(model: PopulationModel, drug: Drug) -> dict[str, float]:
    """Covariates that are not read for this drug, so that the file's default always stands."""
    return {
        need.name: need.default
        for need in model.needs
        if need.default is not None and need.formula == "measured" and need.name not in {*drug.covariates, *DERIVED}
    }


def _dose_range(drug: Drug) -> tuple[float, float]:
    if not drug.products:
        return _DERIVED_RANGES["dose"]
    return min(item.smallest for item in drug.products), max(item.largest for item in drug.products)


def domain_points(model: PopulationModel, drug: Drug) -> np.ndarray:
    """(k, c) the model's own covariates all over its hard domain, up to the edges of computed limits.

    Corners and random points of the raw ranges; those that a computed limit excludes are drawn towards the reference
    patient until they lie on its edge. Empty where not even the reference patient is inside.
    """
    if not model.needs:
        return np.zeros((1, 0))
    ranges, _ = raw_ranges(model, drug)
    reference = reference_patient(model, drug)
    centre = {name: min(max(reference.get(name, low), low), high) for name, (low, high) in ranges.items()}
    outer = _raw_points(ranges)
    low, high = np.zeros(outer[next(iter(outer))].size), np.ones(outer[next(iter(outer))].size)
    low[_inside(model, outer)] = 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        inside = _inside(model, _between(centre, outer, middle))
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    points = _between(centre, outer, low)
    return _values(model, points)[_inside(model, points)]


def _between(centre: dict[str, float], outer: dict[str, np.ndarray], share: np.ndarray) -> dict[str, np.ndarray]:
    """Points on the way from the centre (0) to the outer ones (1); flags and counts stay those of the outer point."""
    found = {}
    for name, values in outer.items():
        if name in COUNTS or TERMS[name].flag:
            found[name] = values
        elif centre[name] > 0 and (values > 0).all():
            found[name] = centre[name] * (values / centre[name]) ** share
        else:
            found[name] = centre[name] + share * (values - centre[name])
    return found


def _values(model: PopulationModel, raw: dict[str, np.ndarray]) -> np.ndarray:
    return np.column_stack([_need(model, n, raw) for n in range(len(model.needs))])


def _raw_points(ranges: dict[str, tuple[float, float]]) -> dict[str, np.ndarray]:
    corners = np.array(list(product((0.0, 1.0), repeat=min(len(ranges), 12))))
    corners = np.pad(corners, ((0, 0), (0, max(len(ranges) - 12, 0))))
    random = np.random.default_rng(SEED).uniform(size=(RANDOM_POINTS, len(ranges)))
    unit = np.vstack([corners, random])
    return {name: _scaled(name, unit[:, n], *ranges[name]) for n, name in enumerate(ranges)}


def _scaled(name: str, unit: np.ndarray, low: float, high: float) -> np.ndarray:
    if name in COUNTS or (name in TERMS and TERMS[name].flag):
        return np.round(low + unit * (high - low))
    if low > 0 and high < inf:  # even on the logarithm, so that small patients are met as often as large ones
        return np.asarray(low * (high / low) ** unit)
    return low + unit * (high - low)


def _need(model: PopulationModel, n: int, raw: dict[str, np.ndarray]) -> np.ndarray:
    need = model.needs[n]
    values = np.array(computed(need, {name: _positive(name, raw[name]) for name in need.inputs}), dtype=float)
    if need.low is not None or need.high is not None:
        values = np.clip(values, need.low, need.high)
    if need.steps:
        steps = np.array([0.0, *need.steps])
        values = steps[np.searchsorted(steps[1:], values, side="right")]
    return values


def _positive(name: str, values: np.ndarray) -> np.ndarray:
    """Formulas take no zero but where the chart can have one."""
    flag = TERMS[name].flag or name in COUNTS or name == "age" or name in DERIVED
    return values if flag else np.maximum(values, 1e-6)


def _inside(model: PopulationModel, raw: dict[str, np.ndarray]) -> np.ndarray:
    values = _values(model, raw)
    names = [need.name for need in model.needs]
    inside = np.isfinite(values).all(axis=1)
    for limit in model.domain:
        if limit.hard and limit.name in names:
            column = values[:, names.index(limit.name)]
            inside &= (column >= limit.hard[0] - 1e-9) & (column <= limit.hard[1] + 1e-9)
    return inside
