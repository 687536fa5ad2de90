"""What the kernels fit: a model's tables, a subject's events, its levels with their weights."""

import numpy as np

from models.events import L_WEIGHT, O_TIME
from models.fit.kernels.objective import Problem
from models.fit.kernels.weigh import objectives
from models.fit.options import FitOptions
from models.pk.linked import linked_events, linked_plan
from models.population.model import PopulationModel
from models.subject import Subject


def problem_of(model: PopulationModel, subject: Subject, options: FitOptions) -> Problem:
    """The problem that every estimate, draw and diagnostic of these options is about."""
    levels = weighted_levels(subject, options)
    return Problem(linked_plan(model), linked_events(subject.events), levels, options.prior_weight)


def weighted_levels(subject: Subject, options: FitOptions) -> np.ndarray:
    """(o, 3) levels, each weighted by its age where the options have a half-life."""
    if options.level_half_life is None or subject.levels.shape[0] == 0:
        return subject.levels
    times = subject.events.obs[:, O_TIME]
    now = times.max() if options.now is None else options.now
    levels = subject.levels.copy()
    levels[:, L_WEIGHT] *= 0.5 ** (np.maximum(now - times, 0.0) / options.level_half_life)
    return levels


def objectives_at(problem: Problem, etas: np.ndarray) -> np.ndarray:
    """(m,) objective at etas (m, e); inf where these parameters can not have produced the levels."""
    out = np.empty(etas.shape[0])
    objectives(problem, np.ascontiguousarray(etas, dtype=float), out)
    return out
