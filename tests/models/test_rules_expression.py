"""Formulas: read, written, worked out; what is hostile is refused before anything is computed."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from models.errors import RuleError
from models.rules.expression import Node, constant, constants, count, evaluate, shape, variables, with_constants
from models.rules.parse import parse
from models.rules.polynomial import polynomial_of, simplified
from models.rules.printing import as_json, latex, python, spreadsheet, text
from tests.models.formulas_drawn import NAMES, formulas

POINT = {"a": 1.3, "b": 0.7, "c": -2.1}


def test_the_rule_of_the_facts_sheet_has_nine_nodes_and_is_worked_out_by_hand() -> None:
    """AUC24 = 1.087 (DD/CLpop) (Ct/Pt)^0.62 (Cp/Pp)^0.20: in logarithms, at Ct/Pt = 2 and Cp/Pp = 0.5."""
    rule = parse("-0.0834 + 0.62*t + 0.2*p", ["t", "p"])
    assert count(rule) == 9
    found = evaluate(rule, {"t": math.log(1 / 2.0), "p": math.log(1 / 0.5)})
    assert found == pytest.approx(-0.0834 - 0.62 * 0.693147 + 0.2 * 0.693147, abs=1e-6)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1 + 2*3", 7.0),
        ("(1 + 2)*3", 9.0),
        ("8/4/2", 1.0),
        ("8 - 4 - 2", 2.0),
        ("-2^2", -4.0),
        ("(-2)^2", 4.0),
        ("2^-1", 0.5),
        ("2**3", 8.0),
        ("square(3) + cube(2)", 17.0),
        ("exp(0) + log(1) + sqrt(16)", 5.0),
        ("1e-3*1E3", 1.0),
        ("--3", 3.0),
        ("-(2)", -2.0),
        ("+.5", 0.5),
    ],
)
def test_arithmetic_as_at_school(written: str, expected: float) -> None:
    assert evaluate(parse(written, []), {}) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("__import__('os').system('true')", "is not part of a formula"),
        ("__import__(os)", "no function that a rule may use"),
        ("a.__class__", "is not part of a formula"),
        ("a; b", "is not part of a formula"),
        ("lambda: 0", "is not part of a formula"),
        ("eval(a)", "no function that a rule may use"),
        ("a[0]", "is not part of a formula"),
        ("a if b else c", "left over"),
        ("9^9^9", "left over"),
        ("2^999999999", "an exponent must be a number from -10"),
        ("a^0", "an exponent must be a number from -10 to 10 other than 0"),
        ("a^b", "an exponent must be a number"),
        ("1e400", "finite"),
        ("1e13*a", "at most 1e\\+12"),
        ("(" * 5000 + "a" + ")" * 5000, "at most 4000 characters"),
        ("(" * 60 + "a" + ")" * 60, "levels deep"),
        ("-" * 60 + "a", "levels deep"),
        ("+".join(["a"] * 150), "at most 200 nodes"),
        ("+".join(["1"] * 1900), "at most 200 nodes"),
        ("a^" + "-" * 2500 + "2", "levels deep"),
        ("a^" + "(" * 1900 + "2" + ")" * 1900, "levels deep"),
        ("sin(a)", "no function that a rule may use"),
        ("d + 1", "'d' is no input of this rule; its inputs are a, b, c"),
        ("", "ends too early"),
        ("a +", "ends too early"),
        ("(a", r"'\)' was expected"),
        ("a b", "left over"),
        ("nan", "no input"),
        ("a\x00", "not part of a formula"),
        ("\u0663 + a", "not part of a formula"),
    ],
)
def test_what_is_no_formula_is_refused(written: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        parse(written, NAMES)


@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_refused(written: str) -> None:
    try:
        found = parse(written, NAMES)
    except RuleError:
        return
    assert parse(text(found), NAMES) == found


@given(formulas())
def test_what_is_written_reads_back_the_same(found: Node) -> None:
    assert parse(text(found), NAMES) == found


@given(formulas())
def test_python_computes_the_same(found: Node) -> None:
    """An independent evaluator: Python's own, on the exported text."""
    with np.errstate(all="ignore"):
        ours = float(evaluate(found, POINT))
    try:
        theirs = eval(python(found), {"__builtins__": {}, "math": math}, dict(POINT))  # noqa: S307
    except (ZeroDivisionError, OverflowError, ValueError, TypeError):
        reject()  # where Python has no number or a complex one on the way
    if isinstance(theirs, complex):
        assert math.isnan(ours)
    elif math.isfinite(ours):
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@given(formulas())
def test_arrays_and_numbers_agree(found: Node) -> None:
    arrays = {name: np.full(3, value) for name, value in POINT.items()}
    many, one = np.broadcast_to(evaluate(found, arrays), (3,)), evaluate(found, POINT)
    assert np.allclose(many, one, rtol=1e-12, equal_nan=True)


@given(formulas(), st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 3))
def test_evaluation_never_raises_for_a_number(found: Node, values: tuple[float, ...]) -> None:
    evaluate(found, dict(zip(NAMES, values, strict=True)))


def test_a_missing_input_is_named() -> None:
    with pytest.raises(RuleError, match="the formula needs b; got a"):
        evaluate(parse("a + b", NAMES), {"a": 1.0})


@given(formulas())
def test_constants_can_be_replaced_in_order(found: Node) -> None:
    assert with_constants(found, constants(found)) == found
    assert shape(with_constants(found, tuple(float(k) for k in range(len(constants(found)))))) == shape(found)


def test_exponents_are_no_constants_to_refit() -> None:
    assert constants(parse("2*a^3 + 1", NAMES)) == (2.0, 1.0)


def test_a_wrong_number_of_constants_is_refused() -> None:
    with pytest.raises(RuleError, match="3 constants were given, the formula has 2"):
        with_constants(parse("2*a + 1", NAMES), (1.0, 2.0, 3.0))


@given(formulas(polynomial=True))
def test_multiplying_out_changes_no_value(found: Node) -> None:
    try:
        shorter = simplified(found)
    except RuleError:  # a product of many numbers can pass what a rule may hold
        return
    before, after = evaluate(found, POINT), evaluate(shorter, POINT)
    size = max(1.0, float(evaluate(_absolute(found), {name: abs(value) for name, value in POINT.items()})))
    assert after == pytest.approx(float(before), abs=1e-9 * size)  # cancellation loses what its parts are large by


def _absolute(node: Node) -> Node:
    if node.op == "constant":
        return constant(abs(node.value))
    op = "add" if node.op == "sub" else node.op
    args = tuple(_absolute(arg) for arg in node.args)
    return args[0] if node.op == "neg" else Node(op, args, value=node.value, name=node.name)


def test_like_terms_are_collected() -> None:
    found = simplified(parse("-0.048 + 0.999*((0.3*a + 0.2*b) + 0.1*a)", NAMES))
    assert polynomial_of(found) == pytest.approx({(): -0.048, (("a", 1),): 0.3996, (("b", 1),): 0.1998})
    assert count(found) == 9


def test_functions_are_factors_whose_constants_do_not_trade() -> None:
    """1.07*(0.7 p - exp(0.5 + 2p)): as 0.749 p - 1.07 e^0.5 exp(2p), with three constants for three degrees."""
    found = simplified(parse("1.07*(0.7*a - exp(0.5 + 2*a))", NAMES))
    assert text(found, "{:.4g}".format) == "0.749*a + -1.764*exp(2*a)"
    assert simplified(parse("exp(a + 1)*2 - 2*exp(1 + a)", NAMES)) == constant(0.0)
    assert text(simplified(parse("(a + a)/4 + log(b + b)", NAMES))) == "0.5*a + 1.0*log(2.0*b)"


def test_what_cancels_is_gone() -> None:
    assert simplified(parse("a*b - b*a + 2", NAMES)) == constant(2.0)


@given(formulas())
def test_a_spreadsheet_never_gets_a_sign_before_a_power(found: Node) -> None:
    """A spreadsheet reads -x^2 as (-x)^2."""
    shown = spreadsheet(found, {"a": "A1", "b": "A2", "c": "A3"})
    assert shown.startswith("=")
    assert not re.search(r"(^=|\()-(A\d|\d+(\.\d+)?(e-?\d+)?|[A-Z]+\([^()]*\))\^", shown)


def test_exports_of_one_formula() -> None:
    found = parse("0.5 - 0.25*a^2 + log(b)/c", NAMES)
    assert python(found) == "0.5 - 0.25*a**2.0 + math.log(b)/c"
    assert spreadsheet(found, {"a": "B1", "b": "B2", "c": "B3"}) == "=0.5 - 0.25*B1^2.0 + LN(B2)/B3"
    assert latex(found, {}) == (r"0.5 - 0.25 \cdot \mathrm{a}^{2} + \frac{\ln\left(\mathrm{b}\right)}{\mathrm{c}}")
    assert as_json(found) == [
        "add",
        ["sub", 0.5, ["mul", 0.25, ["pow", "a", 2.0]]],
        ["div", ["log", "b"], "c"],
    ]


@settings(max_examples=50)
@given(formulas())
def test_latex_has_its_braces_in_pairs(found: Node) -> None:
    shown = latex(found, {name: rf"\ln {name}" for name in variables(found)})
    assert shown.count("{") == shown.count("}")
    assert shown.count(r"\left(") == shown.count(r"\right)")
