"""Which formula becomes the rule: known ones are found again, and those that can not be trusted are not taken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import RuleError
from models.rules.expression import Node, constants, count, evaluate
from models.rules.parse import parse
from models.rules.polynomial import polynomial_of
from models.rules.refit import refit
from models.rules.select import Terms, box_of, choose, cross_validated, folds, judged, pooled

NAMES = ("p", "t")
BOX = {"p": (-1.0, 2.0), "t": (-1.0, 2.0)}


def read(written: str) -> Node:
    return parse(written, NAMES)


def patients(n: int = 400, noise: float = 0.1, seed: int = 3) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """True: -0.05 + 0.3 p + 0.35 t."""
    random = np.random.default_rng(seed)
    columns = {name: random.uniform(-1.0, 2.0, n) for name in NAMES}
    return columns, -0.05 + 0.3 * columns["p"] + 0.35 * columns["t"] + noise * random.standard_normal(n)


# --- refit --------------------------------------------------------------------------------------------------------


def test_a_linear_formula_is_refitted_as_by_least_squares() -> None:
    """An independent method: the normal equations, and White's sandwich by hand."""
    columns, y = patients()
    found = refit(read("1 + 1*p + 1*t"), columns, y)
    assert found is not None
    design = np.column_stack([np.ones(y.size), columns["p"], columns["t"]])
    exact, *_ = np.linalg.lstsq(design, y, rcond=None)
    inverse = np.linalg.inv(design.T @ design)
    middle = (design * (y - design @ exact)[:, None] ** 2).T @ design
    sd = np.sqrt(np.diag(inverse @ middle @ inverse))
    assert constants(found.node) == pytest.approx(tuple(exact), abs=1e-9)
    assert np.array(found.intervals) == pytest.approx(np.column_stack([exact - 1.96 * sd, exact + 1.96 * sd]), abs=1e-6)
    assert found.determined


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """95 % intervals of 200 data sets: the count of hits has an SD of 3; 177 is four below 190."""
    hits = 0
    for seed in range(200):
        columns, y = patients(n=100, seed=seed)
        found = refit(read("1 + 1*p + 1*t"), columns, y)
        assert found is not None
        hits += found.intervals[1][0] <= 0.3 <= found.intervals[1][1]
    assert 177 <= hits <= 200


def test_constants_that_trade_against_each_other_are_said_so() -> None:
    columns, y = patients()
    found = refit(read("2*(3*p)"), columns, y)
    assert found is not None
    assert not found.determined


def test_single_precision_constants_become_exact_on_noiseless_data() -> None:
    columns, y = patients(noise=0.0)
    found = refit(read("-0.0500001 + 0.30001*p + 0.3499*t"), columns, y)
    assert found is not None
    values = polynomial_of(found.node)
    assert values == pytest.approx({(): -0.05, (("p", 1),): 0.3, (("t", 1),): 0.35}, abs=1e-10)


def test_a_formula_without_a_value_for_some_patient_is_not_refitted() -> None:
    columns, y = patients()
    assert refit(read("1 + log(p)"), columns, y) is None


# --- choice -------------------------------------------------------------------------------------------------------


def terms(**more: object) -> Terms:
    return Terms(**({"box": BOX, "rising": NAMES} | more))  # type: ignore[arg-type]


def test_the_true_formula_is_chosen_of_a_front() -> None:
    columns, y = patients()
    front = [read("0.5*t"), read("0.1 + 0.2*p + 0.2*t"), read("0.1 + 0.2*p + 0.2*t + 0.1*p*t"), read("3.0 + 0*p")]
    rule = choose(front, columns, y, terms()).rule
    assert rule.nodes == 9
    assert polynomial_of(rule.refitted.node) == pytest.approx(
        {(): -0.05, (("p", 1),): 0.3, (("t", 1),): 0.35}, abs=0.03
    )
    assert {verdict.how for verdict in rule.rising.values()} == {"proved"}


def test_the_smallest_within_one_standard_error_and_not_the_best() -> None:
    """A quadratic term is true but tiny: it betters the error by less than its standard error."""
    columns, y = patients(n=300, noise=0.5)
    y = y + 0.01 * columns["p"] * columns["p"]
    found = choose([read("1 + 1*p + 1*t"), read("1 + 1*p + 1*t + 1*p*p")], columns, y, terms(rising=()))
    assert found.rule.nodes == 9
    assert len(found.candidates) == 2


def test_a_better_formula_that_is_not_monotone_is_dropped() -> None:
    columns, y = patients(noise=0.02)
    y = y - 0.3 * columns["p"] ** 2
    found = choose([read("1 + 1*p + 1*t"), read("1 + 1*p + 1*t + 1*p*p")], columns, y, terms())
    assert found.rule.nodes == 9
    assert [item.reason for item in found.dropped] == ["not monotone in p"]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("0.3/p + t", "no finite value somewhere in the box"),
        ("1 + p*t*p*t*p + p*p*t*t*t + p*p*p*p*t*t", "more than 20 nodes"),
        ("log(p + 3) + log(t)", "no finite value for some of the data"),
        ("3.0", "the same value for every patient"),
    ],
)
def test_what_can_not_be_a_rule_is_dropped_with_its_reason(written: str, reason: str) -> None:
    columns, y = patients()
    found = judged(read(written), columns, y, terms(rising=()))
    assert getattr(found, "reason", "taken") == reason


def test_where_nothing_is_left_the_reasons_are_said() -> None:
    columns, y = patients()
    with pytest.raises(RuleError, match=r"no formula of the front can be a rule: not monotone in p"):
        choose([read("0.1 - 1*p*p")], columns, y, terms())


def test_a_front_has_each_shape_once() -> None:
    assert len(pooled([read("0.1 + 0.2*p"), read("0.3 + 0.4*p"), read("0.4*p + 0.3"), read("p + 0.1")])) == 1


def test_cross_validation_judges_patients_that_the_constants_did_not_see() -> None:
    """Of pure noise, a fit to all does better than chance by its three constants, and cross-validation does not."""
    random = np.random.default_rng(1)
    columns = {name: random.standard_normal(30) for name in NAMES}
    y = random.standard_normal(30)
    node = read("1 + 1*p + 1*t")
    losses = cross_validated(node, columns, y, terms())
    fitted = refit(node, columns, y)
    assert losses is not None
    assert fitted is not None
    assert losses.mean() > float(np.mean((y - y.mean()) ** 2)) > fitted.loss


@settings(max_examples=30)
@given(n=st.integers(2, 60), count_=st.integers(1, 10), seed=st.integers(0, 100))
def test_each_patient_is_judged_once(n: int, count_: int, seed: int) -> None:
    parts = folds(n, count_, seed)
    assert np.sort(np.concatenate([outside for _, outside in parts])).tolist() == list(range(n))
    if len(parts) > 1:
        assert all(not set(inside) & set(outside) for inside, outside in parts)


def test_rounded_constants_are_those_judged() -> None:
    columns, y = patients()
    rule = choose([read("1 + 1*p + 1*t")], columns, y, terms()).rule
    values = [float(f"{value:.4g}") for value in (polynomial_of(rule.refitted.node) or {}).values()]
    assert values == list((polynomial_of(rule.refitted.node) or {}).values())
    assert count(rule.refitted.node) == rule.nodes
    assert np.isfinite(evaluate(rule.refitted.node, columns)).all()


def test_the_box_leaves_a_share_out_at_either_end() -> None:
    values = np.linspace(0.0, 100.0, 1001)
    assert box_of({"p": values}, share=0.005)["p"] == pytest.approx((0.5, 99.5))
