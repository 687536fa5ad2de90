"""The same subject for many sets of random effects."""

import numpy as np

from models.events import Events
from models.kernel import Array, entry
from models.pk.kernels.individual import individual
from models.pk.kernels.run import predict
from models.population.plan import Plan


@entry
def run_many(plan: Plan, ev: Events, etas: Array, area: bool, out: Array) -> None:
    """out (m, o) for etas (m, e); a row of NaN where these parameters have no solution."""
    predict(plan.run, (plan, ev, etas, area, out.reshape((out.shape[0], out.shape[1], 1))))


@entry
def parameters_many(plan: Plan, typical: Array, weight: Array, r: int, etas: Array, out: Array) -> None:
    """out (m, p) from row r of typical (r, primary) and weight (r, terms), for etas (m, e)."""
    P = np.empty((out.shape[1], 1))
    for i in range(etas.shape[0]):
        individual(plan.kinds, plan.terms, plan.products, plan.powers, typical, weight, r, etas[i], P)
        out[i] = P[:, 0]
