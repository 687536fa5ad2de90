"""The fit's own word on a regimen's exposure: by draws from its posteriors, models weighted as in the advice."""

from collections.abc import Sequence

import numpy as np

from models.cohorts.design import CohortDesign
from models.cohorts.exposure import exposures
from models.dosing.advice import Regimen
from models.dosing.member import Member
from models.record import PatientRecord


def exposures_drawn(
    drawn: Sequence[Member], record: PatientRecord, regimen: Regimen, design: CohortDesign
) -> np.ndarray:
    """(n,) equally likely values of the design's metric, of the draws that have one."""
    values = np.concatenate([exposures(one.model, record, regimen, one.etas, design) for one in drawn])
    return np.asarray(values[np.isfinite(values) & (values > 0.0)])
