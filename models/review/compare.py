"""All models of a drug for one made-up patient and regimen."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.catalog import Catalog
from models.covariates.series import DERIVED
from models.dosing.advice import Regimen
from models.dosing.applicability import applicable
from models.drug import Drug
from models.errors import RecordError
from models.population import PopulationModel
from models.review.predictive import Predicted, made_up_record, model_covariates, predict
from models.review.usual import ADULT, usual
from models.terms import TERMS
from models.units import COVARIATES

# what a chart of anybody has; all else is charted only where it is told
_ALWAYS = ("weight", "height", "age", "female", "creatinine", "albumin", "haematocrit", "days_after_transplant")
_WORDS = {"yes": 1.0, "no": 0.0, "female": 1.0, "male": 0.0, "true": 1.0, "false": 0.0}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """predicted: None where the model is not for this patient. reasons: why not. remarks: what is said aloud."""

    model: PopulationModel
    predicted: Predicted | None
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]


def made_up_patient(drug: Drug, told: Mapping[str, float]) -> dict[str, float]:
    """What was told, and a usual adult's (or child's of that age) size, sex, creatinine, albumin, haematocrit."""
    age = told.get("age", ADULT["age"])
    values = {name: usual(name, age=age) for name in _ALWAYS if name in drug.covariates}
    found = {name: value for name, value in values.items() if value is not None} | dict(told)
    if "days_after_transplant" in found and not found.get("lung_transplant"):  # a usual one is a kidney's
        found = {"kidney_transplant": 1.0} | found
    return {name: found[name] for name in TERMS if name in found}


def parse_patient(items: tuple[str, ...], drug: Drug) -> dict[str, float]:
    """As "weight=82" and the like, in canonical units; RecordError naming what is unknown, unreadable or impossible."""
    found = {}
    for item in (part for text in items for part in text.replace(",", " ").split()):
        name, equals, written = item.partition("=")
        name, written = ("female" if name == "sex" else name), written.lower()
        if not equals or name not in COVARIATES or name in DERIVED:
            known = ", ".join(drug.covariates)
            raise RecordError(f"patient {item!r} is not understood; expected name=value, for {drug.name} of {known}")
        found[name] = _value(name, written, drug)
    return found


def _value(name: str, written: str, drug: Drug) -> float:
    unit = COVARIATES[name]
    try:
        value = _WORDS[written] if written in _WORDS and TERMS[name].flag else float(written)
    except ValueError as error:
        raise RecordError(f"patient {name}={written!r} is no number; expected one in {unit}") from error
    known = drug.plausible.get(name)
    low, high = (known.hard_low, known.hard_high) if known else (0.0, float("inf"))
    low, high = (0.0, 1.0) if TERMS[name].flag else (low, high)
    if not low <= value <= high:
        raise RecordError(f"patient {name}={written} can not be true; expected {low:g} to {high:g} {unit}")
    return value


def compare(catalog: Catalog, drug: Drug, patient: Mapping[str, float], regimen: Regimen) -> tuple[Compared, ...]:
    """Each model of the drug, preferred ones first."""
    return tuple(_one(model, drug, patient, regimen) for model in catalog.models_for(drug.name))


def _one(model: PopulationModel, drug: Drug, patient: Mapping[str, float], regimen: Regimen) -> Compared:
    record = made_up_record(drug.name, patient, regimen)
    findings = applicable(model, drug, record)
    reasons = [item.text for item in findings if item.severity == "critical"]
    if regimen.route not in model.structure.routes:
        reasons.append(f"The model has no {regimen.route} doses.")
    remarks = tuple(item.text for item in findings if item.severity != "critical")
    predicted = None if reasons else predict(model, model_covariates(model, record), regimen)
    return Compared(model=model, predicted=predicted, reasons=tuple(reasons), remarks=remarks)
