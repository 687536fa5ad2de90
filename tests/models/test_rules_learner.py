"""The learner as scikit-learn knows regressors."""

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.errors import RuleError
from models.rules.engines.operon import Operon
from models.rules.learner import SymbolicRule
from models.rules.parse import parse
from models.rules.polynomial import polynomial_of

QUICK = SymbolicRule(engine=Operon(population=60, generations=8), seeds=(1,), fallback=True)


@parametrize_with_checks([QUICK])  # every check applies; the array-API one skips itself
def test_scikit_learns_own_checks(estimator: SymbolicRule, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


def data(n: int = 150) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    X = random.uniform(-1.0, 2.0, (n, 2))
    return X, -0.05 + 0.3 * X[:, 0] + 0.35 * X[:, 1]


def test_a_known_formula_comes_back_with_its_constants() -> None:
    X, y = data()
    engine = Operon(population=100, generations=20)
    rule = SymbolicRule(engine=engine, seeds=(1, 2), names=("p", "t"), rising=("p", "t")).fit(X, y)
    found = polynomial_of(parse(rule.formula_, ("p", "t")))
    assert found == pytest.approx({(): -0.05, (("p", 1),): 0.3, (("t", 1),): 0.35}, abs=1e-4)
    assert {verdict.how for verdict in rule.proofs().values()} == {"proved"}
    assert rule.nodes_ == 9


def test_it_takes_part_in_cross_validation() -> None:
    X, y = data()
    assert cross_val_score(QUICK, X, y, cv=3).min() > 0.9


def test_what_falls_where_it_may_not_is_never_learnt() -> None:
    X, _ = data()
    rule = SymbolicRule(engine=QUICK.engine, seeds=(1,), names=("p", "t"), rising=("p",))
    with pytest.raises(RuleError, match="no formula of the front can be a rule"):
        rule.fit(X, -X[:, 0])
    kept = SymbolicRule(engine=QUICK.engine, seeds=(1,), names=("p", "t"), rising=("p",), fallback=True).fit(
        X, -X[:, 0]
    )
    assert kept.predict(X) == pytest.approx(np.full(len(X), -X[:, 0].mean()))


@pytest.mark.parametrize("names", [("a",), ("a", "a"), ("a", "b c")])
def test_names_must_be_names(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="2 different identifiers"):
        SymbolicRule(engine=QUICK.engine, names=names).fit(*data())


def test_rising_must_name_columns() -> None:
    with pytest.raises(ValueError, match="no columns"):
        SymbolicRule(engine=QUICK.engine, rising=("z",)).fit(*data())
