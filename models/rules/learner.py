"""A symbolic rule as a scikit-learn regressor: searched over seeds, chosen as every rule here is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from models.errors import RuleError
from models.rules.engines.engine import Engine
from models.rules.engines.operon import Operon
from models.rules.expression import Node, constant
from models.rules.interval import Verdict, finite, increasing
from models.rules.printing import text
from models.rules.select import MOST_NODES, Chosen, Terms, box_of, choose, predict


class SymbolicRule(RegressorMixin, BaseEstimator):
    """engine None: pyoperon with its defaults here. seeds: of the searches whose fronts are pooled.

    rising: names of columns that the formula may not fall in. names: of the columns; x0, x1 ... unless given, or
    those of a data frame. fallback: where no formula can be a rule, predict the mean instead of raising RuleError.

    After fit: expression_ the formula, formula_ its text, nodes_, chosen_ with all candidates (None for a fallback),
    box_ where the formula was judged.
    """

    def __init__(
        self,
        engine: Engine | None = None,
        seeds: Sequence[int] = (1, 2, 3, 4, 5),
        rising: Sequence[str] = (),
        names: Sequence[str] | None = None,
        most_nodes: int = MOST_NODES,
        folds: int = 5,
        fallback: bool = False,
    ) -> None:
        self.engine = engine
        self.seeds = seeds
        self.rising = rising
        self.names = names
        self.most_nodes = most_nodes
        self.folds = folds
        self.fallback = fallback

    def fit(self, X: Any, y: Any) -> "SymbolicRule":
        """X (n, k), y (n,). RuleError where no formula of the fronts can be a rule, unless there is a fallback."""
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        y = np.asarray(y, dtype=np.float64)
        self.names_ = self._names(X.shape[1])
        columns = self._columns(X)
        self.box_ = box_of(columns, share=0.0)
        terms = Terms(box=self.box_, rising=tuple(self.rising), most_nodes=self.most_nodes, folds=self.folds)
        try:
            self.chosen_: Chosen | None = choose(self._front(X, y), columns, y, terms)
            self.expression_: Node = self.chosen_.rule.refitted.node
        except RuleError:
            if not self.fallback:
                raise
            self.chosen_, self.expression_ = None, constant(float(y.mean()))
        self.formula_ = text(self.expression_)
        self.nodes_ = self.chosen_.rule.nodes if self.chosen_ else 1
        return self

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the formula's values; NaN or inf where it has none."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return predict(self.expression_, self._columns(X), X.shape[0])

    def proofs(self) -> dict[str, Verdict]:
        """That the formula is finite and rises as asked, all over the box of the training data."""
        check_is_fitted(self)
        return {"finite": finite(self.expression_, self.box_)} | {
            name: increasing(self.expression_, name, self.box_) for name in self.rising
        }

    def _front(self, X: np.ndarray, y: np.ndarray) -> list[Node]:
        engine = Operon() if self.engine is None else self.engine
        return [item.node for seed in self.seeds for item in engine.fit(X, y, self.names_, seed=seed)]

    def _names(self, k: int) -> tuple[str, ...]:
        seen = getattr(self, "feature_names_in_", None)
        names = tuple(self.names) if self.names is not None else tuple(seen) if seen is not None else ()
        names = names or tuple(f"x{n}" for n in range(k))
        if len(names) != k or not all(str(name).isidentifier() for name in names) or len(set(names)) != k:
            raise ValueError(f"names must be {k} different identifiers, got {list(names)}")
        if unknown := set(self.rising) - set(names):
            raise ValueError(f"rising names {sorted(unknown)}, which are no columns; these are {list(names)}")
        return tuple(str(name) for name in names)

    def _columns(self, X: np.ndarray) -> dict[str, np.ndarray]:
        return {name: X[:, n] for n, name in enumerate(self.names_)}
