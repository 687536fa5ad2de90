"""Model files: every one is read, and every way a file can be wrong is said by name."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelFileError
from models.population import load_model, parse_model
from models.population.effects import KINDS
from models.population.parameters import EFFECTS
from tests.reference import MODELS, ROOT

DRUGS = ROOT / "models" / "drugs"
GOTI = (DRUGS / "vancomycin" / "goti2018.toml").read_text()


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
        ("routes.iv.into", "routes.intravenous.into", "routes iv, oral, sc"),
        ('unit = "mg/L"', 'unit = "mmol/L"', "mass concentration"),
        ("additive_sd = 3.4", "additive_sd = 0", "above 0"),
        ("additive_sd = 3.4", "additive_sd = 3.4, additive_variance = 11.56", "exactly one of"),
        ("hard = [17, 101]", "hard = [101, 17]", "low before high"),
        ('time = "h"', 'time = "y"', "units.time"),
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
