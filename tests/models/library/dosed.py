"""Typical parameters where they depend on the dose: `dose` is never charted, the record's own dose makes it."""

import numpy as np

from models.pk import parameters
from models.population import PopulationModel
from models.record import Covariate, Dose, PatientRecord
from models.subject import subject_from_record


def typical_after(model: PopulationModel, dose: float, **covariates: float) -> dict[str, float]:
    """Typical parameters, in hours and litres, 1 h after `dose` mg swallowed by a patient with these covariates."""
    record = PatientRecord(
        drug=model.drug,
        now=1.0,
        doses=(Dose(time=0.0, amount=dose, route="oral"),),
        covariates=tuple(Covariate(name=name, time=0.0, value=value) for name, value in covariates.items()),
    )
    found = parameters(model, subject_from_record(model, record), np.zeros((1, len(model.eta_names))), 1.0)
    return {name: float(values[0]) for name, values in found.items()}
