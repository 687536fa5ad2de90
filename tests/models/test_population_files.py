"""Model files: the two shipped models as their papers print them, and every way a file can be wrong."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelFileError
from models.population import load_model, parse_model
from models.population.effects import KINDS, typical_values
from models.population.parameters import EFFECTS
from tests.reference import MODELS, ROOT

DRUGS = ROOT / "models" / "drugs"
GOTI = (DRUGS / "vancomycin" / "goti2018.toml").read_text()


def test_goti_2018_for_a_patient_on_haemodialysis() -> None:
    """CL = 4.5 (60/120)^0.8 0.7, V1 = 58.4 (105/70) 0.5, V2 = 38.4, Q = 6.5."""
    model = load_model(DRUGS / "vancomycin" / "goti2018.toml")
    names = tuple(need.name for need in model.needs)
    at = {"crcl": 60.0, "weight": 105.0, "dialysis": 1.0}
    values = typical_values(model.parameters, names, np.array([[at[name] for name in names]]))[0]
    expected = {"CL": 4.5 * 0.5**0.8 * 0.7, "V1": 58.4 * 1.5 * 0.5, "V2": 38.4, "Q": 6.5}
    assert dict(zip([p.name for p in model.parameters], values, strict=True)) == pytest.approx(expected, rel=1e-12)
    assert np.diag(model.omega) == pytest.approx([0.147, 0.51, 0.282])
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(0.227 * 10.0, 3.4))
    assert model.linear
    assert (model.concentration_unit, model.outputs[0].scale) == ("mg/L", 1.0)


def test_bergmann_2014_for_an_expresser() -> None:
    """CL/F = 25.5 1.6 (1 - 1.01 (0.28 - 0.33)) (90/70)^0.75 (1 - 0.0021 (100 - 22.7)); mg in, ug/L out."""
    model = load_model(DRUGS / "tacrolimus" / "bergmann2014.toml")
    names = tuple(need.name for need in model.needs)
    at = {
        "cyp3a5_expresser": 1.0,
        "haematocrit": 0.28,
        "weight": 90.0,
        "days_after_transplant": 100.0,
        "free_prednisolone_cmax": 155.5,
    }
    values = typical_values(model.parameters, names, np.array([[at[name] for name in names]]))[0]
    clearance = 25.5 * 1.6 * (1 - 1.01 * -0.05) * (90 / 70) ** 0.75 * (1 - 0.0021 * 77.3)
    found = dict(zip([p.name for p in model.parameters], values, strict=True))
    assert found["CL"] == pytest.approx(clearance, rel=1e-12)
    assert found["V1"] == 113.0
    assert model.outputs[0].scale == 1000.0
    assert np.linalg.eigvalsh(model.omega).min() > 0
    correlation = model.omega[1, 3] / np.sqrt(model.omega[1, 1] * model.omega[3, 3])
    assert (model.eta_names, correlation) == (("CL", "V1", "V2", "ka"), pytest.approx(0.677))


@pytest.mark.parametrize(
    "path", sorted([*DRUGS.rglob("*[0-9].toml"), *MODELS.glob("*.toml")]), ids=lambda path: path.stem
)
def test_every_model_file_is_read(path: Path) -> None:
    model = load_model(path)
    assert len(model.hash) == 64
    assert model.omega.shape == (len(model.eta_names),) * 2


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ModelFileError, match=r"nowhere\.toml: can not be read"):
        load_model("nowhere.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value = 4.5", "vaule = 4.5", "parameters.CL.value is missing"),
        ('unit = "L/h"\n', "", "parameters.CL.unit is missing"),
        ("[population]", "[populace]", "populace"),
        ("value = 4.5", "value = nan", "parameters.CL.value"),
        ("value = 4.5", 'value = "4.5"', "parameters.CL.value"),
        ("variance = 0.147", "variance = 0.158", "0.147"),  # CV^2 given as ln(1 + CV^2)
        ("variance = 0.147", "variance = -0.147", "above 0"),
        ('covariate = "crcl"', 'covariate = "CRCL"', "covariate 'CRCL'"),
        ('kind = "power"', 'kind = "poewr"', "one of power"),
        ('clearance = "CL"', 'clearance = "KL"', "'KL'"),
        ('into = ["central"]', 'into = ["centre"]', "'centre'"),
        ("routes.iv.into", "routes.intravenous.into", "routes iv and oral"),
        ('unit = "mg/L"', 'unit = "mmol/L"', "mass concentration"),
        ("additive_sd = 3.4", "additive_sd = 0", "above 0"),
        ("additive_sd = 3.4", "additive_sd = 3.4, additive_variance = 11.56", "exactly one of"),
        ("hard = [17, 101]", "hard = [101, 17]", "low before high"),
        ('time = "h"', 'time = "d"', "units.time"),
        ('unit = "kg"', 'unit = "lb"', "weight"),
        ("[random.CL]", "[random.KL]", "random.KL.parameter"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(old: str, new: str, message: str) -> None:
    assert old in GOTI
    with pytest.raises(ModelFileError, match=message.replace("(", r"\(")):
        parse_model(GOTI.replace(old, new, 1).encode(), "goti2018.toml")


def test_correlations_that_can_not_be_together_are_refused() -> None:
    pairs = (("CL", "V1", 0.9), ("V1", "V2", 0.9), ("CL", "V2", -0.9))
    extra = "".join(f'\n[[correlation]]\nbetween = ["{a}", "{b}"]\nvalue = {r}\n' for a, b, r in pairs)
    with pytest.raises(ModelFileError, match="not positive definite"):
        parse_model((GOTI + extra).encode(), "goti2018.toml")


def test_not_toml_is_said_so() -> None:
    with pytest.raises(ModelFileError, match="not TOML"):
        parse_model(b"id = ", "broken.toml")


def test_every_kind_of_effect_that_a_file_may_name_has_its_formula() -> None:
    assert set(EFFECTS) == set(KINDS) | {"table"}


@pytest.mark.parametrize(
    ("kind", "x", "numbers", "expected"),
    [
        ("power", 60.0, {"reference": 120, "exponent": 0.8}, 0.5**0.8),
        ("linear", 0.28, {"reference": 0.33, "slope": -1.01}, 1.0505),
        ("exponential", 50.0, {"reference": 40, "slope": 0.01}, np.exp(0.1)),
        ("factor", 1.0, {"factor": 0.7, "equals": 1.0}, 0.7),
        ("factor", 0.0, {"factor": 0.7, "equals": 1.0}, 1.0),
        ("factor-power", 2.0, {"factor": 1.6}, 2.56),
        ("proportional", 80.0, {"coefficient": 0.7}, 56.0),
        ("sigmoid", 47.7, {"half": 47.7, "hill": 3.4, "maximum": 1.0}, 0.5),
        ("saturating", 70.0, {"reference": 70, "half": 30}, 1.0),
        ("below", 29.0, {"limit": 30, "factor": 0.5}, 0.5),
        ("above", 29.0, {"limit": 30, "factor": 0.5}, 1.0),
    ],
)
def test_effects_by_hand(kind: str, x: float, numbers: dict[str, float], expected: float) -> None:
    assert KINDS[kind](np.array([x]), numbers) == pytest.approx([expected], rel=1e-12)
