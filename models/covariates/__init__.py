"""From a chart to the covariates that a model asks for."""

from models.covariates.need import CovariateNeed
from models.covariates.resolve import CovariateUsed, Resolved, breakpoints, resolve, values_of
from models.covariates.series import latest, value_at
from models.covariates.words import capital, shown, words

__all__ = [
    "CovariateNeed",
    "CovariateUsed",
    "Resolved",
    "breakpoints",
    "capital",
    "latest",
    "resolve",
    "shown",
    "value_at",
    "values_of",
    "words",
]
