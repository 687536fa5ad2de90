"""What patients can learn from one another: each is foretold by what was learnt from others alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from models.learned.learners import boosting, others
from models.record import PatientRecord
from models.rules.engines.operon import Operon
from models.rules.learner import SymbolicRule
from tests.reference.forecast_bayes import PRIOR_WEIGHTS, Foretold, Task

FOLDS = 10
SEED = 1
BOOSTING: dict[str, Any] = {"max_depth": 2, "n_estimators": 60}
ENGINE = Operon(population=100, generations=20, max_length=11)
RULE_SEEDS = (1, 2, 3)


@dataclass(frozen=True, kw_only=True, eq=False)
class Learned:
    """forecasts: (n,) by learner. formulas: of the rule, one a fold. weights: the prior weight chosen in each fold."""

    forecasts: dict[str, np.ndarray]
    formulas: tuple[str, ...]
    weights: tuple[float, ...]


def sides(who: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows to foretell; no patient has rows in both."""
    return GroupKFold(min(FOLDS, np.unique(who).size)).split(who, groups=who)


def learn(task: Task) -> Learned:
    observed, map_forecast = task.joined("observed"), task.joined("individual")[0, 0]
    names, inputs = inputs_of(task)
    population = task.joined("population")[0]
    found = {name: np.empty_like(observed) for name in ("flattened", "ridge", "boosting", "rule")}
    formulas, weights = [], []
    for train, test in sides(task.who):
        weight = _best_weight(task, observed, train)
        weights.append(PRIOR_WEIGHTS[weight])
        found["flattened"][test] = task.joined("individual")[weight, 0, test]
        residual = np.log(observed[train] / map_forecast[train])
        for name, learner in _learners().items():
            fitted = learner.fit(inputs[train], residual)
            found[name][test] = map_forecast[test] * np.exp(fitted.predict(inputs[test]))
        rule = _rule(names).fit(inputs[train], np.log(observed[train] / population[train]))
        found["rule"][test] = population[test] * np.exp(rule.predict(inputs[test]))
        formulas.append(rule.formula_)
    return Learned(forecasts=found, formulas=tuple(formulas), weights=tuple(weights))


def _learners() -> dict[str, Any]:
    return {"ridge": others(SEED)["linear"], "boosting": boosting(SEED, **BOOSTING)}


def _rule(names: tuple[str, ...]) -> SymbolicRule:
    """The mean of the others where no formula can be a rule."""
    return SymbolicRule(engine=ENGINE, seeds=RULE_SEEDS, names=names, rising=("r_last",), fallback=True)


def _best_weight(task: Task, observed: np.ndarray, rows: np.ndarray) -> int:
    """Of the first model's prior: least squared error of the logarithm; of equals the one nearest the front."""
    errors = np.log(task.joined("individual")[:, 0][:, rows] / observed[rows])
    return int(np.argmin((errors**2).mean(axis=1)))


def inputs_of(task: Task) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and (n, m) values of what is known when the last of the known levels has come back.

    r_last, r_mean: ln(level / population's prediction), of the last known level and of all. ahead: ln h from it to the
    level foretold. p: ln of the population's prediction of that level. Covariates as charted by then, weight as ln.
    """
    rows = [np.column_stack(_inputs(one, task)) for one in task.foretold]
    repeated = ("r_mean",) if task.known > 1 else ()
    return ("r_last", *repeated, "ahead", "p", *task.patients.inputs), np.concatenate(rows)


def _inputs(one: Foretold, task: Task) -> list[np.ndarray]:
    levels = np.array([level.value for level in one.record.levels[: task.known]])
    r, n = np.log(levels / one.at_level), one.observed.size
    known = [r[-1], *([r.mean()] if task.known > 1 else [])]
    charted = [_charted(one.record, name) for name in task.patients.inputs]
    columns = [np.full(n, value) for value in known], [np.full(n, value) for value in charted]
    return [*columns[0], np.log(one.ahead), np.log(one.population[0]), *columns[1]]


def _charted(record: PatientRecord, name: str) -> float:
    """The first value: the only one of what does not change, and never a later one."""
    value = record.series(name)[0].value
    return float(np.log(value)) if name == "weight" else value
