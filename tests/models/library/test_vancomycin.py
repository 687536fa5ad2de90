"""Vancomycin models against the numbers printed with them. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("vancomycin/goti2018", "hand arithmetic of the printed equations, on haemodialysis: CL 4.5 (60/120)^0.8 0.7")
def test_goti_2018_for_a_patient_on_haemodialysis() -> None:
    model = MODELS.model("vancomycin/goti2018")
    # Cockcroft-Gault: (140 - 60) * 105 / (72 * creatinine) = 60 mL/min in a man
    at = {"weight": 105.0, "age": 60.0, "female": 0.0, "creatinine": 80 * 105 / (72 * 60), "dialysis": 1.0}
    expected = {"CL": 4.5 * 0.5**0.8 * 0.7, "V1": 58.4 * 1.5 * 0.5, "V2": 38.4, "Q": 6.5}
    assert typical(model, **at) == pytest.approx(expected, rel=1e-12)
    assert np.diag(model.omega) == pytest.approx([0.147, 0.51, 0.282])
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(0.227 * 10.0, 3.4))
    assert model.linear
    assert (model.concentration_unit, model.outputs[0].scale) == ("mg/L", 1.0)


EXACT = 1e-12  # relative; the same arithmetic in another order
WOMAN = {"weight": 82.0, "height": 165.0, "age": 71.0, "female": 1.0, "creatinine": 1.2}
COCKCROFT = (140 - 71) * 82 / (72 * 1.2) * 0.85  # mL/min


@published("vancomycin/thomson2009", "hand arithmetic of the printed equations for a woman of 71 a and 82 kg")
def test_thomson_2009_for_an_old_woman() -> None:
    model = MODELS.model("vancomycin/thomson2009")
    expected = {"CL": 2.99 * (1 + 0.0154 * (COCKCROFT - 66)), "V1": 0.675 * 82, "V2": 0.732 * 82, "Q": 2.28}
    assert typical(model, **WOMAN) == pytest.approx(expected, rel=EXACT)
    assert model.eta_names == ("CL", "V1", "Q", "V2")
    assert np.diag(model.omega) == pytest.approx([0.27**2, 0.15**2, 0.49**2, 1.30**2])
    assert model.outputs[0].residual.sd(15.0) == pytest.approx(np.hypot(0.15 * 15, 1.6))


def test_thomson_2009_is_not_used_where_its_line_nears_zero() -> None:
    model = MODELS.model("vancomycin/thomson2009")
    hard = {limit.name: limit.hard for limit in model.domain}
    lowest, highest = hard["crcl"] or (0.0, 0.0)
    # 2.99 * (1 - 0.0154 * 56) = 0.41 L/h at 10 mL/min; the line crosses zero at 66 - 1 / 0.0154 = 1.06 mL/min
    assert 2.99 * (1 + 0.0154 * (lowest - 66)) > 0.4
    assert highest == 150.0


@published("vancomycin/buelga2005", "CL = 1.08 CRCL in L/h and V = 0.98 L/kg (abstract), for a woman of 71 a and 82 kg")
def test_buelga_2005_for_an_old_woman() -> None:
    model = MODELS.model("vancomycin/buelga2005")
    found = typical(model, **WOMAN, haematological_malignancy=1.0)
    assert found == pytest.approx({"CL": 1.08 * COCKCROFT * 60 / 1000, "V": 0.98 * 82}, rel=EXACT)
    correlation = model.omega[0, 1] / np.sqrt(model.omega[0, 0] * model.omega[1, 1])
    assert correlation == pytest.approx(0.2312)
    assert np.diag(model.omega) == pytest.approx(np.log1p(np.array([0.2816, 0.3715]) ** 2), rel=0.001)  # four digits
    assert model.outputs[0].residual.sd(40.0) == pytest.approx(3.52)


@published("vancomycin/llopissalvia2006", "hand arithmetic: 0.034 CRCL + 0.015 weight, lean weight by James, a woman")
def test_llopis_salvia_2006_for_an_old_woman() -> None:
    model = MODELS.model("vancomycin/llopissalvia2006")
    lean = 1.07 * 82 - 148 * (82 / 165) ** 2
    clearance = (140 - 71) * lean / (72 * 1.2) * 0.85
    expected = {"CL": 0.034 * clearance + 0.015 * 82, "V1": 0.414 * 82, "V2": 1.32 * 82, "Q": 7.48}
    assert typical(model, **WOMAN, critically_ill=1.0) == pytest.approx(expected, rel=EXACT)
    assert np.diag(model.omega) == pytest.approx(np.log1p(np.array([0.292, 0.364, 0.398]) ** 2), rel=0.005)
    assert model.outputs[0].residual.sd(20.0) == pytest.approx(np.hypot(0.239 * 20, 0.185))


@published("vancomycin/revilla2010", "CL = 0.67 CLcr + age^-0.24 mL/min/kg, V = 0.82 * 2.49^A L/kg (abstract), by hand")
@pytest.mark.parametrize(("creatinine", "volume"), [(1.0, 0.82 * 82), (1.2, 0.82 * 2.49 * 82)])
def test_revilla_2010_on_both_sides_of_its_jump(creatinine: float, volume: float) -> None:
    model = MODELS.model("vancomycin/revilla2010")
    at = {**WOMAN, "creatinine": creatinine, "measured_crcl": 55.0, "critically_ill": 1.0}
    found = typical(model, **at)
    assert found["CL"] == pytest.approx((0.67 * 55 / 82 + 71**-0.24) * 82 * 60 / 1000, rel=EXACT)
    assert found["V"] == pytest.approx(volume, rel=EXACT)
    assert np.diag(model.omega) == pytest.approx(np.log1p(np.array([0.3013, 0.2283]) ** 2), rel=0.001)
    assert model.outputs[0].residual.sd(20.0) == pytest.approx(4.23)


@published(
    "vancomycin/adane2015", "abstract: CL 6.54 L/h, V 0.51 L/kg at 124.8 mL/min/1.73 m2; AUC24 582.9 at 4000 mg/d"
)
def test_adane_2015_reproduces_its_abstract() -> None:
    model = MODELS.model("vancomycin/adane2015")
    at = {"crcl_normalised": 124.8, "weight": 147.9, "bmi": 49.5}
    found = steady_state(model, at, np.zeros((1, 2)), amount=2000.0, interval=12.0, duration=2.0, route="iv")
    # medians of different patients: the typical 4000 / 6.54 = 612 lies within 6 % of the cohort's 582.9
    assert found.auc24[0] == pytest.approx(582.9, rel=0.06)
    normalised = (140 - 50) * 140 / (72 * 0.9) * 0.85 * 1.73 / (0.007184 * 140**0.425 * 170**0.725)
    values = typical(model, weight=140.0, height=170.0, age=50.0, female=1.0, creatinine=0.9)
    assert values == pytest.approx({"CL": 6.54 * normalised / 125, "V": 0.51 * 140}, rel=EXACT)
    assert np.diag(model.omega) == pytest.approx([0.239**2, 0.267**2], rel=0.001)  # four digits
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(1.89)


@published("vancomycin/hughes2024", "hand arithmetic of the transcribed equations for an obese woman")
def test_hughes_2024_for_an_obese_woman() -> None:
    model = MODELS.model("vancomycin/hughes2024")
    bmi = 140 / 1.70**2
    lean = 9270 * 140 / (8780 + 244 * bmi)
    clearance = (140 - 50) * lean / (72 * 0.9) * 0.85
    expected = {
        "CL": 5.0627 * (clearance / 100) ** 0.8509,
        "V1": 64.339 * lean / 70,
        "V2": 59.019 * lean / 70,
        "Q": 6.2402,
    }
    found = typical(model, weight=140.0, height=170.0, age=50.0, female=1.0, creatinine=0.9)
    assert found == pytest.approx(expected, rel=EXACT)
    correlation = model.omega[1, 2] / np.sqrt(model.omega[1, 1] * model.omega[2, 2])
    assert correlation == pytest.approx(0.969, abs=0.0005)  # of the coded covariances, worked out apart
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(1.334)


@published("vancomycin/colin2019", "abstract: 35 a, 70 kg, creatinine 0.83 mg/dL: V1 42.9, V2 41.7, CL 4.10, Q 3.22")
def test_colin_2019_reproduces_its_abstract() -> None:
    found = typical(MODELS.model("vancomycin/colin2019"), age=35.0, weight=70.0, height=175.0, creatinine=0.83)
    assert found["CL"] == pytest.approx(4.10, abs=0.005)  # two decimals are printed
    assert [found[name] for name in ("V1", "V2", "Q")] == [42.9, 41.7, 3.22]


@published(
    "vancomycin/colin2019", "hand arithmetic of equations 5 to 13 for a child of 3 a with a haematological malignancy"
)
def test_colin_2019_for_a_child() -> None:
    model = MODELS.model("vancomycin/colin2019")
    found = typical(model, age=3.0, weight=14.0, height=95.0, creatinine=0.6, haematological_malignancy=1.0)
    weeks = 40 + 3 * 365.25 / 7
    years = 3 + 40 / 52
    mature = weeks**2.89 / (weeks**2.89 + 46.4**2.89)
    kept = years**-2.24 / (years**-2.24 + 61.6**-2.24)
    usual = np.exp(-1.228 + 0.672 * np.log10(years) + 6.27 * np.exp(-3.11 * years))
    clearance = 5.31 * (14 / 70) ** 0.75 * mature * kept * np.exp(-0.649 * (0.6 - usual)) * 1.294
    # 52 or 52.18 weeks a year move the age by 0.1 %, which the decline near 4 a does not feel
    assert found["CL"] == pytest.approx(clearance, rel=1e-5)
    assert [found["V1"], found["V2"]] == pytest.approx([42.9 * 0.2, 41.7 * 0.2], rel=EXACT)
    assert found["Q"] == pytest.approx(3.22 * 0.2**0.75, rel=EXACT)
    assert np.array_equal(model.omega, np.diag([0.0746, 0.0716, 0.684]))
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(2.145, 1.23))
