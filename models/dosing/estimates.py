"""The patient's parameters beside the population's."""

import numpy as np

from models.dosing.advice import ParameterEstimate
from models.dosing.attainment import interval
from models.dosing.case import Case
from models.pk import parameters
from models.population.effects import reference_value


def estimates(case: Case) -> tuple[ParameterEstimate, ...]:
    """Each primary parameter now: this patient's, the typical one for these covariates, the reference patient's."""
    now = case.record.now
    individual = parameters(case.model, case.subject, case.etas, now)
    typical = parameters(case.model, case.subject, np.zeros((1, case.etas.shape[1])), now)
    return tuple(
        ParameterEstimate(
            name=item.name,
            unit=item.unit,
            individual=interval(individual[item.name], item.unit),
            typical=float(typical[item.name][0]),
            reference=reference_value(item),
        )
        for item in case.model.parameters
    )
