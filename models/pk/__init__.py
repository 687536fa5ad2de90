"""Concentrations, exposure and individual parameters of a subject for given random effects."""

from models.pk.exposure import (
    SteadyState,
    accumulates,
    auc,
    concentrations,
    parameters,
    steady_curve,
    steady_state,
)

__all__ = ["SteadyState", "accumulates", "auc", "concentrations", "parameters", "steady_curve", "steady_state"]
