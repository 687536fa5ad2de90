"""The parts of the learned companions: trees as arrays, exact attributions, counted intervals."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor

from models.errors import ModelsError
from models.learned.conformal import half_widths, widest
from models.learned.shapley import of_trees, shapley
from models.learned.trees import Trees, from_gradient_boosting

STUMP = Trees(
    base=1.0,
    feature=np.array([[1]], dtype=np.int16),
    threshold=np.array([[0.5]], dtype=np.float32),
    leaf=np.array([[-2.0, 3.0]], dtype=np.float32),
)


def grown(seed: int = 1, **options):
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(400, 4)).astype(np.float32)
    target = inputs[:, 0] * inputs[:, 1] + np.sin(inputs[:, 2]) + 0.1 * random.normal(size=400)
    settings = {"n_estimators": 40, "max_depth": 3, "random_state": 0, **options}
    return inputs, target, GradientBoostingRegressor(**settings).fit(inputs, target)


def test_a_stump_by_hand():
    assert STUMP.predict(np.array([[9.0, 0.5], [9.0, 0.51]])) == pytest.approx([-1.0, 4.0])


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("least", [1, 60])
def test_the_arrays_say_what_scikit_learn_says(depth, least):
    """Independent: the library's own prediction. 1e-6: leaves are kept in single precision, 40 of them are added."""
    inputs, _, fitted = grown(max_depth=depth, min_samples_leaf=least)
    trees = from_gradient_boosting(fitted)
    new = np.random.default_rng(7).normal(size=(500, 4)).astype(np.float32)
    for rows in (inputs, new):
        assert trees.predict(rows) == pytest.approx(fitted.predict(rows), abs=1e-6)


def test_an_input_on_the_very_threshold_falls_on_the_same_side():
    inputs, _, fitted = grown()
    tree = fitted.estimators_[0, 0].tree_
    node = np.tile(np.median(inputs, axis=0), (len(inputs), 1))
    node[:, tree.feature[0]] = np.float32(tree.threshold[0])
    assert from_gradient_boosting(fitted).predict(node) == pytest.approx(fitted.predict(node), abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"leaf": np.zeros((1, 3), np.float32)},
        {"leaf": np.array([[np.nan, 1.0]], np.float32)},
        {"threshold": np.array([[np.nan]], np.float32)},
        {"feature": np.array([[-1]], np.int16)},
        {"feature": np.zeros((2, 1), np.int16)},
        {"base": np.inf},
    ],
)
def test_arrays_that_are_no_trees_are_refused(wrong):
    parts = {"base": 0.0, "feature": STUMP.feature, "threshold": STUMP.threshold, "leaf": STUMP.leaf}
    with pytest.raises(ModelsError):
        Trees(**{**parts, **wrong})


def test_too_few_inputs_are_refused():
    with pytest.raises(ModelsError, match="2 inputs, 1"):
        STUMP.predict(np.zeros((3, 1)))


def test_shapley_values_are_those_of_the_definition():
    """Independent: the mean gain over all orders in which the inputs could be filled in."""
    _, _, fitted = grown()
    trees = from_gradient_boosting(fitted)
    inputs, reference = np.array([1.0, -0.7, 0.4, 2.0]), np.zeros(4)
    gains = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        now = reference.copy()
        for one in order:
            before = trees.predict(now[None])[0]
            now[one] = inputs[one]
            gains[one] += (trees.predict(now[None])[0] - before) / len(orders)
    assert shapley(trees.predict, inputs, reference) == pytest.approx(gains, abs=1e-9)  # sums of floats


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_shapley_values_add_up_and_an_unused_input_has_none(inputs, reference):
    def predict(rows):
        return rows[:, 0] * rows[:, 1] + np.exp(rows[:, 2])

    patient, other = np.array(inputs), np.array(reference)
    found = shapley(predict, patient, other)
    difference = predict(patient[None])[0] - predict(other[None])[0]
    assert found.sum() == pytest.approx(difference, abs=1e-9)
    assert found[3] == 0.0


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_shapley_values_of_trees_are_those_of_all_subsets(depth):
    """Independent: every subset evaluated. 1e-6: leaves are single precision."""
    trees = from_gradient_boosting(grown(max_depth=depth)[2])
    random = np.random.default_rng(3)
    for _ in range(5):
        inputs, reference = random.standard_normal((2, 5))  # the fifth is asked for by none
        found = of_trees(trees, inputs, reference)
        assert found == pytest.approx(shapley(trees.predict, inputs, reference), abs=1e-6)
        whole = trees.predict(inputs[None])[0] - trees.predict(reference[None])[0]
        assert found.sum() == pytest.approx(whole, abs=1e-6)


def test_too_many_inputs_are_refused():
    with pytest.raises(ModelsError, match="at most"):
        shapley(lambda rows: rows[:, 0], np.zeros(20), np.zeros(20))


def test_the_width_is_the_order_statistic():
    """Nine errors: ceil(10 * 0.8) = the eighth in size."""
    errors = np.array([1, -2, 3, -4, 5, -6, 7, -8, 9.0])
    assert half_widths(errors, np.ones(9), (0.8,)) == (8.0,)
    assert half_widths(errors, np.full(9, 2.0), (0.8,)) == (4.0,)


def test_too_few_patients_give_no_interval():
    with pytest.raises(ModelsError, match="too few"):
        half_widths(np.arange(9.0), np.ones(9), (0.95,))


def test_the_widest_widths_hold_for_both():
    assert widest(((0.2, 0.9), (0.3, 0.5))) == (0.3, 0.9)


def test_coverage_is_kept_whatever_the_errors_look_like():
    """2,000 repetitions with 99 calibration patients: the mean coverage is 0.80 exactly in theory; its standard error
    is below 0.001 x 40 / sqrt(2000), so 0.005 is over five of them."""
    random = np.random.default_rng(3)
    covered = []
    for _ in range(2000):
        scale = np.exp(random.normal(size=100))
        errors = scale * random.standard_t(3, size=100)
        (width,) = half_widths(errors[:-1], scale[:-1], (0.8,))
        covered.append(abs(errors[-1]) <= width * scale[-1])
    assert np.mean(covered) == pytest.approx(0.80, abs=4 * np.sqrt(0.16 / 2000))
