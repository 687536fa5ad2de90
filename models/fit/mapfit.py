"""MAP estimate of one patient with its Laplace covariance, as a Posterior with a named status."""

from dataclasses import dataclass

import numpy as np

from models.fit.kernels.map import CONVERGED, INVALID, NOT_CONVERGED, SINGULAR
from models.fit.kernels.search import search
from models.fit.posterior import FitStatus, LevelFit, Posterior
from models.population.model import PopulationModel
from models.subject import Subject

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


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """prior_weight: 1 is the full prior, below 1 a flattened one."""

    prior_weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.prior_weight < float("inf"):
            raise ValueError(f"prior_weight must be above 0 and finite, got {self.prior_weight}")


def fit_map(model: PopulationModel, subject: Subject, *, options: FitOptions | None = None) -> Posterior:
    """The most probable random effects given the subject's levels; never raises for a fit that fails (see status)."""
    if subject.levels.value.size == 0:
        return prior(model)
    options = options or FitOptions()
    levels, n = subject.levels, len(model.eta_names)
    found = search(
        subject.plan, subject.events, levels.value, levels.censoring, levels.weight, options.prior_weight, np.zeros(n)
    )
    status, eta, objective, covariance, steps, fits = found
    return Posterior(
        model_id=model.id,
        model_hash=model.hash,
        status=STATUS[status],
        message=MESSAGE[status],
        eta_names=model.eta_names,
        eta=eta,
        covariance=covariance,
        objective=float(objective),
        shrinkage=1.0 - np.sqrt(np.diag(covariance) / np.diag(model.omega)),
        levels=_level_fits(subject, fits),
        iterations=int(steps),
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


def _level_fits(subject: Subject, fits: np.ndarray) -> tuple[LevelFit, ...]:
    """fits (o, 3): individual prediction, population prediction, weighted residual."""
    levels, events = subject.levels, subject.events
    return tuple(
        LevelFit(
            time=float(events.obs_time[o]),
            observed=float(levels.value[o]),
            censored=bool(levels.censoring[o]),
            individual=float(fits[o, 0]),
            population=float(fits[o, 1]),
            wres=float(fits[o, 2]),
            source=levels.source[o],
        )
        for o in range(levels.value.size)
    )
