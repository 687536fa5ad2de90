"""Why a learned model says what it says: exact Shapley values against one reference patient.

Shapley LS. A value for n-person games. In: Contributions to the theory of games II. Princeton 1953; as attributions of
a prediction: Lundberg SM, Lee SI. NeurIPS 2017. Nothing is sampled: `shapley` evaluates all 2^m subsets of inputs, for
any model; `of_trees` adds up what each leaf of each tree has to say, which is the same sum in a thousandth of the time.
"""

from collections.abc import Callable
from functools import cache
from math import factorial

import numpy as np

from models.errors import ModelsError
from models.learned.trees import Trees

MOST = 14  # inputs; 16,384 subsets take about 0.1 s


def shapley(predict: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """(m,): what each input, by being the patient's and not the reference's, adds; sums to the difference of the two.

    predict: (n,) of (n, m). inputs, reference: (m,).
    """
    count = len(inputs)
    if count > MOST:
        raise ModelsError(f"exact Shapley values take 2^m evaluations: at most {MOST} inputs, got {count}")
    taken = _subsets(count)
    value = predict(np.where(taken, inputs, reference))
    weight = _weights(count)
    found = np.empty(count)
    for one in range(count):
        without = ~taken[:, one]
        index = np.flatnonzero(without)
        gain = value[index + (1 << one)] - value[index]
        found[one] = float(np.sum(weight[taken[index].sum(axis=1)] * gain))
    return found


def of_trees(trees: Trees, inputs: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """(m,): as `shapley` of trees.predict, exactly; sums to predict(inputs) - predict(reference).

    A leaf is reached with a subset S where all inputs that only the patient's value lets through are in S (a of them)
    and all that only the reference's does are not (b): a one of the first gains leaf (a-1)! b! / (a+b)! of it, one of
    the second loses leaf a! (b-1)! / (a+b)!. A game of one leaf: Lundberg SM et al. Nat Mach Intell 2020;2:56-67.
    """
    own, other = (_way(trees, values) for values in (inputs, reference))  # (t, nodes): to the right?
    found = np.zeros(len(inputs))
    for leaf, path in enumerate(_paths(trees.depth)):
        asked = trees.feature[:, [node for node, _ in path]]
        right = np.array([side for _, side in path])
        lets = own[:, [node for node, _ in path]] == right
        others = other[:, [node for node, _ in path]] == right
        for k in np.flatnonzero((lets | others).all(axis=1)):
            _share_out(found, asked[k], lets[k], others[k], float(trees.leaf[k, leaf]))
    return found


def _way(trees: Trees, values: np.ndarray) -> np.ndarray:
    return np.asarray(np.asarray(values, dtype=np.float32)[trees.feature] > trees.threshold)


def _share_out(found: np.ndarray, asked: np.ndarray, lets: np.ndarray, others: np.ndarray, leaf: float) -> None:
    into = set(asked[lets & ~others].tolist())
    out = set(asked[others & ~lets].tolist())
    if into & out:
        return  # asked for twice, once for either value: no subset gets there
    a, b = len(into), len(out)
    for one in into:
        found[one] += leaf * factorial(a - 1) * factorial(b) / factorial(a + b)
    for one in out:
        found[one] -= leaf * factorial(a) * factorial(b - 1) / factorial(a + b)


@cache
def _paths(depth: int) -> tuple[tuple[tuple[int, bool], ...], ...]:
    """For each leaf, the nodes from the root with the side it lies on."""
    found = []
    for leaf in range(1 << depth):
        node, path = leaf + (1 << depth) - 1, []
        while node:
            above = (node - 1) // 2
            path.append((above, node == 2 * above + 2))
            node = above
        found.append(tuple(reversed(path)))
    return tuple(found)


@cache
def _subsets(count: int) -> np.ndarray:
    """(2^m, m): row k holds the bits of k."""
    return np.asarray((np.arange(1 << count)[:, None] >> np.arange(count)) & 1, dtype=bool)


@cache
def _weights(count: int) -> np.ndarray:
    """(m,): of a subset of s others, s! (m - 1 - s)! / m!."""
    sizes = range(count)
    return np.array([factorial(size) * factorial(count - 1 - size) / factorial(count) for size in sizes])
