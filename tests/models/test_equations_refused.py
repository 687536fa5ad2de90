"""What an equation refuses, what it is told is wrong, and what a wrong file is told. All patients are made up."""

from pathlib import Path

import pytest

from models.equations import BadEquationInput, EquationError, apply, load_equations
from models.equations.library import FOLDER
from models.equations.reader import load_equation
from models.errors import ModelFileError, ModelsError

EQUATIONS = load_equations()
PG = EQUATIONS.equation("warfarin/iwpc2009-pharmacogenetic")
PATIENT = {
    "age": 60,
    "height": 170,
    "weight": 70,
    "vkorc1_a_alleles": 0,
    "cyp2c9_2_alleles": 0,
    "cyp2c9_3_alleles": 0,
    "cyp2c9_other_alleles": 0,
    "race": "white",
}


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"age": 17}, "outside-domain", "Age of 17 a is outside 18 to 110 a (made in adults)."),
        ({"weight": 700}, "outside-domain", "Weight of 700 kg is outside 30 to 240 kg"),
        ({"height": 1.70}, "outside-domain", "Height of 1.7 cm is outside 120 to 215 cm"),
        ({"target_inr": 3.5}, "outside-domain", "Target INR of 3.5 is outside 2 to 3"),
        ({"cyp2c9_other_alleles": 1}, "outside-domain", "*5, *6, *8 or *11: yes. The equation does not know"),
        ({"vkorc1_a_alleles": 3}, "outside-domain", "of 3 is outside 0 to 2"),
        ({"weight": None}, "missing", "Weight is not given, and the equation has no value"),
    ],
)
def test_a_patient_the_equation_was_not_made_for_gets_no_dose(change: dict, code: str, said: str) -> None:
    result = apply(PG, {**PATIENT, **change})
    assert (result.dose, result.daily, result.predictor) == (None, None, None)
    assert [item.code for item in result.refusals] == [code]
    assert said in result.refusals[0].text
    assert result.refusals[0].severity == "critical"


def test_a_sum_below_zero_is_not_squared_into_a_dose() -> None:
    frail = {"age": 95, "height": 120, "weight": 30, "vkorc1_a_alleles": 2, "cyp2c9_3_alleles": 2}
    # 5.6044 - 2.3526 + 1.044 + 0.384 - 1.6974 - 2.3312 - 0.1092 - 0.5503 = -0.0083
    result = apply(PG, {**PATIENT, **frail, "race": "asian", "amiodarone": 1})
    assert result.dose is None
    assert [item.code for item in result.refusals] == ["no-dose"]
    assert "-0.0083" in result.refusals[0].text


def test_the_largest_dose_is_checked_last_and_the_terms_stay_to_be_read() -> None:
    result = apply(PG, {**PATIENT, "age": 18, "height": 215, "weight": 240, "enzyme_inducer": 1})
    # 5.6044 - 0.2614 + 1.8705 + 3.072 + 1.1816 = 11.4671; squared 131.5 mg a week
    assert result.predictor == pytest.approx(11.4671)
    assert result.dose is None
    assert [item.code for item in result.refusals] == ["above-largest"]
    assert "131.5 mg/wk is above 105 mg/wk" in result.refusals[0].text
    assert len(result.contributions) == 9


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"age": float("nan")}, "age must be a finite number of a, got nan"),
        ({"weight": float("inf")}, "weight must be a finite number of kg"),
        ({"weight": "70"}, "weight must be a finite number of kg, got '70'"),
        ({"weight": True}, "weight must be a finite number of kg, got True"),
        ({"amiodarone": 2}, "amiodarone must be 0 or 1, got 2"),
        ({"vkorc1_a_alleles": 0.5}, "vkorc1_a_alleles must be a whole number of at least 0, got 0.5"),
        ({"vkorc1_a_alleles": -1}, "vkorc1_a_alleles must be a whole number of at least 0, got -1"),
        ({"race": "caucasian"}, "race must be one of white, asian, black, mixed-or-missing, got 'caucasian'"),
        ({"cyp2c9_2_alleles": 2, "cyp2c9_3_alleles": 1}, "add up to 3; a gene has two alleles"),
        ({"wieght": 70}, "has no input wieght; it takes age, height, weight"),
    ],
)
def test_a_value_that_can_not_be_is_an_error_with_its_name(change: dict, said: str) -> None:
    with pytest.raises(BadEquationInput, match=said.replace("(", r"\(")) as caught:
        apply(PG, {**PATIENT, **change})
    assert isinstance(caught.value, EquationError | ModelsError)


WRONG = [
    ('transform = "square"', 'transform = "cube"', "result.transform must be one of"),
    ('unit = "mg/wk"', 'unit = "mg/d"', "result.days must be that of mg/d, got 7"),
    ("days = 7", "days = 1", "result.days must be that of mg/wk, got 1"),
    ("coefficient = -0.2614", 'coefficient = "-0.2614"', r"term\[1\].coefficient must be a finite number"),
    ("coefficient = -0.2614", "coefficient = nan", r"term\[1\].coefficient must be a finite number"),
    ("decades = true", "decade = true", r"unknown key term\[1\].decade"),
    ('"0,2" = -2.3312', '"0,3" = -2.3312', r"term 'CYP2C9' must have a value for every level; check \['0,2', '0,3'\]"),
    ("black = -0.2760", "blak = -0.2760", "term 'race' must have a value for every level"),
    ('inputs = ["race"]', 'inputs = ["rase"]', r"rase must be in \[inputs\]"),
    ('unit = "kg"', 'unit = "g"', "inputs.weight.unit must be 'kg', as records carry it"),
    ("unknown = -0.4854", "", "vkorc1_a_alleles may be unknown, but no table has a value for that"),
    ("largest = 105.0", "largest = 0.0", "result.largest must be a finite number above 0"),
    ('why = "made in adults"', "", "inputs.age.why must be given with low and high"),
    ('drug = "warfarin"', 'drug = "warfarine"', "id and drug must be"),
]


@pytest.mark.parametrize(("line", "instead", "said"), WRONG)
def test_a_wrong_file_is_told_what_is_wrong_where(tmp_path: Path, line: str, instead: str, said: str) -> None:
    good = (FOLDER / "warfarin" / "iwpc2009-pharmacogenetic.toml").read_text(encoding="utf-8")
    assert line in good
    path = tmp_path / "warfarin" / "iwpc2009-pharmacogenetic.toml"
    path.parent.mkdir()
    path.write_text(good.replace(line, instead, 1), encoding="utf-8")
    with pytest.raises(ModelFileError, match=said):
        load_equation(path)


def test_an_empty_folder_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="check the installation"):
        load_equations(tmp_path)
