"""Covariate formulas against hand arithmetic and published worked values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import RecordError
from models.formulas import ckd_epi_2021, cockcroft_gault, dubois, janmahasatian, mosteller
from models.formulas.renal import RENAL, clearance_by_age, cockcroft_gault_ideal
from models.formulas.size import SIZE

EXACT = 1e-12  # the same arithmetic in another order


def test_cockcroft_gault_by_hand() -> None:
    # (140 - 60) * 72 / (72 * 1.0) = 80 mL/min for a man, 85 % of it for a woman
    assert cockcroft_gault(age=60, weight=72, creatinine=1.0, female=0) == pytest.approx(80.0, rel=EXACT)
    assert cockcroft_gault(age=60, weight=72, creatinine=1.0, female=1) == pytest.approx(68.0, rel=EXACT)
    # (140 - 40) * 90 / (72 * 2.5) = 50
    assert cockcroft_gault(age=40, weight=90, creatinine=2.5, female=0) == pytest.approx(50.0, rel=EXACT)


def test_creatinine_floor_acts_only_above_the_age_in_completed_years() -> None:
    floor = {"creatinine_floor": 1.0, "creatinine_floor_age": 65.0}
    # 65.9 years are 65 completed years, not above 65
    assert cockcroft_gault(age=65.9, weight=72, creatinine=0.5, female=0, **floor) == pytest.approx(148.2, rel=EXACT)
    # (140 - 66) * 72 / 72 = 74, not 148
    assert cockcroft_gault(age=66, weight=72, creatinine=0.5, female=0, **floor) == pytest.approx(74.0, rel=EXACT)
    # a creatinine above the floor is left alone: 74 / 1.1
    assert cockcroft_gault(age=66, weight=72, creatinine=1.1, female=0, **floor) == pytest.approx(74 / 1.1, rel=EXACT)


def test_cockcroft_gault_is_never_negative() -> None:
    assert cockcroft_gault(age=150, weight=70, creatinine=1, female=0) == 0.0


def test_a_clearance_by_age_is_schwartz_in_children_and_cockcroft_gault_in_adults() -> None:
    girl = {"weight": 18, "height": 110, "female": 1, "creatinine": 0.5}
    assert clearance_by_age(age=5, **girl) == pytest.approx(90.86, rel=EXACT)  # 0.413 * 110 / 0.5
    assert clearance_by_age(age=5, **girl, child_high=80) == 80.0
    man = {"weight": 72, "height": 178, "female": 0, "creatinine": 0.5}
    assert clearance_by_age(age=40, **man, child_high=80) == pytest.approx(200.0, rel=EXACT)  # 100 * 72 / (72 * 0.5)


def test_cockcroft_gault_with_ideal_weight_by_hand() -> None:
    # 50 + 0.91 (177.8 - 152.4) = 73.114 kg, and 45.5 + 23.114 = 68.614 kg in a woman; (140 - 68) / 72 = 1
    man = cockcroft_gault_ideal(age=68, weight=130, height=177.8, creatinine=1.0, female=0)
    assert man == pytest.approx(73.114, rel=EXACT)
    woman = cockcroft_gault_ideal(age=68, weight=130, height=177.8, creatinine=2.0, female=1)
    assert woman == pytest.approx(0.85 * 68.614 / 2, rel=EXACT)
    assert cockcroft_gault_ideal(age=68, weight=60, height=177.8, creatinine=1.0, female=0) == pytest.approx(60.0)


def test_body_surface_by_hand() -> None:
    # sqrt(180 * 80 / 3600) = 2 exactly
    assert mosteller(weight=80, height=180) == pytest.approx(2.0, rel=EXACT)
    # 0.007184 * 70^0.425 * 170^0.725: 6.0844 * 41.4016 * 0.007184 = 1.8097 (four figures of each power)
    assert dubois(weight=70, height=170) == pytest.approx(1.8097, rel=1e-4)


def test_fat_free_mass_by_hand() -> None:
    # BMI 25: man 9270 * 81 / (6680 + 216 * 25) = 750870 / 12080; woman 750870 / (8780 + 244 * 25) = / 14880
    assert janmahasatian(weight=81, height=180, female=0) == pytest.approx(750870 / 12080, rel=EXACT)
    assert janmahasatian(weight=81, height=180, female=1) == pytest.approx(750870 / 14880, rel=EXACT)


def test_ckd_epi_2021_by_hand() -> None:
    # at the knots (0.9 and 0.7 mg/dL) both powers are 1: 142 * 0.9938^50 and 142 * 1.012 * 0.9938^50
    assert ckd_epi_2021(age=50, creatinine=0.9, female=0) == pytest.approx(142 * 0.9938**50, rel=EXACT)
    assert ckd_epi_2021(age=50, creatinine=0.7, female=1) == pytest.approx(142 * 1.012 * 0.9938**50, rel=EXACT)
    # twice the knot: 2^-1.2 = 0.435275; half the knot: 0.5^-0.302 = 1.232852
    assert ckd_epi_2021(age=0, creatinine=1.8, female=0) == pytest.approx(142 * 0.435275, rel=1e-5)
    assert ckd_epi_2021(age=0, creatinine=0.45, female=0) == pytest.approx(142 * 1.232852, rel=1e-5)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_value_that_can_not_be_is_refused_by_name(bad: float) -> None:
    with pytest.raises(RecordError, match="creatinine must be a number above 0"):
        cockcroft_gault(age=60, weight=72, creatinine=bad, female=0)


@given(
    age=st.floats(18, 100),
    weight=st.floats(30, 250),
    height=st.floats(130, 210),
    creatinine=st.floats(0.3, 10),
    female=st.sampled_from([0.0, 1.0]),
)
def test_formulas_rise_and_fall_as_they_should(
    age: float, weight: float, height: float, creatinine: float, female: float
) -> None:
    inputs = {"age": age, "weight": weight, "height": height, "creatinine": creatinine, "female": female}
    inputs["gestational_age"] = 39.0
    for formula in (*RENAL, *SIZE):
        if formula.name in ("creatinine-molar", "james", "cockcroft-gault-james", "cockcroft-gault-ideal"):
            continue  # a conversion; lean weight by James falls again in the very obese; ideal weight has no weight
        value = formula.function(**{name: inputs[name] for name in formula.inputs})
        assert np.isfinite(value)
        assert value > 0
        if "weight" in formula.inputs:
            heavier = {**inputs, "weight": weight * 1.1}
            assert formula.function(**{name: heavier[name] for name in formula.inputs}) > value
        if "creatinine" in formula.inputs:
            worse = {**inputs, "creatinine": creatinine * 1.1}
            assert formula.function(**{name: worse[name] for name in formula.inputs}) < value
    if weight / (height / 100) ** 2 >= 17.1:  # below this BMI the formula was never meant, and exceeds the weight
        assert janmahasatian(weight=weight, height=height, female=female) < weight
