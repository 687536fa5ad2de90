"""One model at its reference patient: the reviewer's line."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.drug import Drug
from models.population import PopulationModel
from models.review.patient import reference_patient
from models.review.predictive import Predicted, made_up_record, model_covariates, predict
from models.review.regimen import regimen_text, usual_regimen


@dataclass(frozen=True, kw_only=True)
class Row:
    """patient: raw covariates. covariates: the model's own."""

    model_id: str
    patient: Mapping[str, float]
    covariates: Mapping[str, float]
    regimen_text: str
    predicted: Predicted


def review(model: PopulationModel, drug: Drug, *, first: PopulationModel) -> Row:
    """The prior predictive at the model's reference patient after the drug's usual regimen; always the same.

    first: the drug's preferred model, for whose patients its products are taken to be.
    """
    patient = reference_patient(model, drug)
    regimen = usual_regimen(drug, model, patient["weight"], first=first)
    covariates = model_covariates(model, made_up_record(drug.name, patient, regimen))
    return Row(
        model_id=model.id,
        patient=patient,
        covariates=covariates,
        regimen_text=regimen_text(regimen),
        predicted=predict(model, covariates, regimen),
    )
