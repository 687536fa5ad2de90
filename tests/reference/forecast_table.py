"""How far forecasts of real patients' levels lay off, with intervals that resample patients, not levels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.rules.metrics import MEASURES, RESAMPLES
from tests.reference.forecast_bayes import PRIOR_WEIGHTS, Task
from tests.reference.forecast_learned import Learned

SEED = 1
Interval = tuple[float, float, float]  # value, 2.5 and 97.5 % points


@dataclass(frozen=True, kw_only=True)
class Line:
    """measures: by name, of all levels. against_map: log-RMSE less that of the first model's MAP, in points."""

    name: str
    measures: dict[str, Interval]
    against_map: Interval


def forecasts(task: Task, learned: Learned) -> dict[str, np.ndarray]:
    """(n,) by the words of the table. The first two are of the first model."""
    models = (*task.patients.unseen, *task.patients.seen)
    population, individual = task.joined("population"), task.joined("individual")[PRIOR_WEIGHTS.index(1.0)]
    found = {}
    for k, model in enumerate(models):
        mark = " (estimated on these patients)" if model in task.patients.seen else ""
        found[f"population, {_short(model.id)}{mark}"] = population[k]
        found[f"MAP, {_short(model.id)}{mark}"] = individual[k]
    found["averaged, unseen models"] = task.joined("averaged")
    if task.patients.seen:
        found["averaged, with the model estimated on these patients"] = task.joined("averaged_with_seen")
    first = _short(models[0].id)
    words = {
        "flattened": f"MAP, {first}, prior weight chosen on others",
        "ridge": f"hybrid: MAP, {first}, and ridge on its residual",
        "boosting": f"hybrid: MAP, {first}, and boosting on its residual",
        "rule": f"rule on the population's forecast, {first}",
    }
    return found | {text: learned.forecasts[key] for key, text in words.items()}


def _short(model_id: str) -> str:
    return model_id.split("/")[-1].removeprefix("phenobarbital_").removeprefix("theophylline_")


def lines(task: Task, learned: Learned) -> tuple[Line, ...]:
    observed, rows = task.joined("observed"), resampled(task.who)
    shares = {name: values / observed for name, values in forecasts(task, learned).items()}
    reference = next(share for name, share in shares.items() if name.startswith("MAP"))
    return tuple(
        Line(
            name=name,
            measures={key: _interval(_of(measure, share), rows) for key, measure in MEASURES.items()},
            against_map=_interval(_difference(share, reference), rows),
        )
        for name, share in shares.items()
    )


def resampled(who: np.ndarray, seed: int = SEED) -> list[np.ndarray]:
    """Rows of everyone, then of patients drawn with replacement, each with all of his levels."""
    of = [np.flatnonzero(who == patient) for patient in np.unique(who)]
    drawn = np.random.default_rng(seed).integers(len(of), size=(RESAMPLES, len(of)))
    return [np.arange(who.size), *(np.concatenate([of[k] for k in draw]) for draw in drawn)]


def _of(measure: Callable[[np.ndarray], float], share: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda rows: measure(share[rows])


def _difference(share: np.ndarray, reference: np.ndarray) -> Callable[[np.ndarray], float]:
    log_rmse = MEASURES["log_rmse"]
    return lambda rows: log_rmse(share[rows]) - log_rmse(reference[rows])


def _interval(value: Callable[[np.ndarray], float], rows: list[np.ndarray]) -> Interval:
    low, high = np.quantile([value(one) for one in rows[1:]], [0.025, 0.975])
    return value(rows[0]), float(low), float(high)
