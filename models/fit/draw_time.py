"""Would another draw time explain a level far better? The classic is a trough drawn after the dose was started."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from models.events import D_AMOUNT, D_RATE, D_TIME, L_CENSORING, L_VALUE, L_WEIGHT, NOT_CENSORED, O_OUTPUT, O_TIME
from models.fit.diagnose import without_level
from models.fit.kernels.objective import Problem
from models.fit.kernels.search import search
from models.fit.options import FitOptions
from models.fit.posterior import Posterior
from models.fit.problem import problem_of
from models.population.model import PopulationModel, Residual
from models.subject import Subject, row_at

# 3 h: a short infusion with the half hour before and the hour after it, where a mistaken trough is drawn. Of charted
# vancomycin troughs 4 in 10 were drawn early, a part of them by 2 h and more (Santalo et al., Pharmacy 4(4):37, 2016;
# Morrison et al., Am J Clin Pathol 137(3):472-478, 2012).
WINDOW = 3.0
# chi-square with 1 degree of freedom (the time that is set free), 99.9 %: a record has several levels, each with many
# times to choose from, and a false doubt costs trust. Measured in test_fit_draw_time.py.
DOUBT = 10.83
COARSE, FINE = 0.5, 0.125  # h between times that are tried, at first and around the best
JUST_AFTER = 0.05  # h; three minutes into a dose
BEFORE_A_DOSE = -0.5  # order at a dose's own time: after a change of covariates (-1), before the dose (0 and up)


@dataclass(frozen=True, kw_only=True)
class DrawTimeDoubt:
    """A level whose objective would drop by `drop` had it been drawn at `best` h instead of `recorded` h.

    predicted, predicted_best: what the patient's estimate expects at the recorded time, and at the better one with the
    estimate renewed. over_a_dose: a dose starts between the two times. level: its row in the posterior's levels.
    """

    level: int
    source: str
    recorded: float
    best: float
    drop: float
    observed: float
    predicted: float
    predicted_best: float
    over_a_dose: bool


def draw_time_doubts(
    model: PopulationModel,
    subject: Subject,
    posterior: Posterior,
    *,
    options: FitOptions | None = None,
    window: float = WINDOW,
    latest: float = inf,
    threshold: float = DOUBT,
) -> tuple[DrawTimeDoubt, ...]:
    """The levels that another draw time within `window` h explains better by more than `threshold`, worst first.

    Each level is moved alone and the estimate renewed from the mode on, so a doubt says nothing of two wrong times at
    once, and with one level there is nothing to doubt it by but the population. latest: h, no draw is later (now).
    A doubt is not proof of a wrong time: a wrong value or dose looks alike. Empty for a fit that is not usable.
    """
    if not posterior.usable or subject.levels.shape[0] == 0:
        return ()
    problem = problem_of(model, subject, options or FitOptions())
    found = []
    for level in range(subject.levels.shape[0]):
        if best_possible_drop(subject, problem, posterior, level) > threshold:
            doubt = _doubt(subject, problem, posterior, level, window, latest)
            found += [doubt] if doubt is not None and doubt.drop > threshold else []
    return tuple(sorted(found, key=lambda doubt: -doubt.drop))


def draw_time_profile(
    model: PopulationModel,
    subject: Subject,
    posterior: Posterior,
    level: int,
    times: Sequence[float],
    *,
    options: FitOptions | None = None,
) -> np.ndarray:
    """(len(times),) by how much the objective would be lower were `level` drawn at each time, h; NaN: no estimate."""
    problem = problem_of(model, subject, options or FitOptions())
    return np.array([_moved(subject, problem, posterior, level, time)[0] for time in times])


def best_possible_drop(subject: Subject, problem: Problem, posterior: Posterior, level: int) -> float:
    """No time can do better than leave the level out and then fit it perfectly."""
    rest = without_level(problem, posterior.eta, level)
    if rest is None:
        return inf
    residual = subject.model.outputs[int(subject.events.obs[level, O_OUTPUT])].residual
    least = _least_term(residual, float(problem.levels[level, L_VALUE]), problem.levels[level, L_CENSORING])
    return posterior.objective - rest[1] - float(problem.levels[level, L_WEIGHT]) * least


def _least_term(residual: Residual, y: float, censoring: float) -> float:
    """Lowest log v + (y - f)^2 / v over all predictions f; 0 for a censored level, -2 log of a probability."""
    if censoring != NOT_CENSORED:
        return 0.0
    if residual.kind == "exponential":
        return float(np.log(residual.additive))
    f = max(y, 1e-9) * np.linspace(0.2, 1.1, 91)  # where error grows with f, the best f is below y
    v = residual.proportional * f ** (2.0 * residual.exponent) + residual.additive
    return float(np.min(np.log(v) + (y - f) ** 2 / v))


def _doubt(
    subject: Subject, problem: Problem, posterior: Posterior, level: int, window: float, latest: float
) -> DrawTimeDoubt | None:
    recorded = float(subject.events.obs[level, O_TIME])
    tried: dict[float, tuple[float, float]] = {}
    for step in (COARSE, FINE):
        at = max(tried, key=lambda time: tried[time][0]) if tried else recorded
        reach = COARSE if tried else window
        for time in _candidates(subject, recorded, at, reach, step, window, latest):
            if time not in tried:
                tried[time] = _moved(subject, problem, posterior, level, time)
        tried = {time: found for time, found in tried.items() if np.isfinite(found[0])}
        if not tried:
            return None
    best = max(tried, key=lambda time: tried[time][0])
    fit = posterior.levels[level]
    starts = subject.events.dose[subject.events.dose[:, D_AMOUNT] > 0, D_TIME]
    return DrawTimeDoubt(
        level=level,
        source=fit.source,
        recorded=recorded,
        best=best,
        drop=tried[best][0],
        observed=fit.observed,
        predicted=fit.individual,
        predicted_best=tried[best][1],
        over_a_dose=bool(np.any((starts >= min(best, recorded)) & (starts < max(best, recorded)))),
    )


def _candidates(
    subject: Subject, recorded: float, at: float, reach: float, step: float, window: float, latest: float
) -> list[float]:
    """Times around `at`, and those where the curve breaks: before and after each dose, and the end of each infusion."""
    dose = subject.events.dose
    infused = dose[:, D_RATE] > 0
    ends = dose[infused, D_TIME] + dose[infused, D_AMOUNT] / dose[infused, D_RATE]
    breaks = np.concatenate([dose[:, D_TIME], dose[:, D_TIME] + JUST_AFTER, ends])
    regular = at + step * np.arange(-round(reach / step), round(reach / step) + 1)
    times = np.unique(np.concatenate([regular, breaks[np.abs(breaks - at) <= reach]]))
    first = dose[:, D_TIME].min() if dose.size and not subject.model.structure.initial else -inf
    inside = (np.abs(times - recorded) <= window) & (times > first) & (times <= max(latest, recorded))
    return [float(time) for time in times[inside]]


def _moved(subject: Subject, problem: Problem, posterior: Posterior, level: int, time: float) -> tuple[float, float]:
    """(drop of the objective, prediction) with the level drawn at `time` and the estimate renewed; NaN: no estimate."""
    obs = problem.events.obs.copy()
    obs[level] = time, BEFORE_A_DOSE, obs[level, O_OUTPUT], row_at(subject.row_time, np.array([time]))[0]
    order = np.argsort(obs[:, O_TIME], kind="stable")
    moved = problem._replace(
        events=problem.events._replace(obs=np.ascontiguousarray(obs[order])),
        levels=np.ascontiguousarray(problem.levels[order]),
    )
    found = search(moved, np.ascontiguousarray(posterior.eta)[None])
    if found.status != 0:
        return np.nan, np.nan
    return posterior.objective - float(found.objective), float(found.fits[int(np.flatnonzero(order == level)[0]), 0])
