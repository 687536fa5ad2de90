"""A frozen rule: what it computes by hand, silent outside its box, refused where it can not be trusted."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import RuleError
from models.rules.apply import Estimate, dose_for, estimate
from models.rules.frozen import Proof
from models.rules.quantities import Quantity, dimension
from models.silent import Silent
from tests.models.rule_made import PATIENT, made, ratio, unfrozen


def said(found: Estimate | Silent) -> str:
    assert isinstance(found, Silent)
    return " ".join(found.reasons)


# --- by hand ------------------------------------------------------------------------------------------------------


def test_the_arithmetic_by_hand() -> None:
    """ln(24/20) = 0.18232, ln(8/10) = -0.22314; y = -0.05 + 0.054696 - 0.0781 = -0.073404; 4 L/h * 0.92922."""
    found = estimate(made(), PATIENT)
    assert isinstance(found, Estimate)
    assert found.log_ratio == pytest.approx(-0.073404, abs=1e-6)
    assert found.clearance == pytest.approx(3.71690, abs=1e-4)
    assert found.exposure == pytest.approx(24 * 83.3333 / 3.71690, abs=0.02)
    assert dose_for(made(), found, 500.0, 12.0) == pytest.approx(500 * 3.71690 * 12 / 24, abs=0.05)


FIVE = [
    # levels peak and trough, expected peak and trough, expected clearance -> clearance by a calculator
    (20.0, 10.0, 24.0, 8.0, 4.0, 3.7169),
    (35.0, 18.0, 30.0, 14.0, 3.0, 2.4955),
    (15.0, 5.0, 25.0, 10.0, 4.5, 6.3596),
    (28.0, 12.0, 28.0, 12.0, 2.5, 2.3781),
    (22.0, 20.0, 26.0, 11.0, 3.6, 2.9206),
]


@pytest.mark.parametrize(("peak", "trough", "e_peak", "e_trough", "e_cl", "clearance"), FIVE)
def test_five_patients_by_a_calculator(
    peak: float, trough: float, e_peak: float, e_trough: float, e_cl: float, clearance: float
) -> None:
    """CL = expected CL * 0.95123 * (e_peak/peak)^0.3 * (e_trough/trough)^0.35, as a calculator has it."""
    patient = PATIENT | {
        "level_peak": peak,
        "level_trough": trough,
        "expected_peak": e_peak,
        "expected_trough": e_trough,
        "expected_clearance": e_cl,
    }
    found = estimate(made(), patient)
    assert isinstance(found, Estimate)
    assert found.clearance == pytest.approx(clearance, abs=2e-3)
    assert found.clearance == pytest.approx(
        e_cl * 0.951229 * (e_peak / peak) ** 0.3 * (e_trough / trough) ** 0.35, rel=1e-6
    )


def test_terms_add_up_to_the_whole() -> None:
    found = estimate(made(), PATIENT)
    assert isinstance(found, Estimate)
    assert sum(term.adds for term in found.terms) == pytest.approx(found.log_ratio, abs=1e-14)
    assert math.prod(term.factor for term in found.terms) * 4.0 == pytest.approx(found.clearance, rel=1e-12)
    assert {term.words for term in found.terms} == {"constant", "0.3*r_peak", "0.35*r_trough"}


def test_the_interval_is_that_of_the_error_the_right_way_round() -> None:
    """ln(estimate/truth) from -0.3 to 0.4: the truth from estimate * exp(-0.4) to estimate * exp(0.3)."""
    rule = made()
    found = estimate(rule, PATIENT)
    assert isinstance(found, Estimate)
    low, high = found.interval(rule.spreads[0])
    assert low == pytest.approx(found.exposure * math.exp(-0.4))
    assert high == pytest.approx(found.exposure * math.exp(0.3))


def test_terms_of_a_formula_that_is_no_polynomial() -> None:
    rule = made("0.1 + 0.3*r_peak - 0.2*exp(-1*r_trough)", intervals=((0.0, 1.0),) * 4)
    found = estimate(rule, PATIENT)
    assert isinstance(found, Estimate)
    assert [term.words for term in found.terms] == ["constant", "0.3*r_peak", "-(0.2*exp(-1*r_trough))"]
    assert sum(term.adds for term in found.terms) == pytest.approx(found.log_ratio, abs=1e-14)


# --- silence ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"weight": 131.0}, "Weight of 131 kg is outside the 45 to 130 kg that the rule was made in."),
        ({"weight": math.nan}, "Weight is not a number."),
        ({"weight": math.inf}, "Weight is not a number."),
        ({"weight": None}, "Weight is not known."),
        ({"level_peak": 0.0}, "Level peak of 0 mg/L is outside"),
        ({"level_trough": 1.6, "expected_trough": 39.0}, "Expected trough over level trough is 24.4, outside the 0.4"),
        ({"level_trough": -3.0}, "outside the 1.5 to 50 mg/L"),
    ],
)
def test_outside_its_box_it_is_silent_and_says_why(change: dict[str, Any], reason: str) -> None:
    values = {name: value for name, value in (PATIENT | change).items() if value is not None}
    assert reason in said(estimate(made(), values))


def test_a_flag_of_patients_it_was_not_made_for_silences_it() -> None:
    assert "patients with dialysis" in said(estimate(made(), PATIENT, {"dialysis": True}))
    assert isinstance(estimate(made(), PATIENT, {"dialysis": False}), Estimate)


def test_the_edge_is_inside_and_a_step_beyond_is_not() -> None:
    assert isinstance(estimate(made(), PATIENT | {"weight": 130.0}), Estimate)
    assert isinstance(estimate(made(), PATIENT | {"weight": 129.99}), Estimate)
    assert isinstance(estimate(made(), PATIENT | {"weight": 130.01}), Silent)


@given(st.dictionaries(st.sampled_from(sorted(PATIENT)), st.floats(allow_nan=True, allow_infinity=True)))
def test_no_number_makes_it_raise_and_what_it_says_is_usable(values: dict[str, float]) -> None:
    found = estimate(made(), PATIENT | values)
    if isinstance(found, Estimate):
        assert math.isfinite(found.exposure)
        assert found.exposure > 0
    else:
        assert found.reasons


@given(st.floats(3.0, 70.0), st.floats(1.001, 2.0))
def test_a_higher_level_never_means_a_lower_exposure(level: float, times: float) -> None:
    one, two = (estimate(made(), PATIENT | {"level_peak": value}) for value in (level, level * times))
    if isinstance(one, Estimate) and isinstance(two, Estimate):
        assert two.exposure >= one.exposure


# --- what can not be frozen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said_"),
    [
        ({"formula": "0.1 - 0.3*r_peak + 0.35*r_trough"}, "does not fall everywhere as level_peak rises"),
        ({"formula": "0.1/r_peak + 0.3*r_trough"}, "no finite value somewhere"),
        ({"inputs": (ratio("r_peak", "peak"),)}, "reads r_trough, which are no inputs"),
        ({"inputs": (ratio("r_peak", "peak"), ratio("r_trough", "mid"))}, "is no quantity of this rule"),
    ],
)
def test_a_rule_that_can_not_be_trusted_is_not_frozen(changes: dict[str, Any], said_: str) -> None:
    with pytest.raises(RuleError, match=said_):
        made(**changes)


def test_monotone_together_is_another_promise_and_kept_too() -> None:
    """Falls as the peak's ratio rises alone, rises as both do."""
    falls = "clearance never falls as r_peak and r_trough together rises"
    shown = (unfrozen().proofs[0], Proof(of=falls, how="proved"))
    made("0.1 - 0.3*r_peak + 0.35*r_trough", monotone="together", proofs=shown)
    with pytest.raises(RuleError, match="as level_peak and level_trough rises"):
        made("0.1 - 0.3*r_peak + 0.25*r_trough", monotone="together")


def test_units_that_do_not_cancel_are_refused() -> None:
    wrong = tuple(replace(q, unit="ug/L") if q.name == "level_peak" else q for q in unfrozen().quantities)
    with pytest.raises(RuleError, match=r"r_peak: mg/L/\(ug/L\) is not the 1 of its reference"):
        made(quantities=wrong)
    with pytest.raises(RuleError, match="must be a quantity in L/h"):
        made(output=replace(unfrozen().output, base="weight"))


def test_dimensions_by_hand() -> None:
    assert dimension("mg.h/L") == {"mg": 1, "h": 1, "L": -1}
    assert dimension("mL/min") == {"mL": 1, "min": -1}
    assert dimension("mg.L/h/ug") == {"mg": 1, "L": 1, "h": -1, "ug": -1}
    assert dimension("m2") == {"m": 2}
    assert dimension("1") == {}
    with pytest.raises(RuleError, match="no unit"):
        dimension("10*3/uL!")


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(RuleError, match="finite and in order"):
        Quantity(name="weight", unit="kg", words="weight", low=3.0, high=1.0)
    with pytest.raises(RuleError, match="a logarithm needs a low above 0"):
        replace(ratio("r", "peak"), low=0.0)
