"""Made-up patients: correlated covariates inside what models and charts allow."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from models.dosing.applicability import applicable
from models.drug import Drug
from models.errors import ModelsError
from models.formulas import FORMULAS
from models.population import PopulationModel
from models.record import Covariate, PatientRecord
from models.study.design import Cohort, Spread

TRIES = 2000  # draws of one patient before the design is called impossible
# cm; means and SDs of adults in Europe, rounded; men and women have their own, the spread is their common one
HEIGHT_MAN, HEIGHT_WOMAN, HEIGHT_SD = 176.0, 163.0, 7.0
# creatinine of women to men at the same kidney function, as Cockcroft-Gault has it (0.85)
CREATININE_WOMAN = 0.85


def draw_patient(
    cohort: Cohort, drug: Drug, models: tuple[PopulationModel, ...], random: np.random.Generator, *, now: float
) -> tuple[PatientRecord, int]:
    """A record without doses to whom every model applies, and how many draws it took; ModelsError after TRIES."""
    for tried in range(1, TRIES + 1):
        values = _values(cohort, random)
        if values is None:
            continue
        record = _record(drug, values, now)
        if not any(item.severity == "critical" for model in models for item in applicable(model, drug, record)):
            return record, tried
    raise ModelsError(f"{drug.name}: in {TRIES} draws no patient was met to whom all models apply; mend the cohort")


def _record(drug: Drug, values: Mapping[str, float], now: float) -> PatientRecord:
    covariates = tuple(Covariate(name=name, time=0.0, value=value) for name, value in values.items())
    return PatientRecord(drug=drug.name, now=now, covariates=covariates)


def _values(cohort: Cohort, random: np.random.Generator) -> dict[str, float] | None:
    """Chart values, None where one lies outside its bounds."""
    names = tuple(cohort.spreads)
    scores = random.standard_normal(len(names)) @ _root(names, tuple(cohort.correlations.items())).T
    uniform = random.uniform(size=len(names))
    drawn = {
        name: _value(cohort.spreads[name], float(score), float(u))
        for name, score, u in zip(names, scores, uniform, strict=True)
    }
    if any(not cohort.spreads[name].low <= value <= cohort.spreads[name].high for name, value in drawn.items()):
        return None
    return _adult(drawn) if cohort.body == "adult" else _child(drawn)


@cache
def _root(names: tuple[str, ...], pairs: tuple[tuple[tuple[str, str], float], ...]) -> np.ndarray:
    matrix = np.eye(len(names))
    for (a, b), value in pairs:
        matrix[names.index(a), names.index(b)] = matrix[names.index(b), names.index(a)] = value
    return np.linalg.cholesky(matrix)


def _value(spread: Spread, score: float, uniform: float) -> float:
    match spread.kind:
        case "normal":
            return spread.centre + spread.sd * score
        case "lognormal":
            return float(spread.centre * np.exp(spread.sd * score))
        case "flag":
            return float(uniform < spread.centre)
        case "fixed":
            return spread.centre


def _adult(drawn: dict[str, float]) -> dict[str, float]:
    """age, female, height_score, bmi and creatinine (of a man) as drawn; height, weight and creatinine follow.

    measured_crcl_factor: measured clearance over Cockcroft and Gault's.
    """
    woman = drawn["female"] == 1.0
    height = (HEIGHT_WOMAN if woman else HEIGHT_MAN) + HEIGHT_SD * drawn.pop("height_score")
    values = drawn | {"height": round(height), "weight": round(drawn["bmi"] * (height / 100.0) ** 2, 1)}
    if "creatinine" in drawn:
        values["creatinine"] = round(drawn["creatinine"] * (CREATININE_WOMAN if woman else 1.0), 2)
    values.pop("bmi")
    values["age"] = round(drawn["age"])
    if "measured_crcl_factor" in values:
        of = {name: values[name] for name in FORMULAS["cockcroft-gault"].inputs}
        values["measured_crcl"] = round(
            values.pop("measured_crcl_factor") * float(FORMULAS["cockcroft-gault"].function(**of))
        )
    return values


def _child(drawn: dict[str, float]) -> dict[str, float]:
    """age, female, height_factor and weight_factor as drawn; medians by age, the factors multiply them."""
    age = drawn["age"]
    return {
        **{name: value for name, value in drawn.items() if not name.endswith("_factor")},
        "age": round(age, 1),
        "height": round(median_height(age) * drawn["height_factor"]),
        "weight": round(median_weight(age) * drawn["weight_factor"], 1),
    }


def median_weight(age: float) -> float:
    """kg at age in years; Advanced Paediatric Life Support's formulas, 5th edition (from memory)."""
    if age < 1.0:
        return (12.0 * age + 9.0) / 2.0
    return 2.0 * age + 8.0 if age < 6.0 else 3.0 * age + 7.0


def median_height(age: float) -> float:
    """cm at age in years; Weech's rule from 2 years on (from memory), a line from 50 cm at birth before."""
    return 6.0 * age + 77.0 if age >= 2.0 else 50.0 + 19.5 * age
