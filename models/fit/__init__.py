"""Estimation of one patient's random effects."""

from models.fit.average import Ensemble, Member, ModelFit, average, draw_ensemble, fit_each, shares
from models.fit.batch import fit_many
from models.fit.evidence import log_evidence
from models.fit.mapfit import fit_map, prior
from models.fit.options import FitOptions
from models.fit.posterior import FitStatus, LevelFit, Posterior
from models.fit.sample import Sample, draw, sample

__all__ = [
    "Ensemble",
    "FitOptions",
    "FitStatus",
    "LevelFit",
    "Member",
    "ModelFit",
    "Posterior",
    "Sample",
    "average",
    "draw",
    "draw_ensemble",
    "fit_each",
    "fit_many",
    "fit_map",
    "log_evidence",
    "prior",
    "sample",
    "shares",
]
