"""Dosing equations against worked examples, the traps of their transcriptions, and laws. All patients are made up."""

from math import exp, sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.equations import Equation, EquationResult, UnknownEquation, apply, load_equations

EQUATIONS = load_equations()
PG = EQUATIONS.equation("warfarin/iwpc2009-pharmacogenetic")
CLINICAL = EQUATIONS.equation("warfarin/iwpc2009-clinical")
GAGE = EQUATIONS.equation("warfarin/gage2008")
CALVERT = EQUATIONS.equation("carboplatin/calvert1989")
MEASURED = EQUATIONS.equation("carboplatin/calvert1989-measured")

# printed with the equation: 60 years, 170 cm, 70 kg, White, VKORC1 G/G, CYP2C9 *1/*1, no inducer, no amiodarone
BODY = {"age": 60, "height": 170, "weight": 70}
WILD = {"vkorc1_a_alleles": 0, "cyp2c9_2_alleles": 0, "cyp2c9_3_alleles": 0, "cyp2c9_other_alleles": 0}
ALONE = {"enzyme_inducer": 0, "amiodarone": 0, "target_inr": 2.5}
SELF_TEST = {**BODY, **WILD, **ALONE, "race": "white"}
GAGE_PATIENT = {**BODY, **WILD, "target_inr": 2.5, "amiodarone": 0, "smoker": 0, "black": 0, "venous_thrombosis": 0}
SAME = 1e-12  # relative; the same arithmetic in another order


def dose(equation: Equation, **inputs: float | str | None) -> float:
    result = apply(equation, inputs)
    assert result.refusals == ()
    assert result.dose is not None
    return result.dose


def codes(result: EquationResult) -> list[str]:
    return [item.code for item in (*result.refusals, *result.findings)]


def test_the_drugs_with_equations() -> None:
    assert {item.drug for item in EQUATIONS.equations.values()} == {"warfarin", "carboplatin"}
    assert [item.id for item in EQUATIONS.equations_for("carboplatin")] == [MEASURED.id, CALVERT.id]
    assert EQUATIONS.equations_for("aspirin") == ()
    with pytest.raises(UnknownEquation, match="'warfarin/iwpc'; known are carboplatin/calvert1989"):
        EQUATIONS.equation("warfarin/iwpc")
    assert all(item.not_verified and len(item.hash) == 64 for item in EQUATIONS.equations.values())


def test_iwpc_self_test_with_genotypes() -> None:
    result = apply(PG, SELF_TEST)
    # 5.6044 - 1.5684 + 1.479 + 0.896 = 6.411; squared 41.1 mg a week, 5.87 mg a day: as printed
    assert result.predictor == pytest.approx(6.411, rel=SAME)
    assert (result.dose, result.daily) == (pytest.approx(41.1, abs=0.05), pytest.approx(5.87, abs=0.005))
    assert (result.unit, result.findings) == ("mg/wk", ())


def test_iwpc_self_test_without_genotypes() -> None:
    result = apply(CLINICAL, {**BODY, **ALONE, "race": "white"})
    # 4.0376 - 1.5276 + 2.006 + 0.938 = 5.454; squared 29.75 mg a week: as printed
    assert result.predictor == pytest.approx(5.454, rel=SAME)
    assert result.dose == pytest.approx(29.75, abs=0.005)


def test_iwpc_with_every_term_in_use_worked_out_by_hand() -> None:
    asked = {**BODY, "age": 79, "vkorc1_a_alleles": 1, "cyp2c9_2_alleles": 1, "cyp2c9_3_alleles": 1, "race": "asian"}
    asked |= {"enzyme_inducer": 1, "amiodarone": 1, "target_inr": 3, "cyp2c9_other_alleles": 0}
    result = apply(PG, asked)
    # 5.6044 - 7 * 0.2614 + 1.479 + 0.896 - 0.8677 - 1.9206 - 0.1092 + 1.1816 - 0.5503 = 3.8834
    assert result.predictor == pytest.approx(3.8834, abs=1e-9)
    assert result.dose == pytest.approx(3.8834**2, rel=1e-9)
    amounts = {item.name: item.amount for item in result.contributions}
    assert amounts["age in decades"] == pytest.approx(-1.8298)
    assert amounts["CYP2C9"] == -1.9206


def test_each_term_is_shown_so_that_a_calculator_gives_the_dose() -> None:
    result = apply(PG, {**SELF_TEST, "vkorc1_a_alleles": 2, "cyp2c9_3_alleles": 1})
    assert sum(item.amount for item in result.contributions) == pytest.approx(result.predictor, rel=SAME)
    assert [item.arithmetic for item in result.contributions][:6] == [
        "5.6044",
        "-0.2614 * 6",
        "0.0087 * 170",
        "0.0128 * 70",
        "-1.6974 (2)",
        "-0.9357 (0,1)",
    ]
    assert result.arithmetic == "3.7779^2 mg/wk"


@pytest.mark.parametrize(
    ("alleles", "change"),
    [((1, 0), -0.5211), ((0, 1), -0.9357), ((2, 0), -1.0616), ((1, 1), -1.9206), ((0, 2), -2.3312)],
)
def test_iwpc_cyp2c9_genotypes(alleles: tuple[int, int], change: float) -> None:
    found = dose(PG, **{**SELF_TEST, "cyp2c9_2_alleles": alleles[0], "cyp2c9_3_alleles": alleles[1]})
    assert sqrt(found) - 6.411 == pytest.approx(change, abs=1e-9)


@pytest.mark.parametrize(
    ("equation", "race", "change"),
    [
        (PG, "asian", -0.1092),
        (PG, "black", -0.2760),
        (PG, "mixed-or-missing", -0.1032),
        (PG, None, -0.1032),  # and not 1.0320, a slip in circulation
        (CLINICAL, "asian", -0.6752),
        (CLINICAL, "black", 0.4060),
        (CLINICAL, None, 0.0443),
    ],
)
def test_iwpc_race(equation: Equation, race: str | None, change: float) -> None:
    patient = {name: value for name, value in SELF_TEST.items() if name in {item.name for item in equation.inputs}}
    found = sqrt(dose(equation, **{**patient, "race": race})) - sqrt(dose(equation, **patient))
    assert found == pytest.approx(change, abs=1e-9)


@pytest.mark.parametrize(("age", "decades"), [(19.9, 1), (20, 2), (69.99, 6), (70, 7), (90, 9), (99.5, 9), (105, 9)])
def test_iwpc_counts_whole_decades_up_to_nine(age: float, decades: int) -> None:
    # 0.2614 a decade: 0.02614, a slip in circulation, would give a third more at 60
    assert sqrt(dose(PG, **{**SELF_TEST, "age": age})) == pytest.approx(6.411 + 0.2614 * (6 - decades), abs=1e-9)


def test_iwpc_unknown_genotypes_have_their_own_terms_and_are_said() -> None:
    result = apply(PG, {**BODY, **ALONE, "race": "white", "cyp2c9_other_alleles": 0})
    # 6.411 - 0.4854 - 0.2188
    assert result.predictor == pytest.approx(5.7068, abs=1e-9)
    assert codes(result) == ["unknown"] * 3
    assert "VKORC1" in result.findings[0].text


def test_gage_for_a_carrier_worked_out_by_hand() -> None:
    asked = {**GAGE_PATIENT, "age": 72, "weight": 82, "height": 175, "vkorc1_a_alleles": 2, "cyp2c9_2_alleles": 1}
    asked |= {
        "cyp2c9_3_alleles": 1,
        "target_inr": 3.0,
        "amiodarone": 1,
        "smoker": 1,
        "black": 1,
        "venous_thrombosis": 1,
    }
    surface = 0.007184 * 82**0.425 * 175**0.725  # 1.977 m2, Du Bois
    exponent = 0.9751 - 2 * 0.3238 + 0.4317 * surface - 0.4008 - 0.00745 * 72 - 0.2066 + 0.2029 * 3
    exponent += -0.2538 + 0.0922 - 0.0901 + 0.0664
    result = apply(GAGE, asked)
    assert surface == pytest.approx(1.977, abs=5e-4)
    assert result.dose == pytest.approx(exp(exponent), rel=SAME)
    assert (result.unit, result.daily) == ("mg/d", result.dose)


def test_gage_is_per_day_and_iwpc_per_week() -> None:
    # two equations for the same patient and the same stable dose: within a third of each other once both are per day
    daily = apply(PG, SELF_TEST).daily
    assert daily is not None
    assert dose(GAGE, **GAGE_PATIENT) == pytest.approx(daily, rel=1 / 3)


def test_gage_vkorc1_is_per_allele() -> None:
    none, one, two = (dose(GAGE, **{**GAGE_PATIENT, "vkorc1_a_alleles": n}) for n in (0, 1, 2))
    assert one / none == pytest.approx(exp(-0.3238), rel=SAME)
    assert two / one == pytest.approx(exp(-0.3238), rel=SAME)


def test_gage_needs_both_genotypes() -> None:
    result = apply(GAGE, {**GAGE_PATIENT, "vkorc1_a_alleles": None})
    assert result.dose is None
    assert codes(result) == ["missing"]


def test_calvert_from_creatinine_worked_out_by_hand() -> None:
    result = apply(CALVERT, {"age": 66, "weight": 60, "creatinine": 0.9, "female": 1, "target_auc": 5})
    # (140 - 66) * 60 / (72 * 0.9) * 0.85 = 58.24 mL/min; 5 * (58.24 + 25) = 416 mg
    assert result.dose == pytest.approx(5 * (74 * 60 / (72 * 0.9) * 0.85 + 25), rel=SAME)
    assert result.dose == pytest.approx(416.2, abs=0.05)
    assert (result.unit, result.daily) == ("mg", None)


def test_calvert_counts_an_estimate_up_to_125_and_says_so() -> None:
    young = {"age": 40, "weight": 90, "creatinine": 0.6, "female": 0, "target_auc": 6}
    result = apply(CALVERT, young)  # Cockcroft-Gault says 208 mL/min
    assert result.dose == pytest.approx(6 * (125 + 25), rel=SAME)  # 900 mg, the FDA's largest at AUC 6
    assert codes(result) == ["capped"]
    assert "208.3 is counted as 125" in result.findings[0].text


def test_calvert_with_a_measured_gfr_is_not_cut() -> None:
    assert dose(MEASURED, measured_gfr=140, target_auc=5) == pytest.approx(5 * 165, rel=SAME)
    assert MEASURED.inputs[1].unit == "mL/min"  # absolute


ADULT = {"age": st.integers(18, 110), "height": st.integers(120, 215), "weight": st.integers(30, 240)}
GENES = {"vkorc1_a_alleles": st.integers(0, 1), "cyp2c9_2_alleles": st.just(0), "cyp2c9_3_alleles": st.integers(0, 1)}
CAME = {"amiodarone": st.integers(0, 1), "enzyme_inducer": st.integers(0, 1)}


@settings(deadline=None)
@given(patient=st.fixed_dictionaries({**ADULT, **GENES, **CAME}), more=st.sampled_from(["vkorc1", "cyp2c9", "age"]))
def test_more_alleles_or_years_never_raise_the_warfarin_dose(patient: dict[str, float], more: str) -> None:
    name = {"vkorc1": "vkorc1_a_alleles", "cyp2c9": "cyp2c9_3_alleles", "age": "age"}[more]
    after = {**patient, name: min(patient[name] + 1, 110)}
    for equation in (PG, GAGE):
        extra = {"target_inr": 2.5} | ({"race": "white"} if equation is PG else {})
        known = {item.name for item in equation.inputs}
        low, high = (
            apply(equation, {k: v for k, v in {**who, **extra}.items() if k in known}) for who in (after, patient)
        )
        if low.dose is not None and high.dose is not None:
            assert low.dose <= high.dose


@settings(deadline=None)
@given(patient=st.fixed_dictionaries(ADULT), heavier=st.integers(1, 50))
def test_a_heavier_patient_never_gets_less(patient: dict[str, float], heavier: int) -> None:
    bigger = {**patient, "weight": min(patient["weight"] + heavier, 240)}
    for equation, rest in ((PG, {**WILD, **ALONE}), (GAGE, {**WILD, "target_inr": 2.5})):
        one, two = (apply(equation, {**who, **rest}) for who in (patient, bigger))
        if one.dose is not None and two.dose is not None:
            assert one.dose <= two.dose


@settings(deadline=None)
@given(st.fixed_dictionaries({**ADULT, **GENES, **CAME}))
def test_every_iwpc_dose_is_the_square_of_its_terms(patient: dict[str, float]) -> None:
    result = apply(PG, {**patient, "race": "asian"})
    total = sum(item.amount for item in result.contributions)
    if result.dose is None:
        assert result.refusals
    else:
        assert total > 0
        assert result.dose == pytest.approx(total**2, rel=SAME)
        assert result.daily == pytest.approx(result.dose / 7, rel=SAME)
        assert result.dose <= 105.0


@settings(deadline=None)
@given(gfr=st.floats(15, 199), more=st.floats(0, 1), auc=st.floats(2, 6.9))
def test_calvert_rises_with_gfr_and_in_proportion_to_the_target(gfr: float, more: float, auc: float) -> None:
    low, high = (apply(MEASURED, {"measured_gfr": g, "target_auc": auc}).dose for g in (gfr, gfr + more))
    if low is not None and high is not None:
        assert low <= high
        assert low == pytest.approx(auc * (gfr + 25), rel=SAME)


def test_the_page_about_equations_names_every_equation_and_its_example_holds() -> None:
    page = (Path(__file__).parents[2] / "docs" / "equations.md").read_text(encoding="utf-8")
    assert [id for id in EQUATIONS.equations if f"`{id}`" not in page] == []
    result = apply(CLINICAL, {**BODY, "race": "white"})
    assert f"# {result.daily:.2f} mg a day, from {result.dose:.2f} mg a week" in page
