"""Predictions and objectives at given random effects, through the product's own kernels."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numba import njit

from models.events import Events
from models.fit.kernels.objective import Problem
from models.fit.kernels.weigh import objectives
from models.nmtran import Row, subject_from_rows
from models.pk.kernels.many import run_many
from models.pk.kernels.run import predict
from models.pk.linked import linked_events, linked_plan
from models.population import PopulationModel
from models.population.plan import Plan
from models.subject import Subject


def predictions(model: PopulationModel, rows: Sequence[Row], etas: np.ndarray) -> np.ndarray:
    """(m, rows) of the output that each row's CMT names."""
    subject = subject_from_rows(model, rows, everywhere=True)
    out = np.empty((etas.shape[0], len(rows)))
    run_many(linked_plan(model), linked_events(subject.events), etas, False, out)
    return out


def objective_at(subject: Subject, eta: np.ndarray, prior_weight: float = 1.0) -> float:
    problem = Problem(linked_plan(subject.model), linked_events(subject.events), subject.levels, prior_weight)
    out = np.empty(1)
    objectives(problem, np.ascontiguousarray(eta, dtype=float)[None], out)
    return float(out[0])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@njit
def _jets(plan: Plan, events: Events, etas: np.ndarray, F: np.ndarray) -> bool:
    return predict(plan.run, (plan, events, etas, False, F))


def jets(subject: Subject, eta: np.ndarray, method: int) -> np.ndarray:
    """(o, 1 + e): predictions at the subject's observations and their derivatives, by the propagator `method`."""
    out = np.zeros((subject.events.obs.shape[0], 1 + eta.size))
    events = linked_events(subject.events._replace(method=method))
    assert _jets(linked_plan(subject.model), events, eta[None], out[None])
    return out
