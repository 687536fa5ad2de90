"""The state from one event to the next, for every kind of model.

Jets X (c, 1 + skip + e) move in place over t h with infusion rates R (c, 1 + e) and the parameters of row r. Columns 1
to skip of X are derivatives by the initial state. area (c,) gets int x dt added where it has a size. work is as
transition.work_space.
"""

import numpy as np
from numba import types

from models.kernel import Array, indirect, kernel, lean
from models.pk.kernels.matrix import matrix_transition
from models.pk.kernels.rows import Rows
from models.pk.kernels.transition import AREA, apply, claim, find
from models.population.plan import MODAL, ODE, Plan

by_address = indirect(types.boolean)


@kernel
def propagate(
    plan: Plan,
    method: int,
    solver: int,
    rows: Rows,
    r: int,
    X: Array,
    R: Array,
    t: float,
    skip: int,
    area: Array,
    work: Array,
    feed: Array,
    begin: float,
) -> bool:
    """Moves the state from the time `begin` on; False where the solver fails."""
    if method == ODE:
        return by_address(solver, (plan.flux, rows.C[r], X, R, t, skip, area, work[0], feed, begin))
    slot = find(work, r, R, t)
    if slot == 0:
        slot = learn(plan, method, solver, rows, r, R, t, work)
    apply(work, slot, R.shape[1], X, skip, area, np.empty(X.shape))
    return True


@lean
def learn(plan: Plan, method: int, solver: int, rows: Rows, r: int, R: Array, t: float, work: Array) -> int:
    """The slot of a span not met before. solver: address of modal_transition or `matrix`."""
    slot, area = claim(work, r, R, t), work[0, AREA] > 0.0
    if method == MODAL:
        by_address(solver, (plan.core, plan.depot, rows.modes, rows.C, rows.M, r, R, t, area, work, slot))
    else:
        by_address(solver, (rows, r, R, t, area, work[slot]))
    return slot


@lean
def matrix(rows: Rows, r: int, R: Array, t: float, area: bool, slot: Array) -> bool:
    matrix_transition(rows.K[r], R, t, area, slot)
    return True
