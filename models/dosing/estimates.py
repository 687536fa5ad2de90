"""The patient's parameters beside the population's."""

import numpy as np

from models.dosing.advice import ParameterEstimate
from models.dosing.attainment import interval
from models.dosing.member import Member
from models.pk import parameters
from models.population.effects import reference_value


def estimates(member: Member) -> tuple[ParameterEstimate, ...]:
    """Each primary parameter now: this patient's, the typical one for these covariates, the reference patient's."""
    model, now = member.model, member.record.now
    individual = parameters(model, member.subject, member.etas, now)
    typical = parameters(model, member.subject, np.zeros((1, member.etas.shape[1])), now)
    return tuple(
        ParameterEstimate(
            name=item.name,
            unit=item.unit,
            individual=interval(individual[item.name], item.unit),
            typical=float(typical[item.name][0]),
            reference=reference_value(item),
        )
        for item in model.parameters
    )
