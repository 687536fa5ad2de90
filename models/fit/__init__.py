"""Estimation of one patient's random effects."""

from models.fit.batch import fit_many
from models.fit.mapfit import FitOptions, fit_map, prior
from models.fit.posterior import FitStatus, LevelFit, Posterior
from models.fit.sample import Sample, draw, sample

__all__ = [
    "FitOptions",
    "FitStatus",
    "LevelFit",
    "Posterior",
    "Sample",
    "draw",
    "fit_many",
    "fit_map",
    "prior",
    "sample",
]
