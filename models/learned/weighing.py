"""How much weight the published prior deserves in one patient's fit, learnt from patients whose truth is known.

The idea: Hughes JH, Keizer RJ. CPT Pharmacometrics Syst Pharmacol 2021;10:1150-1160 (cited from memory), with expected
gains in place of classes: by how much a weight lowers the squared error of ln exposure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import KFold

from models.cohorts.design import CohortDesign
from models.cohorts.population import Population
from models.learned.fits import fitted_exposure
from models.learned.learners import boosting
from models.learned.trees import Trees, from_gradient_boosting
from models.population import PopulationModel

WEIGHTS = (2.0, 0.5, 0.25)  # beside 1, the published prior
SETTINGS: dict[str, Any] = {"max_depth": 2, "n_estimators": 60}
MOST = 0.3  # a gain is counted up to this: single patients whose fit fails shall not rule the trees
MARGINS = (0.0, 0.005, 0.01, 0.02)  # expected gains under which the published prior stays; chosen out of fold


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighing:
    center: tuple[Trees, ...]
    weights: tuple[float, ...]
    margin: float
    settings: dict[str, Any]
    metrics: dict[str, Any]


def weighing(
    inputs: np.ndarray, population: Population, model: PopulationModel, design: CohortDesign, *, seed: int
) -> Weighing:
    """inputs (n, m): of the population's readable patients. Patients with a fit that did not converge are left out."""
    truth = population.exposure[population.readable]
    fits = [fitted_exposure(population, model, design, prior_weight=weight) for weight in (1.0, *WEIGHTS)]
    errors = np.array([np.log(one[population.readable] / truth) for one in fits])
    usable = np.isfinite(errors).all(axis=0)
    rows, squares = inputs[usable], errors[:, usable] ** 2
    gains = np.clip(squares[1:] - squares[0], -MOST, MOST)
    foretold = _out_of_fold(rows, gains, seed)
    by_margin = {margin: float(np.mean(_taken(squares, foretold, margin))) for margin in MARGINS}
    margin = min(MARGINS, key=lambda item: (by_margin[item], -item))
    return Weighing(
        center=tuple(from_gradient_boosting(_fit(rows, gain, seed)) for gain in gains),
        weights=WEIGHTS,
        margin=margin,
        settings=SETTINGS,
        metrics={
            "log_rmse_by_fixed_weight": _by_weight(np.sqrt(squares.mean(axis=1))),
            "out_of_fold_log_rmse_chosen": float(np.sqrt(by_margin[margin])),
        },
    )


def _by_weight(values: Sequence[float] | np.ndarray) -> dict[str, float]:
    return {f"{weight:g}": float(value) for weight, value in zip((1.0, *WEIGHTS), values, strict=True)}


def _taken(squares: np.ndarray, foretold: np.ndarray, margin: float) -> np.ndarray:
    """(n,): each patient's squared error under the weight that would be chosen."""
    best = np.where(foretold.min(axis=0) < -margin, foretold.argmin(axis=0) + 1, 0)
    return np.asarray(np.take_along_axis(squares, best[None], axis=0)[0])


def _out_of_fold(rows: np.ndarray, gains: np.ndarray, seed: int) -> np.ndarray:
    """(w, n): gains foretold by trees that never saw the patient."""
    found = np.empty_like(gains)
    for train, test in KFold(5, shuffle=True, random_state=seed).split(rows):
        for k, gain in enumerate(gains):
            found[k, test] = _fit(rows[train], gain[train], seed).predict(rows[test])
    return found


def _fit(rows: np.ndarray, gain: np.ndarray, seed: int) -> Any:
    return boosting(seed, **SETTINGS).fit(rows, gain)
