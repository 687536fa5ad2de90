"""What fits say of a population's patients: by one model, by several averaged, and by the very model they came from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.beside.drawn import exposures_drawn
from models.cohorts.design import CohortDesign
from models.cohorts.population import Population
from models.dosing.case import drawn_members
from models.fit import average, fit_each
from models.learned.conformal import LEVELS
from models.learned.fits import regimen_of
from models.population import PopulationModel
from models.subject import subject_from_record

Middle = Callable[[np.ndarray], float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """(n,) of n patients: the middle of each one's draws, by level their equal-tailed limits; NaN: no usable fit."""

    middle: np.ndarray
    limits: dict[float, tuple[np.ndarray, np.ndarray]]


def averaged(
    population: Population, models: Sequence[PopulationModel], design: CohortDesign, *, draws: int, seed: int
) -> Drawn:
    """As the card's fit: the models weighted by evidence, median and limits of draws from the mixture."""
    everyone = range(len(population.records))
    return _drawn(population, [models for _ in everyone], design, draws=draws, seed=seed, middle=_median)


def exact(
    population: Population, models: Sequence[PopulationModel], design: CohortDesign, *, draws: int, seed: int
) -> Drawn:
    """The middle is exp of the posterior mean of ln exposure under the model that each patient came from: the floor.

    No estimator has a smaller root mean squared ln error on average; errors of charted draw times are not in it.
    """
    own = [(models[int(one)],) for one in population.generator]
    return _drawn(population, own, design, draws=draws, seed=seed, middle=_geometric_mean)


def _drawn(
    population: Population,
    models: Sequence[Sequence[PopulationModel]],
    design: CohortDesign,
    *,
    draws: int,
    seed: int,
    middle: Middle,
) -> Drawn:
    """models: of each patient."""
    tails = [tail for level in LEVELS for tail in ((1.0 - level) / 2.0, (1.0 + level) / 2.0)]
    found = np.full((len(models), 1 + len(tails)), np.nan)
    for k, (record, its) in enumerate(zip(population.records, models, strict=True)):
        fits = fit_each(subject_from_record(model, record) for model in its)
        ensemble = average(fits)
        if ensemble.usable:
            members, _ = drawn_members(fits, ensemble, record, seed=seed + k, draws=draws)
            values = exposures_drawn(members, record, regimen_of(population, k, design), design)
            found[k] = [middle(values), *np.quantile(values, tails)] if values.size else np.nan
    limits = {level: (found[:, 1 + 2 * n], found[:, 2 + 2 * n]) for n, level in enumerate(LEVELS)}
    return Drawn(middle=found[:, 0], limits=limits)


def _median(values: np.ndarray) -> float:
    return float(np.median(values))


def _geometric_mean(values: np.ndarray) -> float:
    return float(np.exp(np.log(values).mean()))
