"""Estimation of one patient's random effects."""

from models.fit.mapfit import FitOptions, fit_map, prior
from models.fit.posterior import FitStatus, LevelFit, Posterior
from models.fit.sample import draw

__all__ = ["FitOptions", "FitStatus", "LevelFit", "Posterior", "draw", "fit_map", "prior"]
