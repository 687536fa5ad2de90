"""The state from one event to the next: one propagator for each kind of model, all called alike.

A propagator moves jets X (c, 1 + skip + e) in place over t h with infusion rates R (c, 1 + e) and the parameters of row
r. Columns 1 to skip of X are derivatives by the initial state. area (c,) gets int x dt added where it has a size.
work is as rows.work_space. It returns False where its solver fails.
"""

from numba import types

from models.kernel import Array, indirect, kernel
from models.pk.kernels.matrix import propagate_matrix
from models.pk.kernels.modal import propagate_modal
from models.pk.kernels.ode import propagate_ode
from models.pk.kernels.rows import Rows
from models.population.plan import MODAL, Plan

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
) -> bool:
    """Moves the state; solver is the address of `matrix` or `ode`, whose code is only compiled where a model needs it.

    The closed form is small and called some thousand times a fit, so it is called directly.
    """
    if method == MODAL:
        propagate_modal(plan.core, plan.depot, rows.modes, rows.C, rows.M, r, X, R, t, skip, area, work)
        return True
    return by_address(solver, (plan, rows, r, X, R, t, skip, area, work))


@kernel
def matrix(plan: Plan, rows: Rows, r: int, X: Array, R: Array, t: float, skip: int, area: Array, work: Array) -> bool:
    propagate_matrix(rows.K[r], X, R, t, skip, area)
    return True


@kernel
def ode(plan: Plan, rows: Rows, r: int, X: Array, R: Array, t: float, skip: int, area: Array, work: Array) -> bool:
    return propagate_ode(plan.flux, rows.C[r], X, R, t, skip, area, work[0])
