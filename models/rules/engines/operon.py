"""pyoperon: genetic programming with local search of constants, in single precision; always installed.

It is loaded when a search starts, not when this module is. Its numbers are a search's: constants are refitted
afterwards in double precision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from models.errors import RuleError
from models.rules.engines.engine import Found
from models.rules.expression import VARIABLE, Node, variable
from models.rules.parse import parse

DIGITS = 9  # of a constant's text: single precision to the last


@dataclass(frozen=True, kw_only=True)
class Operon:
    """generations are fixed: a time limit would make the result depend on the machine. threads: does not change it."""

    population: int = 300
    generations: int = 60
    max_length: int = 15
    max_depth: int = 6
    optimizer_iterations: int = 5
    symbols: tuple[str, ...] = ("add", "sub", "mul")
    threads: int = field(default=1, compare=False)

    @property
    def name(self) -> str:
        return f"pyoperon {version('pyoperon')}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Without the threads, which the result does not depend on."""
        return {key: value for key, value in asdict(self).items() if key != "threads"}

    def allowing(self, symbols: Sequence[str]) -> "Operon":
        return replace(self, symbols=tuple(symbols))

    def fit(self, X: np.ndarray, y: np.ndarray, names: Sequence[str], *, seed: int) -> tuple[Found, ...]:
        """RuleError where the data are not finite numbers: the engine itself would not say so."""
        X, y = np.array(X, dtype=np.float64), np.array(y, dtype=np.float64)  # writable copies, as it needs
        if not (np.isfinite(X).all() and np.isfinite(y).all()) or X.shape[1] != len(names):
            raise RuleError(f"a search needs finite data with a name for each column; got {X.shape}, {list(names)}")
        regressor = self._regressor(X, y, seed)
        regressor.fit(X, y)
        columns = [f"x{k}" for k in range(len(names))]
        return tuple(
            Found(
                node=_renamed(parse(regressor.get_model_string(item["tree"], DIGITS, columns), columns), names),
                loss=float(item["mean_squared_error"]),
            )
            for item in regressor.pareto_front_
        )

    def _regressor(self, X: np.ndarray, y: np.ndarray, seed: int) -> Any:
        from pyoperon.sklearn import SymbolicRegressor

        return SymbolicRegressor(
            allowed_symbols=",".join((*self.symbols, "constant", "variable")),
            objectives=["mse", "length"],
            max_length=self.max_length,
            max_depth=self.max_depth,
            population_size=self.population,
            pool_size=self.population,
            generations=self.generations,
            max_evaluations=10**9,
            optimizer="lm",
            optimizer_iterations=self.optimizer_iterations,
            uncertainty=[_residual_sd(X, y)],
            n_threads=self.threads,
            random_state=seed,
        )


def _renamed(node: Node, names: Sequence[str]) -> Node:
    """x0, x1 ... as the names of the columns."""
    if node.op == VARIABLE:
        return variable(names[int(node.name[1:])])
    return Node(node.op, tuple(_renamed(arg, names) for arg in node.args), value=node.value)


def _residual_sd(X: np.ndarray, y: np.ndarray) -> float:
    """Of a straight line through the data: what the engine's likelihood takes as the noise."""
    design = np.column_stack([np.ones(len(y)), X])
    residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(max(residuals.std(), 1e-6))
