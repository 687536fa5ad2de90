"""Boosted trees as plain arrays: complete binary trees of one depth, evaluated without scikit-learn."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.errors import ModelsError

_LEAF = -1  # scikit-learn's mark of a node without children


@dataclass(frozen=True, kw_only=True, eq=False)
class Trees:
    """t trees of depth d over m inputs: base + the sum of one leaf a tree.

    feature (t, 2^d - 1) int16, threshold (t, 2^d - 1) float32: node k sends inputs above its threshold to 2k + 2, the
    others to 2k + 1; leaf (t, 2^d) float32. A branch that ended early goes on with equal leaves below it.
    """

    base: float
    feature: np.ndarray
    threshold: np.ndarray
    leaf: np.ndarray

    def __post_init__(self) -> None:
        nodes, leaves = self.feature.shape, self.leaf.shape
        if self.threshold.shape != nodes or leaves[0] != nodes[0] or leaves[1] != nodes[1] + 1:
            raise ModelsError(f"trees do not fit together: nodes {nodes}, {self.threshold.shape}, leaves {leaves}")
        if leaves[1] & (leaves[1] - 1):
            raise ModelsError(f"a complete tree has 2, 4, 8, ... leaves, not {leaves[1]}")
        if not (np.isfinite(self.leaf).all() and not np.isnan(self.threshold).any() and np.isfinite(self.base)):
            raise ModelsError("a tree holds a number that is none")
        if self.feature.min(initial=0) < 0:
            raise ModelsError("a tree asks for an input before the first")

    @property
    def depth(self) -> int:
        return int(self.leaf.shape[1]).bit_length() - 1

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """(n,) for inputs (n, m), in single precision as the trees were grown: (2 n d t) operations."""
        rows = np.ascontiguousarray(inputs, dtype=np.float32)
        if self.feature.max(initial=-1) >= rows.shape[1]:
            raise ModelsError(f"these trees ask for {self.feature.max() + 1} inputs, {rows.shape[1]} were given")
        trees = np.arange(len(self.leaf))
        node = np.zeros((len(rows), len(self.leaf)), dtype=np.intp)
        for _ in range(self.depth):
            asked = np.take_along_axis(rows, self.feature[trees, node].astype(np.intp), axis=1)
            node = 2 * node + 1 + (asked > self.threshold[trees, node])
        found = self.leaf[trees, node - self.feature.shape[1]]
        return np.asarray(self.base + found.sum(axis=1, dtype=np.float64))


def from_gradient_boosting(fitted: Any) -> Trees:
    """The same trees as a fitted sklearn.ensemble.GradientBoostingRegressor (public attributes only)."""
    grown = [one.tree_ for one in fitted.estimators_[:, 0]]
    depth = int(fitted.max_depth)
    filled = [_filled(tree, depth, fitted.learning_rate) for tree in grown]
    return Trees(
        base=float(np.ravel(fitted.init_.constant_)[0]),
        feature=np.array([one[0] for one in filled], dtype=np.int16),
        threshold=np.array([one[1] for one in filled], dtype=np.float32),
        leaf=np.array([one[2] for one in filled], dtype=np.float32),
    )


def _filled(tree: Any, depth: int, rate: float) -> tuple[list[int], list[float], list[float]]:
    """One tree made complete, breadth first; a node without children repeats itself to the last row."""
    row, features, thresholds = [0], [], []
    for _ in range(depth):
        following = []
        for node in row:
            ends = tree.children_left[node] == _LEAF
            features.append(0 if ends else int(tree.feature[node]))
            thresholds.append(np.inf if ends else _single(tree.threshold[node]))
            following += [node, node] if ends else [tree.children_left[node], tree.children_right[node]]
        row = following
    return features, thresholds, [rate * float(tree.value[node, 0, 0]) for node in row]


def _single(threshold: float) -> float:
    """The largest single-precision number not above it: single-precision inputs fall on the same side of both."""
    near = np.float32(threshold)
    return float(near if near <= threshold else np.nextafter(near, np.float32(-np.inf)))
