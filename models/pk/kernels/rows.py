"""Everything that stays the same between two changes of the covariates: one "row" of parameters and rates."""

from typing import NamedTuple

import numpy as np

from models.events import Events
from models.kernel import Array, kernel
from models.pk.kernels.individual import C_RATE, coefficients, individual
from models.pk.kernels.symmetric import decompose
from models.population.plan import FROM, KIND, LINEAR, MODAL, SIGN, TO, Plan


class Rows(NamedTuple):
    """r rows, j = 1 + e jet places (1 without derivatives), p parameters, f fluxes, c compartments, m core size."""

    P: Array  # (r, p, j) individual parameters
    C: Array  # (r, f, 5, j) coefficients of the fluxes
    K: Array  # (r, j, c, c) rate matrix of the linear fluxes: x' = K x
    modes: Array  # (r, 1 + 2 m, m) of the core: eigenvalues, m rows of V, m rows of inv(V); amounts = V @ modes
    M: Array  # (r, e, m, m) derivative of the core's matrix, between modes


@kernel
def make_rows(plan: Plan, ev: Events, eta: Array, n_dir: int) -> tuple[bool, Rows]:
    """Rows for random effects eta (e,), with n_dir derivatives (e or 0); and whether all parameters are possible."""
    n_row, j, c = ev.typical.shape[0], 1 + n_dir, plan.n_comp
    n_param = ev.typical.shape[1]
    for d in range(plan.products.shape[0]):
        n_param = max(n_param, int(plan.products[d, 0]) + 1)
    m = plan.core.shape[0] if ev.method == MODAL else 0
    rows = Rows(
        np.zeros((n_row, n_param, j)),
        np.zeros((n_row, plan.flux.shape[0], 5, j)),
        np.zeros((n_row, j, c, c)),
        np.zeros((n_row, 1 + 2 * m, m)),
        np.zeros((n_row, n_dir, m, m)),
    )
    for r in range(n_row):
        individual(plan, ev.typical[r], ev.weight[r], eta, rows.P[r])
        if not coefficients(plan, rows.P[r], rows.C[r]):
            return False, rows
        _rate_matrix(plan, rows.C[r], rows.K[r])
        if m > 0:
            decompose(plan.core, rows.K[r], rows.modes[r], rows.M[r])
    return True, rows


@kernel
def _rate_matrix(plan: Plan, C: Array, K: Array) -> None:
    flux = plan.flux
    for f in range(flux.shape[0]):
        source, target = flux[f, FROM], flux[f, TO]
        if flux[f, KIND] == LINEAR and flux[f, SIGN] == 0:
            for q in range(K.shape[0]):
                K[q, source, source] -= C[f, C_RATE, q]
                if target >= 0:
                    K[q, target, source] += C[f, C_RATE, q]


@kernel
def work_space(c: int) -> Array:
    """What propagators need besides the state: row 0 is the ODE solver's memory, the rest scratch of modal.py."""
    return np.zeros((8 + 2 * c, max(c, 4)))
