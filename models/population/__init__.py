"""Population models: one published model a TOML file, read against a closed vocabulary and checked."""

from models.population.loader import load_model, parse_model
from models.population.model import (
    Derived,
    DomainLimit,
    Dosing,
    Effect,
    Flux,
    Modulator,
    Output,
    Parameter,
    PopulationModel,
    RandomEffect,
    Residual,
    Structure,
    Term,
)

__all__ = [
    "Derived",
    "DomainLimit",
    "Dosing",
    "Effect",
    "Flux",
    "Modulator",
    "Output",
    "Parameter",
    "PopulationModel",
    "RandomEffect",
    "Residual",
    "Structure",
    "Term",
    "load_model",
    "parse_model",
]
