"""Models whose clearance hardly follows creatinine are not used in kidney injury."""

import pytest

from models.catalog import load_catalog
from models.dosing.applicability import applicable
from models.record import Covariate, PatientRecord

MODELS = load_catalog()
DAY = 1.0 / 365.25

MAN = {"age": 40.0, "female": 0.0, "weight": 72.0, "height": 178.0}
GIRL = {"age": 5.0, "female": 1.0, "weight": 18.0, "height": 110.0}
TEEN = {"age": 15.0, "female": 0.0, "weight": 60.0, "height": 172.0}
NEWBORN = {"age": 10 * DAY, "gestational_age": 38.0, "weight": 3.1, "female": 0.0}
INFANT = {"age": 0.5, "weight": 7.0, "height": 66.0, "female": 1.0}


@pytest.mark.parametrize(
    ("model", "patient", "used_at", "not_at"),
    [
        # Cockcroft-Gault 100 / creatinine in this man: 83, 43; 22 mL/min is under the 23 transcribed
        ("tobramycin/hennig2013", MAN, (1.2, 1.5), (4.5, 2.3)),
        # Schwartz 0.413 * 110 / creatinine: 151, 91; 38 mL/min per 1.73 m2
        ("tobramycin/hennig2013", GIRL, (0.3, 0.5), (1.2, 0.9)),
        ("tobramycin/hennig2013", TEEN, (0.4, 0.9), (1.8, 3.0)),
        ("gentamicin/germovsek2016", NEWBORN, (0.4, 1.0), (1.6, 3.0)),
        ("vancomycin/germovsek2019", NEWBORN, (0.3, 0.9), (1.3, 3.0)),
        ("vancomycin/frymoyer2014", NEWBORN, (0.3, 0.9), (1.4, 3.0)),
        ("vancomycin/le2014", INFANT, (0.25, 0.5), (1.1, 3.0)),
    ],
)
def test_creatinine_bounds_the_model(
    model: str, patient: dict[str, float], used_at: tuple[float, ...], not_at: tuple[float, ...]
) -> None:
    assert [serious(model, patient | {"creatinine": value}) for value in used_at] == [[]] * len(used_at)
    assert all("outside-domain" in serious(model, patient | {"creatinine": value}) for value in not_at)


def test_a_newborn_without_creatinine_has_no_model_that_looks_past_it() -> None:
    assert serious("vancomycin/germovsek2019", NEWBORN) == ["domain-unknown"]


@pytest.mark.parametrize("drug", ["vancomycin", "gentamicin", "tobramycin", "amikacin"])
def test_continuous_renal_replacement_leaves_no_model(drug: str) -> None:
    for model in MODELS.models_for(drug):
        without, on_it = (found(model.id, everything() | flag) for flag in ({}, {"crrt": 1.0}))
        assert not any("renal replacement" in text for _, text in without)
        assert any(code == "outside-domain" and "renal replacement" in text for code, text in on_it)


def everything() -> dict[str, float]:
    measured = {"measured_crcl": 80.0, "pao2_fio2": 200.0, "critically_ill": 1.0, "haematological_malignancy": 1.0}
    return MAN | measured | {"creatinine": 1.0, "cystic_fibrosis": 1.0, "gestational_age": 38.0}


def serious(model: str, patient: dict[str, float]) -> list[str]:
    return [code for code, _ in found(model, patient)]


def found(name: str, patient: dict[str, float]) -> list[tuple[str, str]]:
    """Code and text of each critical finding."""
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in patient.items())
    model = MODELS.model(name)
    record = PatientRecord(drug=model.drug, now=0.0, covariates=items)
    findings = applicable(model, MODELS.drug(model.drug), record)
    return [(item.code, item.text) for item in findings if item.severity == "critical"]
