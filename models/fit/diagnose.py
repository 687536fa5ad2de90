"""How well an estimate is founded: gradient and condition at the mode, which level pulls most, how far each one is."""

from dataclasses import dataclass
from math import inf, nan

import numpy as np

from models.events import ABOVE, BELOW, L_CENSORING
from models.fit.kernels.objective import Problem
from models.fit.kernels.search import search
from models.fit.options import FitOptions
from models.fit.posterior import LevelFit, Posterior
from models.fit.problem import objectives_at, problem_of
from models.population.model import PopulationModel
from models.population.plan import ODE
from models.subject import Subject

# Step of central differences of the objective, in standard deviations of each eta with the others held at the mode (the
# curve's own scale). For ODE models wide enough for the solver's error, about 1e-7 of the objective.
STEP, STEP_ODE = 1e-3, 1e-2


@dataclass(frozen=True, kw_only=True)
class LevelPull:
    """One level's part in the estimate. shift: (e,) by which each eta would move without it, in posterior SDs.

    influence: the largest of these, without its sign; inf where the rest alone has no estimate.
    distance: SDs of residual error between level and prediction; for a censored one, from its limit, and 0 where the
    prediction is beyond it.
    """

    time: float
    source: str
    shift: tuple[float, ...]
    influence: float
    distance: float


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """gradient: norm of the objective's gradient at the estimate, per prior SD: 0 at a mode, 0.01 within 0.005 of one.

    condition: of the Hessian in prior SDs; 1 where all that is known of each eta is alike, large where the levels leave
    a combination of parameters to the prior. levels: in the posterior's order.
    """

    gradient: float
    condition: float
    levels: tuple[LevelPull, ...]

    @property
    def most_influential(self) -> LevelPull | None:
        """The level without which the estimate would move most; None without levels."""
        return max(self.levels, key=lambda level: level.influence, default=None)


def diagnose(
    model: PopulationModel, subject: Subject, posterior: Posterior, *, options: FitOptions | None = None
) -> Diagnostics:
    """Diagnostics of a posterior of this subject, fitted with these options.

    Costs about one more fit for each level: each is left out in turn, and the rest fitted from the mode on (a rest
    with several modes may have a lower one elsewhere). NaN and no levels for a fit that is not usable.
    """
    if not posterior.usable:
        return Diagnostics(gradient=nan, condition=nan, levels=())
    sd = np.sqrt(np.diag(model.omega))
    condition = float(np.linalg.cond(posterior.covariance / np.outer(sd, sd))) if sd.size else 1.0
    if subject.levels.shape[0] == 0:
        return Diagnostics(gradient=0.0, condition=condition, levels=())
    problem = problem_of(model, subject, options or FitOptions())
    return Diagnostics(
        gradient=float(np.linalg.norm(sd * _gradient(problem, posterior))),
        condition=condition,
        levels=tuple(_pull(problem, posterior, o, fit) for o, fit in enumerate(posterior.levels)),
    )


def without_level(problem: Problem, eta: np.ndarray, level: int) -> tuple[np.ndarray, float] | None:
    """(mode (e,), objective) without one level, found from eta (e,) on; None where the search fails."""
    rest = problem._replace(
        events=problem.events._replace(obs=np.delete(problem.events.obs, level, axis=0)),
        levels=np.delete(problem.levels, level, axis=0),
    )
    found = search(rest, np.ascontiguousarray(eta)[None])
    return (found.eta, float(found.objective)) if found.status == 0 else None


def _gradient(problem: Problem, posterior: Posterior) -> np.ndarray:
    """(e,) of the objective at the estimate."""
    scale = 1.0 / np.sqrt(np.diag(np.linalg.inv(posterior.covariance)))
    step = scale * (STEP_ODE if problem.plan.method == ODE else STEP)
    ahead = objectives_at(problem, posterior.eta + np.diag(step))
    behind = objectives_at(problem, posterior.eta - np.diag(step))
    return np.asarray((ahead - behind) / (2.0 * step))


def _pull(problem: Problem, posterior: Posterior, level: int, fit: LevelFit) -> LevelPull:
    rest = without_level(problem, posterior.eta, level)
    sd = np.sqrt(np.diag(posterior.covariance))
    shift = np.full(sd.size, nan) if rest is None else (rest[0] - posterior.eta) / sd
    return LevelPull(
        time=fit.time,
        source=fit.source,
        shift=tuple(shift.tolist()),
        influence=inf if rest is None else float(np.abs(shift).max(initial=0.0)),
        distance=_distance(fit, int(problem.levels[level, L_CENSORING])),
    )


def _distance(fit: LevelFit, censoring: int) -> float:
    beyond = {BELOW: fit.individual <= fit.observed, ABOVE: fit.individual >= fit.observed}
    return 0.0 if beyond.get(censoring, False) else fit.wres
