"""Why a learned model says what it says: exact Shapley values against one reference patient.

Shapley LS. A value for n-person games. In: Contributions to the theory of games II. Princeton 1953; as attributions of
a prediction: Lundberg SM, Lee SI. NeurIPS 2017. All 2^m subsets of inputs are evaluated, nothing is sampled.
"""

from collections.abc import Callable
from functools import cache
from math import factorial

import numpy as np

from models.errors import ModelsError

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


@cache
def _subsets(count: int) -> np.ndarray:
    """(2^m, m): row k holds the bits of k."""
    return np.asarray((np.arange(1 << count)[:, None] >> np.arange(count)) & 1, dtype=bool)


@cache
def _weights(count: int) -> np.ndarray:
    """(m,): of a subset of s others, s! (m - 1 - s)! / m!."""
    sizes = range(count)
    return np.array([factorial(size) * factorial(count - 1 - size) / factorial(count) for size in sizes])
