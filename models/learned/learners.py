"""The learners that are compared, and the settings that nested cross-validation may choose from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

Progress = Callable[[str, int, int], None]

LEAF = 20  # patients in a leaf at least: fewer follow single patients' noise
GRID: dict[str, tuple[Any, ...]] = {"max_depth": (2, 3), "n_estimators": (80, 200)}


def boosting(seed: int, **settings: Any) -> GradientBoostingRegressor:
    """Least squares, every tree on 60 % of the patients (Friedman JH. Comput Stat Data Anal 2002;38:367-378)."""
    chosen = {"n_estimators": 250, "max_depth": 3, "learning_rate": 0.06, **settings}
    return GradientBoostingRegressor(subsample=0.6, min_samples_leaf=LEAF, random_state=seed, **chosen)


def others(seed: int) -> dict[str, BaseEstimator]:
    """What boosting is compared with: all of the same inputs."""
    ridge = RidgeCV(alphas=np.logspace(-3, 3, 13))
    return {
        "linear": make_pipeline(StandardScaler(), ridge),
        "quadratic": make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), clone(ridge)),
        "extra trees": ExtraTreesRegressor(200, min_samples_leaf=5, random_state=seed),
    }


@dataclass(frozen=True, kw_only=True)
class Compared:
    """settings: of boosting, chosen on all patients. rmse: by learner, of outer folds that had no part in choosing."""

    settings: dict[str, Any]
    rmse: dict[str, float] = field(default_factory=dict)


def compare(
    inputs: np.ndarray,
    target: np.ndarray,
    *,
    seed: int,
    outer: int = 4,
    inner: int = 3,
    progress: Progress | None = None,
) -> Compared:
    """Nested cross-validation: settings are chosen inside each outer fold's training part, errors counted outside."""
    said = progress or (lambda *_: None)
    squares: dict[str, list[float]] = {}
    folds = list(_folds(outer, seed).split(inputs))
    for k, (train, test) in enumerate(folds):
        for name, learner in _contenders(inputs[train], target[train], seed, inner).items():
            fitted = learner.fit(inputs[train], target[train])
            squares.setdefault(name, []).extend((fitted.predict(inputs[test]) - target[test]) ** 2)
        said("nested cross-validation", k + 1, outer)
    rmse = {name: float(np.sqrt(np.mean(values))) for name, values in squares.items()}
    return Compared(settings=chosen(inputs, target, seed=seed, inner=inner), rmse=rmse)


def _contenders(inputs: np.ndarray, target: np.ndarray, seed: int, inner: int) -> dict[str, Any]:
    best = chosen(inputs, target, seed=seed, inner=inner)
    return {"boosting": boosting(seed, **best), **others(seed)}


def chosen(inputs: np.ndarray, target: np.ndarray, *, seed: int, inner: int) -> dict[str, Any]:
    """The smallest settings of the grid within one standard error of the least inner error."""
    found = [(settings, _errors(inputs, target, settings, seed, inner)) for settings in _grid()]
    means = [float(np.mean(errors)) for _, errors in found]
    best = int(np.argmin(means))
    limit = means[best] + float(np.std(found[best][1], ddof=1) / np.sqrt(len(found[best][1])))
    return next(settings for (settings, _), mean in zip(found, means, strict=True) if mean <= limit)


def _grid() -> Iterator[dict[str, Any]]:
    """Smallest first."""
    sizes = sorted(product(*GRID.values()), key=lambda item: (2 ** item[0] * item[1], item))
    return (dict(zip(GRID, item, strict=True)) for item in sizes)


def _errors(inputs: np.ndarray, target: np.ndarray, settings: dict[str, Any], seed: int, inner: int) -> list[float]:
    return [
        float(np.mean((boosting(seed, **settings).fit(inputs[a], target[a]).predict(inputs[b]) - target[b]) ** 2))
        for a, b in _folds(inner, seed).split(inputs)
    ]


def out_of_fold(inputs: np.ndarray, target: np.ndarray, settings: dict[str, Any], *, seed: int) -> np.ndarray:
    """(n,): each patient predicted by trees that never saw him."""
    found = np.empty(len(target))
    for train, test in _folds(5, seed).split(inputs):
        found[test] = boosting(seed, **settings).fit(inputs[train], target[train]).predict(inputs[test])
    return found


def _folds(count: int, seed: int) -> KFold:
    return KFold(count, shuffle=True, random_state=seed)
