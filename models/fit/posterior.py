"""What a fit returns: the estimate, how sure it is, and how it stands to each level."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

# converged: gradient small, Hessian positive definite.  prior: no usable level, the population itself.
# everything else is a fit no dose may be built on; `message` says what to do.
FitStatus = Literal["converged", "prior", "not-converged", "singular", "invalid"]


@dataclass(frozen=True, kw_only=True)
class LevelFit:
    """One level beside its predictions, in the level's unit; wres = (observed - individual) / residual SD."""

    time: float
    observed: float
    censored: bool
    individual: float
    population: float
    wres: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Random effects of one patient given levels, as MAP and Laplace covariance.

    eta: (n,) mode. covariance: (n, n), inverse of half the Hessian of the objective (its root: standard errors).
    objective: sum[log v + (y-f)^2/v] + eta' inv(Omega) eta, without constants (NONMEM's convention).
    shrinkage: (n,) 1 - posterior SD / prior SD; 0 = the levels said nothing, 1 = they fix the parameter.
    """

    model_id: str
    model_hash: str
    status: FitStatus
    message: str
    eta_names: tuple[str, ...]
    eta: np.ndarray
    covariance: np.ndarray
    objective: float
    shrinkage: np.ndarray
    levels: tuple[LevelFit, ...]
    iterations: int = 0

    @property
    def usable(self) -> bool:
        return self.status in ("converged", "prior")
