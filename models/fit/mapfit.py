"""MAP estimate of one patient with its Laplace covariance, as a Posterior with a named status."""

from functools import lru_cache

import numpy as np

from models.events import BELOW, D_AMOUNT, D_STEADY, D_TIME, L_CENSORING, L_VALUE, O_OUTPUT, O_TIME
from models.fit.kernels.map import CONVERGED, INVALID, NOT_CONVERGED, SINGULAR
from models.fit.kernels.search import Found, search
from models.fit.options import FitOptions
from models.fit.posterior import FitStatus, LevelFit, Posterior
from models.fit.problem import problem_of
from models.population.model import PopulationModel
from models.subject import Subject

__all__ = ["FitOptions", "fit_map", "prior", "starting_points"]

AWAY = 1.5  # prior standard deviations; nine in ten of a population lie within
WIDE = 0.25  # variance of an eta, a CV of about 50 %, from which on second minima were met


RIVAL = 4.0  # of the objective: the second minimum is then at least an eighth as likely as the first

STATUS: dict[int, FitStatus] = {
    CONVERGED: "converged",
    NOT_CONVERGED: "not-converged",
    SINGULAR: "singular",
    INVALID: "invalid",
}
MESSAGE = {
    CONVERGED: "",
    NOT_CONVERGED: "the search did not settle; check levels and dose times, or use another model",
    SINGULAR: "the levels leave a combination of parameters undetermined; use another model",
    INVALID: "no parameters near the population can produce these data; check that every dose before the first level "
    "is recorded, and that levels are above zero",
}


def fit_map(model: PopulationModel, subject: Subject, *, options: FitOptions | None = None) -> Posterior:
    """The most probable random effects given the subject's levels; never raises for a fit that fails (see status)."""
    return told(model, subject, find(model, subject, options or FitOptions()))


def find(model: PopulationModel, subject: Subject, options: FitOptions) -> Found | Posterior:
    """What the search found; a Posterior where nothing had to be searched. Half of fit_map, for batches."""
    if subject.levels.shape[0] == 0:
        return prior(model)
    early = _before_every_dose(subject)
    if early is not None:
        return _refused(model, f"level at {early:g} h lies before every recorded dose; record the doses before it")
    problem = problem_of(model, subject, options)
    return search(problem, _starts(model) if options.starts is None else starting_points(model, options.starts))


def told(model: PopulationModel, subject: Subject, found: Found | Posterior) -> Posterior:
    """The other half: what was found, with its status in words."""
    return found if isinstance(found, Posterior) else _posterior(model, subject, found)


def starting_points(model: PopulationModel, starts: int | None = None) -> np.ndarray:
    """(s, e): the population, then points AWAY prior standard deviations along single etas, both ways.

    starts None: along the etas whose surface may have a second minimum: those that move a lag, a duration or an
    absorption rate, and those that vary widely. Otherwise along all, `starts` points at most.
    """
    n, sd = len(model.eta_names), np.sqrt(np.diag(model.omega))
    along = [i for i in range(n) if starts is not None or _many_minima(model, i)]
    away = [sign * AWAY * sd[i] * np.eye(n)[i] for i in along for sign in (-1.0, 1.0)]
    return np.array([np.zeros(n), *away][:starts])


@lru_cache(maxsize=256)
def _starts(model: PopulationModel) -> np.ndarray:
    return starting_points(model)


def _many_minima(model: PopulationModel, i: int) -> bool:
    parameters = set(model.random[i].parameters)
    acting = {name for dosing in model.structure.dosing.values() for name in (dosing.lag, dosing.duration, dosing.rate)}
    acting |= {dosing.transit.mean_time for dosing in model.structure.dosing.values() if dosing.transit}
    fed = {flux.target for flux in model.structure.fluxes}
    absorbing = {flux.rate for flux in model.structure.fluxes if flux.source and flux.source not in fed}
    absorbing -= {flux.rate for flux in model.structure.fluxes if flux.volume}
    return bool(parameters & (acting | absorbing)) or float(model.omega[i, i]) >= WIDE


def _posterior(model: PopulationModel, subject: Subject, found: Found) -> Posterior:
    status, eta, covariance = found.status, found.eta, found.covariance
    if status == INVALID:  # the start, not an estimate: it must not be taken for one
        eta, found = np.full_like(eta, np.nan), found._replace(objective=np.nan)
    return Posterior(
        model_id=model.id,
        model_hash=model.hash,
        status=STATUS[status],
        message=_message(found),
        eta_names=model.eta_names,
        eta=eta,
        covariance=covariance,
        objective=float(found.objective),
        shrinkage=1.0 - np.sqrt(np.diag(covariance) / np.diag(model.omega)),
        levels=_level_fits(subject, found.fits),
        iterations=int(found.steps),
    )


def prior(model: PopulationModel) -> Posterior:
    """The population itself: what is known before any level."""
    n = len(model.eta_names)
    return Posterior(
        model_id=model.id,
        model_hash=model.hash,
        status="prior",
        message="no usable level: the population's estimate",
        eta_names=model.eta_names,
        eta=np.zeros(n),
        covariance=model.omega.copy(),
        objective=0.0,
        shrinkage=np.zeros(n),
        levels=(),
    )


def _before_every_dose(subject: Subject) -> float | None:
    """Time of a measurable level that no recorded dose can have made, in a model whose compartments start empty."""
    if subject.model.structure.initial:
        return None
    doses = subject.events.dose[subject.events.dose[:, D_AMOUNT] + subject.events.dose[:, D_STEADY] > 0]
    first = doses[:, D_TIME].min() if doses.size else np.inf
    levels, times = subject.levels, subject.events.obs[:, O_TIME]
    early = times[(times < first) & (levels[:, L_CENSORING] != BELOW) & (levels[:, L_VALUE] > 0)]
    return float(early[0]) if early.size else None


def _refused(model: PopulationModel, message: str) -> Posterior:
    """No estimate: NaN, never a number that could be taken for one."""
    n = len(model.eta_names)
    return Posterior(
        model_id=model.id,
        model_hash=model.hash,
        status="invalid",
        message=message,
        eta_names=model.eta_names,
        eta=np.full(n, np.nan),
        covariance=np.full((n, n), np.nan),
        objective=np.nan,
        shrinkage=np.full(n, np.nan),
        levels=(),
    )


def _message(found: Found) -> str:
    """What to say of the status; of a converged one, whether another minimum is nearly as good."""
    behind = found.other_objective - found.objective
    if found.status == CONVERGED and behind < RIVAL:
        return f"a second set of parameters explains the levels almost as well (objective +{behind:.2g})"
    return MESSAGE[found.status]


def _level_fits(subject: Subject, fits: np.ndarray) -> tuple[LevelFit, ...]:
    """fits (o, 2): individual and population predictions."""
    levels, times = subject.levels, subject.events.obs[:, O_TIME]
    residuals = [subject.model.outputs[int(k)].residual for k in subject.events.obs[:, O_OUTPUT]]
    return tuple(
        LevelFit(
            time=float(times[o]),
            observed=float(levels[o, L_VALUE]),
            censored=bool(levels[o, L_CENSORING]),
            individual=float(fits[o, 0]),
            population=float(fits[o, 1]),
            wres=residuals[o].weighted(float(levels[o, L_VALUE]), float(fits[o, 0])),
            source=subject.sources[o] if subject.sources else "",
        )
        for o in range(levels.shape[0])
    )
