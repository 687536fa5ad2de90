"""Everything that stays the same between two changes of the covariates: one "row" of parameters and rates."""

from typing import NamedTuple

import numpy as np
from numba import njit

from models.pk.kernels.individual import coefficients, individual
from models.pk.kernels.symmetric import decompose
from models.population.plan import LINEAR, MODAL


class Rows(NamedTuple):
    """r rows, p parameters, e directions (etas; 0 when no derivative is asked for), f fluxes, c compartments."""

    P: np.ndarray  # (r, p)
    dP: np.ndarray  # (r, p, e)
    C: np.ndarray  # (r, f, 5)
    dC: np.ndarray  # (r, f, 5, e)
    K: np.ndarray  # (r, c, c) rate matrix of the linear fluxes: x' = K x
    dK: np.ndarray  # (r, e, c, c)
    values: np.ndarray  # (r, m) eigenvalues of the core
    vectors: np.ndarray  # (r, m, m) core amounts = vectors @ modes
    inverse: np.ndarray  # (r, m, m)
    M: np.ndarray  # (r, e, m, m) inverse @ dK @ vectors
    touches: np.ndarray  # (r, e) whether M is not zero


@njit(cache=True)
def make_rows(plan, method, typical, weight, eta, n_dir):
    """Rows for typical (r, primary), weight (r, terms), eta (e,); and whether all parameters are possible."""
    n_row, c = typical.shape[0], plan.n_comp
    n_param = typical.shape[1] + plan.derived_start.size - 1
    n_flux, m = plan.flux_kind.size, (plan.core.size if method == MODAL else 0)
    rows = Rows(
        np.zeros((n_row, n_param)),
        np.zeros((n_row, n_param, n_dir)),
        np.zeros((n_row, n_flux, 5)),
        np.zeros((n_row, n_flux, 5, n_dir)),
        np.zeros((n_row, c, c)),
        np.zeros((n_row, n_dir, c, c)),
        np.zeros((n_row, m)),
        np.zeros((n_row, m, m)),
        np.zeros((n_row, m, m)),
        np.zeros((n_row, n_dir, m, m)),
        np.zeros((n_row, n_dir), dtype=np.bool_),
    )
    for r in range(n_row):
        individual(plan, typical[r], weight[r], eta, n_dir, rows.P[r], rows.dP[r])
        if not coefficients(plan, rows.P[r], rows.dP[r], n_dir, rows.C[r], rows.dC[r]):
            return False, rows
        _rate_matrix(plan, rows, r, n_dir)
        if method == MODAL:
            decompose(plan, rows.K[r], rows.dK[r], n_dir, rows.values[r], rows.vectors[r], rows.inverse[r],
                      rows.M[r], rows.touches[r])
    return True, rows


@njit(cache=True)
def _rate_matrix(plan, rows, r, n_dir):
    for f in range(plan.flux_kind.size):
        if plan.flux_kind[f] != LINEAR or plan.flux_sign[f] != 0:
            continue
        source, target = plan.flux_from[f], plan.flux_to[f]
        rows.K[r, source, source] -= rows.C[r, f, 0]
        if target >= 0:
            rows.K[r, target, source] += rows.C[r, f, 0]
        for q in range(n_dir):
            rows.dK[r, q, source, source] -= rows.dC[r, f, 0, q]
            if target >= 0:
                rows.dK[r, q, target, source] += rows.dC[r, f, 0, q]
