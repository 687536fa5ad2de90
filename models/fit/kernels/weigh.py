"""The objective at many random-effect vectors: importance weights, profiles, comparisons."""

import numpy as np

from models.fit.kernels.objective import Problem, objective
from models.kernel import Array, entry


@entry
def objectives(problem: Problem, etas: Array, out: Array) -> None:
    """out (m,) for etas (m, e); inf where these parameters can not have produced the levels."""
    n = etas.shape[1]
    F, g, H = np.zeros((problem.levels.shape[0], 1)), np.empty(n), np.empty((n, n))
    for i in range(etas.shape[0]):
        _, out[i] = objective(problem, etas[i], F, g, H)
