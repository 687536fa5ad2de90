"""Draws from a posterior: the normal approximation, and the posterior itself by importance resampling."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from models.fit.kernels.objective import Problem
from models.fit.kernels.search import search
from models.fit.kernels.weigh import objectives
from models.fit.mapfit import FitOptions, starting_points
from models.fit.posterior import Posterior
from models.pk.linked import linked_events, linked_plan
from models.population.model import PopulationModel
from models.subject import Subject

# The first half of the proposals: Student's t around each mode, as its tails have to be heavier than the posterior's,
# and a part of the prior, as a mode that no search met still has to be seen. The second half: t with the moments that
# the first half found (adaptive multiple importance sampling, Cornuet et al., Scand J Stat 39(4), 2012).
DEGREES_OF_FREEDOM = 5.0
PRIOR_SHARE = 0.15
# Pareto shape of the largest weights above which estimates are unreliable (Vehtari et al., JMLR 25(72), 2024).
UNRELIABLE = 0.7
# Share of effective draws when weighting draws of the normal approximation, below which it misleads.
LAPLACE_ENOUGH = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """etas: (n, e) equally weighted. effective: effective number of independent draws among the proposals.

    pareto_k: above UNRELIABLE, the draws can not be trusted. laplace_efficiency: 1 where the normal approximation is
    the posterior; below LAPLACE_ENOUGH it is not enough. modes: how many minima were met.
    """

    etas: np.ndarray
    effective: float
    pareto_k: float
    laplace_efficiency: float
    modes: int

    @property
    def reliable(self) -> bool:
        return self.pareto_k < UNRELIABLE

    @property
    def laplace_enough(self) -> bool:
        return self.laplace_efficiency >= LAPLACE_ENOUGH


def draw(posterior: Posterior, n: int, *, seed: int) -> np.ndarray:
    """(n, e) equally weighted random effects, normal around the mode with the Laplace covariance.

    Deterministic in seed. Raises ValueError for a posterior that is not usable, or a negative n.
    """
    if not posterior.usable:
        raise ValueError(f"can not draw from a posterior with status {posterior.status!r}: {posterior.message}")
    normal = np.random.default_rng(seed).standard_normal((n, posterior.eta.size))
    return posterior.eta + normal @ np.linalg.cholesky(posterior.covariance).T


def sample(
    model: PopulationModel,
    subject: Subject,
    posterior: Posterior,
    n: int,
    *,
    seed: int,
    options: FitOptions | None = None,
) -> Sample:
    """n draws from the posterior itself, by importance resampling around every mode that is met.

    Deterministic in seed. Raises ValueError for a posterior that is not usable. Without levels: draws of the prior.
    """
    if not posterior.usable:
        raise ValueError(f"can not sample a posterior with status {posterior.status!r}: {posterior.message}")
    random = np.random.default_rng(seed)
    options = options or FitOptions()
    if subject.levels.shape[0] == 0:
        return Sample(etas=draw(posterior, n, seed=seed), effective=n, pareto_k=0.0, laplace_efficiency=1.0, modes=1)
    problem = Problem(linked_plan(model), linked_events(subject.events), subject.levels, options.prior_weight)
    modes = _modes(model, problem, posterior)
    first = _propose(random, model, modes, n)
    found = _objectives(problem, first)
    adapted = _moments(first, _normalised(-0.5 * found - _log_mixture(first, model, modes)), model)
    second = _student(random, *adapted, n)
    etas = np.ascontiguousarray(np.vstack([first, second]))
    logs = -0.5 * np.append(found, _objectives(problem, second))
    both = np.logaddexp(_log_mixture(etas, model, modes), _log_student(etas, *adapted))
    weights = _normalised(logs - both)
    return Sample(
        etas=etas[_systematic(random, weights, n)],
        effective=float(1.0 / np.sum(weights**2)),
        pareto_k=pareto_shape(weights),
        laplace_efficiency=_laplace_efficiency(random, problem, posterior, max(n // 4, 100)),
        modes=len(modes),
    )


def _modes(model: PopulationModel, problem: Problem, posterior: Posterior) -> list[tuple[np.ndarray, np.ndarray]]:
    """(eta, covariance) of each mode that starts all around the population lead to."""
    modes = [(posterior.eta, posterior.covariance)]
    sd = np.sqrt(np.diag(model.omega))
    for start in starting_points(model, 1 + 2 * sd.size)[1:]:
        found = search(problem, start[None])
        apart = all(np.max(np.abs(found.eta - eta) / sd) > 0.1 for eta, _ in modes)
        if found.status == 0 and apart:
            modes.append((found.eta, found.covariance))
    return modes


def _propose(
    random: np.random.Generator, model: PopulationModel, modes: list[tuple[np.ndarray, np.ndarray]], n: int
) -> np.ndarray:
    """(n, e): a fixed share of the prior, the rest shared by the modes, each Student's t."""
    from_prior = int(PRIOR_SHARE * n)
    counts = [len(part) for part in np.array_split(np.arange(n - from_prior), len(modes))]
    normal = random.standard_normal((from_prior, len(model.omega)))
    parts = [normal @ np.linalg.cholesky(model.omega).T]
    parts += [_student(random, *mode, count) for mode, count in zip(modes, counts, strict=True)]
    return np.ascontiguousarray(np.vstack(parts))


def _student(random: np.random.Generator, eta: np.ndarray, covariance: np.ndarray, n: int) -> np.ndarray:
    normal = random.standard_normal((n, eta.size))
    stretch = np.sqrt(DEGREES_OF_FREEDOM / random.chisquare(DEGREES_OF_FREEDOM, n))
    return np.ascontiguousarray(eta + (normal * stretch[:, None]) @ np.linalg.cholesky(covariance).T)


def _moments(etas: np.ndarray, weights: np.ndarray, model: PopulationModel) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and covariance, a hundredth of the prior's added so that it never collapses."""
    mean = weights @ etas
    return mean, (etas - mean).T @ (weights[:, None] * (etas - mean)) + 0.01 * model.omega


def _log_mixture(etas: np.ndarray, model: PopulationModel, modes: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """(n,) log density of the first half's mixture (the balance heuristic of Veach and Guibas)."""
    square, half_det = _mahalanobis(etas, np.zeros(etas.shape[1]), model.omega)
    logs = [np.log(PRIOR_SHARE) - 0.5 * square - half_det - 0.5 * etas.shape[1] * np.log(2 * np.pi)]
    logs += [np.log((1 - PRIOR_SHARE) / len(modes)) + _log_student(etas, *mode) for mode in modes]
    return np.asarray(logsumexp(logs, axis=0))


def _log_student(etas: np.ndarray, eta: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    e, nu = eta.size, DEGREES_OF_FREEDOM
    square, half_det = _mahalanobis(etas, eta, covariance)
    constant = gammaln((nu + e) / 2) - gammaln(nu / 2) - 0.5 * e * np.log(nu * np.pi)
    return np.asarray(constant - half_det - 0.5 * (nu + e) * np.log1p(square / nu))


def _mahalanobis(etas: np.ndarray, center: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, float]:
    root = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(root, (etas - center).T)
    return np.sum(scaled**2, axis=0), float(np.log(np.diag(root)).sum())


def _objectives(problem: Problem, etas: np.ndarray) -> np.ndarray:
    out = np.empty(etas.shape[0])
    objectives(problem, etas, out)
    return out


def _normalised(logs: np.ndarray) -> np.ndarray:
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def _laplace_efficiency(random: np.random.Generator, problem: Problem, posterior: Posterior, n: int) -> float:
    """Effective share of draws of the normal approximation, once weighted to the posterior."""
    normal = random.standard_normal((n, posterior.eta.size))
    etas = np.ascontiguousarray(posterior.eta + normal @ np.linalg.cholesky(posterior.covariance).T)
    weights = _normalised(-0.5 * _objectives(problem, etas) + 0.5 * np.sum(normal**2, axis=1))
    return float(1.0 / (n * np.sum(weights**2)))


def _systematic(random: np.random.Generator, weights: np.ndarray, n: int) -> np.ndarray:
    """Indices of n equally weighted draws; one uniform number, so that no draw is lost or doubled by chance."""
    points = (random.uniform() + np.arange(n)) / n
    return np.minimum(np.searchsorted(np.cumsum(weights), points), weights.size - 1)


def pareto_shape(weights: np.ndarray) -> float:
    """Shape k of a generalised Pareto distribution fitted to the largest weights.

    Zhang and Stephens, Technometrics 51(3), 2009, with the prior of Vehtari et al. (JMLR 25(72), 2024) on k.
    """
    count = int(min(0.2 * weights.size, 3.0 * np.sqrt(weights.size)))
    ordered = np.sort(weights)
    if count < 5 or ordered[-count - 1] == ordered[-1]:
        return 0.0
    tail = ordered[-count:] - ordered[-count - 1]
    m = 30 + int(np.sqrt(count))
    quartile = tail[int(count / 4 + 0.5) - 1]
    theta = 1.0 / tail[-1] + (1.0 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (3.0 * quartile)
    shapes = -np.mean(np.log1p(-theta[:, None] * tail), axis=1)
    likelihood = count * (np.log(theta / shapes) + shapes - 1.0)
    best = float(np.sum(theta * _normalised(likelihood)))
    shape = float(np.mean(np.log1p(-best * tail)))
    return (count * shape + 5.0) / (count + 10.0)
