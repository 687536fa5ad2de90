"""The state from one event to the next, by the method that fits the model."""

from numba import njit

from models.pk.kernels.modal import propagate_modal
from models.population.plan import MODAL


@njit(cache=True)
def propagate(plan, method, rows, r, x, S, R, dR, t, skip, area):
    """Moves x (c,) and S (c, skip + e) in place over t h; adds int x dt to area (c,) where it has a size.

    Returns False where the solver fails.
    """
    if method == MODAL:
        propagate_modal(plan, rows, r, x, S, R, dR, t, skip, area)
        return True
    return False
