"""The state from one event to the next, by the method that fits the model."""

from models.kernel import Array, kernel
from models.pk.kernels.matrix import propagate_matrix
from models.pk.kernels.modal import propagate_modal
from models.pk.kernels.ode import propagate_ode
from models.pk.kernels.rows import Rows
from models.population.plan import MATRIX, MODAL, Plan


@kernel
def propagate(
    plan: Plan, method: int, rows: Rows, r: int, X: Array, R: Array, t: float, skip: int, area: Array, memo: Array
) -> bool:
    """Moves jets X (c, 1 + skip + e) in place over t h; adds int x dt to area (c,) where it has a size.

    memo: what the ODE solver learned (see models.pk.kernels.ode). Returns False where the solver fails.
    """
    if method == MODAL:
        propagate_modal(plan, rows, r, X, R, t, skip, area)
        return True
    if method == MATRIX:
        propagate_matrix(rows.K[r], X, R, t, skip, area)
        return True
    return propagate_ode(plan, rows.C[r], X, R, t, skip, area, memo)
