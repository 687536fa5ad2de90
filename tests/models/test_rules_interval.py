"""Bounds that hold, slopes that are slopes, and monotony that no sample contradicts."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.errors import RuleError
from models.rules.derivative import derivative
from models.rules.expression import Node, constant, evaluate
from models.rules.interval import bounds, finite, grid, increasing
from models.rules.parse import parse
from tests.models.formulas_drawn import NAMES, formulas

BOX = {"a": (-1.0, 2.0), "b": (0.5, 3.0), "c": (-0.5, 0.25)}


def read(written: str) -> Node:
    return parse(written, NAMES)


@settings(max_examples=150)
@given(formulas(), st.integers(0, 1000))
def test_bounds_hold_every_sample(found: Node, seed: int) -> None:
    low, high = bounds(found, BOX)
    random = np.random.default_rng(seed)
    points = {name: random.uniform(*BOX[name], size=200) for name in NAMES}
    values = np.broadcast_to(evaluate(found, points), (200,))
    known = values[np.isfinite(values)]
    assert ((known >= low) & (known <= high)).all()
    if math.isfinite(low) and math.isfinite(high):
        assert np.isfinite(values).all(), "finite bounds promise a value everywhere"


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("a*b", -3.0, 6.0),
        ("a^2", 0.0, 4.0),
        ("a^3", -1.0, 8.0),
        ("1/b", 1 / 3.0, 2.0),
        ("exp(c)", math.exp(-0.5), math.exp(0.25)),
        ("log(b)", math.log(0.5), math.log(3.0)),
        ("sqrt(b)", math.sqrt(0.5), math.sqrt(3.0)),
        ("a - b", -4.0, 1.5),
        ("1/a", -math.inf, math.inf),
        ("log(a)", -math.inf, math.inf),
        ("c^0.5", -math.inf, math.inf),
    ],
)
def test_bounds_by_hand(written: str, low: float, high: float) -> None:
    assert bounds(read(written), BOX) == pytest.approx((low, high), rel=1e-14, abs=1e-300)


@settings(max_examples=150)
@given(formulas(leaves=6), st.sampled_from(NAMES))
def test_a_derivative_is_the_slope(found: Node, name: str) -> None:
    """Central differences, over a step of 1e-6 of a smooth formula."""
    point = {"a": 1.1, "b": 1.7, "c": 0.3}
    try:
        exact = float(evaluate(derivative(found, name), point))
    except RuleError:
        return  # a constant grew past what a rule may hold
    up, down = (float(evaluate(found, {**point, name: point[name] + sign * 1e-6})) for sign in (1, -1))
    middle = float(evaluate(found, point))
    assume(all(math.isfinite(x) and abs(x) < 1e3 for x in (exact, up, down, middle)))
    curved = abs(up - 2 * middle + down)
    assert exact == pytest.approx((up - down) / 2e-6, rel=1e-3, abs=1e-3 + 1e6 * curved)


@settings(max_examples=100, deadline=None)  # a box may be halved 2,000 times
@given(formulas(leaves=5), st.sampled_from(NAMES))
def test_a_proof_of_monotony_is_never_contradicted(found: Node, name: str) -> None:
    try:
        verdict = increasing(found, name, BOX)
    except RuleError:
        return
    points = grid(BOX, 300)
    further = {**points, name: np.minimum(points[name] + 0.05, BOX[name][1])}
    here, there = (np.broadcast_to(evaluate(found, at), points[name].shape) for at in (points, further))
    if verdict.how == "proved":
        known = np.isfinite(here) & np.isfinite(there)
        assert (there[known] >= here[known] - 1e-9 * np.maximum(1.0, np.abs(here[known]))).all()
    if verdict.where:
        slope = float(evaluate(derivative(found, name), verdict.where))
        assert not (math.isfinite(slope) and slope >= -1e-9), "a refutation shows its point"


@pytest.mark.parametrize(
    ("written", "name", "how"),
    [
        ("0.3*a + 0.2*b", "a", "proved"),
        ("0.3*a + 0.2*b", "c", "proved"),  # that it does not depend on c is monotone too
        ("0.38*a - 0.12*a*a", "a", "refuted"),  # falls beyond 1.58
        ("0.5*a - 0.12*a*a", "a", "proved"),  # falls beyond 2.08, outside the box
        ("a*b + a", "b", "refuted"),  # falls where a < 0
        ("a^3 - a*a*a + b", "b", "proved"),
        ("a^2 + 2*a + b*a^2 + 5*a", "a", "refuted"),
        ("exp(a) - a", "a", "refuted"),
        ("log(b) + 1/(b + 1)", "b", "proved"),
    ],
)
def test_monotony_by_hand(written: str, name: str, how: str) -> None:
    assert increasing(read(written), name, BOX).how == how


def test_two_that_rise_together() -> None:
    """d/dt of 0.7(a+t) - exp(2(a+t) - 2.4(b+t)) is 0.7 + 0.4 exp(...), above 0; in a alone it falls."""
    node = read("0.7*a - exp(2*a - 2.4*b)")
    assert increasing(node, ("a", "b"), BOX).how == "proved"
    assert not increasing(node, "a", BOX).holds


def test_a_box_that_is_a_point_is_judged_there() -> None:
    assert increasing(read("a*a"), "a", {"a": (1.0, 1.0)}).holds
    assert not increasing(read("a*a"), "a", {"a": (-1.0, -1.0)}).holds


def test_what_blows_up_in_the_box_is_not_finite() -> None:
    assert finite(read("a/b + exp(c)"), BOX).how == "proved"
    assert not finite(read("1/a"), {"a": (-1.0, 1.0)}).holds
    assert not finite(read("log(a)"), BOX).holds
    assert finite(constant(3.0), BOX).how == "proved"


def test_a_slope_that_touches_zero_inside_is_checked_closely_and_said_so() -> None:
    """(a - 0.5)^3 has slope zero at 0.5: halving never settles it there, and no point contradicts it."""
    verdict = increasing(read("a^3 - 1.5*a^2 + 0.75*a"), "a", {"a": (-1.0, 1.7)})
    assert verdict.how == "dense check"
    assert verdict.points > 20_000
    tilted = increasing(read("a^3 - 1.5*a^2 + 0.8*a"), "a", {"a": (-1.0, 1.7)})
    assert tilted.how == "proved"


def test_the_grid_holds_the_corners() -> None:
    points = grid({"a": (0.0, 1.0), "b": (2.0, 3.0)}, 10)
    corners = {(float(a), float(b)) for a, b in zip(points["a"][:4], points["b"][:4], strict=True)}
    assert corners == {(0.0, 2.0), (0.0, 3.0), (1.0, 2.0), (1.0, 3.0)}
