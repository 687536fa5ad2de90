"""Everything that stays the same between two changes of the covariates: one "row" of parameters and rates."""

from typing import NamedTuple

import numpy as np

from models.events import Events
from models.kernel import Array, kernel, lean
from models.pk.kernels.individual import C_RATE, N_COEFFICIENTS, coefficients, individual
from models.pk.kernels.symmetric import decompose
from models.population.plan import FROM, KIND, LINEAR, MODAL, ODE, SIGN, TO, Plan


class Rows(NamedTuple):
    """r rows, j = 1 + e jet places (1 without derivatives), p parameters, f fluxes, c compartments, m core size."""

    P: Array  # (r, p, j) individual parameters
    C: Array  # (r, f, 7, j) coefficients of the fluxes
    K: Array  # (r, j, c, c) rate matrix of the linear fluxes: x' = K x
    modes: Array  # (r, 1 + 2 m, m) of the core: eigenvalues, m rows of V, m rows of inv(V); amounts = V @ modes
    M: Array  # (r, e, m, m) derivative of the core's matrix, between modes
    scratch: Array  # (1 + 2 m, m)


@kernel
def empty_rows(plan: Plan, ev: Events, n_dir: int) -> Rows:
    """Rows to fill, with room for n_dir derivatives."""
    n_row, j, c = ev.typical.shape[0], 1 + n_dir, plan.n_comp
    n_param = ev.typical.shape[1]
    for d in range(plan.products.shape[0]):
        n_param = max(n_param, int(plan.products[d, 0]) + 1)
    m = plan.core.shape[0] if ev.method == MODAL else 0
    return Rows(
        np.zeros((n_row, n_param, j)),
        np.zeros((n_row, plan.flux.shape[0], N_COEFFICIENTS, j)),
        np.zeros((n_row, j, c, c)),
        np.zeros((n_row, 1 + 2 * m, m)),
        np.zeros((n_row, n_dir, m, m)),
        np.zeros((1 + 2 * m, m)),
    )


@lean
def fill_rows(plan: Plan, ev: Events, eta: Array, rows: Rows) -> bool:
    """The rows for random effects eta (e,); False where a parameter can not be."""
    kinds, terms, products, powers, flux = plan.kinds, plan.terms, plan.products, plan.powers, plan.flux
    core, typical, weight = plan.core, ev.typical, ev.weight
    allP, allC, allK, modes, M = rows.P, rows.C, rows.K, rows.modes, rows.M
    modal, matrix = ev.method == MODAL and core.shape[0] > 0, ev.method != ODE
    for r in range(allP.shape[0]):
        P, C, K = allP[r], allC[r], allK[r]
        individual(kinds, terms, products, powers, typical, weight, r, eta, P)
        if not coefficients(flux, P, C):
            return False
        if matrix:
            _rate_matrix(flux, C, K)
        if modal:
            decompose(core, allK, r, modes, M, rows.scratch)
    return True


@lean
def _rate_matrix(flux: Array, C: Array, K: Array) -> None:
    K[:, :, :] = 0.0
    for f in range(flux.shape[0]):
        source, target = flux[f, FROM], flux[f, TO]
        if flux[f, KIND] == LINEAR and flux[f, SIGN] == 0:
            for q in range(K.shape[0]):
                K[q, source, source] -= C[f, C_RATE, q]
                if target >= 0:
                    K[q, target, source] += C[f, C_RATE, q]
