"""What every search engine does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from models.rules.expression import Node


@dataclass(frozen=True, kw_only=True)
class Found:
    """One formula of a front. loss: mean squared error as the engine says, in its own precision."""

    node: Node
    loss: float


class Engine(Protocol):
    """name and settings go into the manifest; with them and a seed the same data give the same front."""

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, Any]: ...

    def allowing(self, symbols: Sequence[str]) -> "Engine":
        """The same engine with other operators: of models.rules.expression."""
        ...

    def fit(self, X: np.ndarray, y: np.ndarray, names: Sequence[str], *, seed: int) -> tuple[Found, ...]:
        """X (n, k) with a name for each column, y (n,)."""
        ...
