"""Draws from a posterior."""

import numpy as np

from models.fit.posterior import Posterior


def draw(posterior: Posterior, n: int, *, seed: int) -> np.ndarray:
    """(n, e) equally weighted random effects, normal around the mode with the Laplace covariance.

    Deterministic in seed. Raises ValueError for a posterior that is not usable, or a negative n.
    """
    if not posterior.usable:
        raise ValueError(f"can not draw from a posterior with status {posterior.status!r}: {posterior.message}")
    normal = np.random.default_rng(seed).standard_normal((n, posterior.eta.size))
    return posterior.eta + normal @ np.linalg.cholesky(posterior.covariance).T
