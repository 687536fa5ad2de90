"""What the fit by the reference model says of each patient of a population, with the full prior or a flattened one."""

import numpy as np

from models.cohorts.design import CohortDesign
from models.cohorts.exposure import exposed
from models.cohorts.population import Population
from models.dosing.advice import Regimen
from models.fit import FitOptions, fit_many
from models.population import PopulationModel
from models.record import Route
from models.subject import subject_from_record


def fitted_exposure(
    population: Population, model: PopulationModel, design: CohortDesign, *, prior_weight: float = 1.0
) -> np.ndarray:
    """(n,): the design's metric at the mode of the posterior; NaN where the fit did not converge."""
    subjects = [subject_from_record(model, record) for record in population.records]
    posteriors = fit_many(model, subjects, options=FitOptions(prior_weight=prior_weight), workers=1)
    return np.array(
        [
            exposed(model, record, regimen_of(population, k, design), posterior.eta[None], design)[0]
            if posterior.usable
            else np.nan
            for k, (record, posterior) in enumerate(zip(population.records, posteriors, strict=True))
        ]
    )


def regimen_of(population: Population, k: int, design: CohortDesign) -> Regimen:
    """The charted regimen of patient k."""
    charted = population.charted
    route: Route = design.standard.route
    return Regimen(
        amount=float(charted["dose"][k]),
        interval=float(charted["interval"][k]),
        duration=float(charted["duration"][k]),
        route=route,
        start=0.0,
    )
