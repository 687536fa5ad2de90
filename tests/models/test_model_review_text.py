"""Formulas written from the files' numbers say what the engine computes; pictures and numbers for people."""

import json
import re
from math import nan

import numpy as np
import pytest

from models.catalog import load_catalog
from models.dosing.advice import Interval
from models.population import parse_model
from models.population.effects import typical_values
from models.review.effect_text import effect_text, flux_texts, parameter_text, typical_text
from models.review.facts import model_facts, spread_words
from models.review.interval_text import spread, three
from models.review.patient import reference_patient
from models.review.picture import WIDTH, picture
from models.review.predictive import made_up_record, model_covariates
from models.review.regimen import usual_regimen
from tests.models.test_model_review_kinetics import SATURABLE, table

CATALOG = load_catalog()
MODELS = list(CATALOG.models.values())
# kinds whose text holds two exponents or a table of categories; their words are looked at below
NOT_ARITHMETIC = {"table", "power-broken", "linear-broken"}


def evaluated(text: str, names: dict[str, float]) -> float:
    """The written formula as arithmetic: an independent reading of the text, not of the file."""
    python = re.sub(r"\bif (\w+) = ", r"if \1 == ", text.replace("^", "**")).replace(", else", " else")
    allowed = {"exp": np.exp, "max": max, **names}
    return float(eval(python, {"__builtins__": {}}, allowed))  # noqa: S307 - our own text, in a test


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_the_written_formula_gives_the_engines_typical_value(model) -> None:
    drug = CATALOG.drug(model.drug)
    patient = reference_patient(model, drug)
    regimen = usual_regimen(drug, model, patient["weight"], first=CATALOG.models_for(drug.name)[0])
    at = model_covariates(model, made_up_record(drug.name, patient, regimen))
    # off the references, so that a sign or an exponent can not hide
    at = {name: value if value in (0.0, 1.0) else value * 1.07 for name, value in at.items()}
    expected = typical_values(model.parameters, tuple(at), np.array([list(at.values())]))[0]
    for parameter, value in zip(model.parameters, expected, strict=True):
        if not {effect.kind for effect in parameter.effects} & NOT_ARITHMETIC:
            # numbers are written with six digits; ten effects of them
            assert evaluated(typical_text(parameter), at) * parameter.scale == pytest.approx(value, rel=1e-4, abs=1e-12)


def test_goti_reads_as_its_paper() -> None:
    model = CATALOG.model("vancomycin/goti2018")
    assert parameter_text(model.parameters[0], model) == (
        "CL = 4.5 * (crcl/120)^0.8 * (0.7 if dialysis = 1, else 1) * exp(eta_CL)   [L/h]"
    )
    assert flux_texts(model) == (
        "dA_central/dt = - CL/V1*A_central - Q/V1*A_central + Q/V2*A_peripheral",
        "dA_peripheral/dt = Q/V1*A_central - Q/V2*A_peripheral",
    )


def test_saturable_elimination_is_written_out() -> None:
    numbers = table(vmax=(20.0, "mg/h"), km=(4.0, "mg/L"), V=(40.0, "L"))
    model = parse_model((SATURABLE + numbers).encode(), "saturable.toml")
    assert flux_texts(model) == ("dA_central/dt = - vmax*A_central/V/(km + A_central/V)",)


def test_categories_are_listed() -> None:
    found = [e for m in MODELS for p in m.parameters for e in p.effects if e.kind in NOT_ARITHMETIC]
    for effect in found:
        assert effect.covariate in effect_text(effect)
        assert "nan" not in effect_text(effect)


def test_the_spread_says_its_scale() -> None:
    model = CATALOG.model("vancomycin/goti2018")
    # printed by the paper: 39.8 % as CV; the variance in the file is 0.147
    assert spread_words(model.random[0], model) == "CV 39.8 % (log-normal: sqrt(exp(variance) - 1))"


def test_facts_hold_every_number_with_unit_and_source() -> None:
    facts = model_facts(CATALOG.model("vancomycin/goti2018"), CATALOG.drug("vancomycin"))
    first = facts["parameters"][0]
    assert (first["name"], first["value"], first["unit"]) == ("CL", 4.5, "L/h")
    assert "Table 2" in first["source"]
    assert facts["random_effects"][0]["printed"] == "39.8 by ln(1+CV^2)"
    assert facts["residual_error"] == [
        "concentration, mg/L: variance (SD 22.7 % of the prediction)^2 + (SD 3.4 mg/L)^2 (CV and SD (mg/L) as printed)"
    ]
    assert facts["domain"][0]["hard"] == "17 to 101 years"
    assert "400-600 mg·h/L" in facts["targets"][0]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_model_has_its_facts(model) -> None:
    facts = model_facts(model, CATALOG.drug(model.drug))
    assert facts["hash"] == model.hash
    assert len(facts["parameters"]) == len(model.parameters)
    assert all(item["unit"] and item["source"] for item in facts["parameters"])
    assert len(facts["differential_equations"]) == len(model.structure.compartments)
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize(
    ("value", "text"),
    [(464.2, "464"), (0.0173, "0.0173"), (1090.4, "1090"), (1e-7, "1.00e-07"), (0.0, "0"), (None, "-"), (nan, "-")],
)
def test_three_digits(value: float | None, text: str) -> None:
    assert three(value) == text


def test_an_interval_for_people() -> None:
    assert spread(Interval(median=464.2, low=243.3, high=874.7, unit="mg.h/L")) == "464 (243-875)"
    assert spread(Interval(median=nan, low=nan, high=nan, unit="mg.h/L")) == "-"


def test_the_picture_is_true_to_scale() -> None:
    item = Interval(median=10.0, low=1.0, high=100.0, unit="mg/L")
    bar, target, axis = picture([("a", item)], 1.0, 10.0).splitlines()
    drawn = bar.removeprefix("a       ")
    first, middle, last = drawn.index("-"), drawn.index("o"), drawn.rindex("-")
    # 10 is half way between 1 and 100 on a logarithm; columns are whole
    assert abs((first + last) / 2 - middle) <= 1
    assert len(target.split("=")[0]) == len(bar.split("-")[0])
    assert target.rindex("=") == bar.index("o")
    assert axis.split() == ["0.9", "110"]
    assert len(drawn.rstrip()) <= WIDTH
    assert picture([], 1.0, 2.0) == ""
