"""What fits say of a population's patients: by one model, by several averaged, and by the very model they came from."""

from collections.abc import Sequence

import numpy as np

from models.cohorts.design import CohortDesign
from models.cohorts.exposure import exposed, exposures
from models.cohorts.population import Population
from models.fit import average, draw, fit_each, fit_map, sample
from models.learned.fits import regimen_of
from models.population import PopulationModel
from models.subject import subject_from_record

Z = {0.8: 1.2816, 0.95: 1.9600}  # of the standard normal, either side


def averaged(population: Population, models: Sequence[PopulationModel], design: CohortDesign) -> np.ndarray:
    """(n,): ln exposure at each model's mode, weighted by evidence; NaN where no fit can be used."""
    return np.array([_averaged(population, k, models, design) for k in range(len(population.records))])


def _averaged(population: Population, k: int, models: Sequence[PopulationModel], design: CohortDesign) -> float:
    record, regimen = population.records[k], regimen_of(population, k, design)
    fits = fit_each([subject_from_record(model, record) for model in models])
    ensemble = average(fits)
    if not ensemble.usable:
        return np.nan
    found = [
        member.weight * np.log(exposed(fit.model, record, regimen, member.posterior.eta[None], design)[0])
        for fit, member in zip(fits, ensemble.members, strict=True)
        if member.weight > 0.0
    ]
    return float(np.exp(sum(found)))


def spread(
    population: Population, model: PopulationModel, design: CohortDesign, *, draws: int, seed: int
) -> np.ndarray:
    """(n,): SD of ln exposure over the normal approximation of the fit; NaN where the fit can not be used."""
    found = np.full(len(population.records), np.nan)
    for k, record in enumerate(population.records):
        posterior = fit_map(model, subject_from_record(model, record))
        if posterior.usable:
            found[k] = np.std(_logs(population, k, model, design, draw(posterior, draws, seed=seed + k)), ddof=1)
    return found


def exact(
    population: Population, models: Sequence[PopulationModel], design: CohortDesign, *, draws: int, seed: int
) -> np.ndarray:
    """(n,): exp of the posterior mean of ln exposure under the model that each patient came from: the floor.

    No estimator has a smaller root mean squared ln error on average; errors of charted draw times are not in it.
    """
    found = np.empty(len(population.records))
    for k, record in enumerate(population.records):
        model = models[int(population.generator[k])]
        subject = subject_from_record(model, record)
        posterior = fit_map(model, subject)
        etas = sample(model, subject, posterior, draws, seed=seed + k).etas if posterior.usable else None
        logs = _logs(population, k, model, design, etas) if etas is not None else np.empty(0)
        found[k] = np.exp(logs.mean()) if logs.size else np.nan
    return found


def _logs(population: Population, k: int, model: PopulationModel, design: CohortDesign, etas: np.ndarray) -> np.ndarray:
    """ln exposure of each draw that has one."""
    values = exposures(model, population.records[k], regimen_of(population, k, design), etas, design)
    return np.log(values[np.isfinite(values) & (values > 0.0)])
