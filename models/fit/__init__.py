"""Estimation of one patient's random effects."""

from models.fit.average import Ensemble, Member, ModelFit, average, draw_ensemble, fit_each, shares
from models.fit.batch import fit_many
from models.fit.diagnose import Diagnostics, LevelPull, diagnose
from models.fit.draw_time import DrawTimeDoubt, draw_time_doubts, draw_time_profile
from models.fit.evidence import log_evidence
from models.fit.mapfit import fit_map, prior
from models.fit.options import FitOptions
from models.fit.posterior import FitStatus, LevelFit, Posterior
from models.fit.sample import Sample, draw, sample

__all__ = [
    "Diagnostics",
    "DrawTimeDoubt",
    "Ensemble",
    "FitOptions",
    "FitStatus",
    "LevelFit",
    "LevelPull",
    "Member",
    "ModelFit",
    "Posterior",
    "Sample",
    "average",
    "diagnose",
    "draw",
    "draw_ensemble",
    "draw_time_doubts",
    "draw_time_profile",
    "fit_each",
    "fit_many",
    "fit_map",
    "log_evidence",
    "prior",
    "sample",
    "shares",
]
