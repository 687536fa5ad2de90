"""The objective at many random-effect vectors: importance weights, profiles, comparisons."""

import numpy as np

from models.fit.kernels.objective import Problem, penalty, score
from models.kernel import Array, entry
from models.pk.kernels.run import predict

CHUNK = 512  # vectors whose predictions are kept at a time


@entry
def objectives(problem: Problem, etas: Array, out: Array) -> None:
    """out (m,) for etas (m, e); inf where these parameters can not have produced the levels."""
    plan, obs, levels, weight = problem.plan, problem.events.obs, problem.levels, problem.prior_weight
    F = np.empty((CHUNK, levels.shape[0], 1))
    no_gradient, no_hessian = np.empty(0), np.empty((0, 0))
    for start in range(0, etas.shape[0], CHUNK):
        count = min(CHUNK, etas.shape[0] - start)
        predict(plan.run, (plan, problem.events, etas[start : start + count], False, F[:count]))
        for i in range(count):
            ok, total = score(plan.out, obs, levels, F, i, no_gradient, no_hessian)
            total += penalty(plan.omega_inverse, weight, etas, start + i)
            out[start + i] = total if ok and np.isfinite(total) else np.inf
