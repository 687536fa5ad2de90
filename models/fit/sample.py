"""Draws from a posterior: the normal approximation, and the posterior itself by importance resampling."""

from dataclasses import dataclass
from math import inf, lgamma, log, pi
from typing import NamedTuple

import numpy as np

from models.errors import ModelsError
from models.fit.kernels.map import CONVERGED
from models.fit.kernels.mixture import Mixture, log_densities
from models.fit.kernels.objective import Problem
from models.fit.kernels.search import search
from models.fit.mapfit import starting_points
from models.fit.options import FitOptions
from models.fit.posterior import Posterior
from models.fit.problem import objectives_at, problem_of
from models.pk import parameters
from models.population.model import PopulationModel
from models.subject import Subject

# The first half of the proposals: Student's t around each mode, as its tails have to be heavier than the posterior's,
# and a part of the prior, as a mode that no search met still has to be seen. The second half: t with the moments that
# the first half found (adaptive multiple importance sampling, Cornuet et al., Scand J Stat 39(4), 2012).
DEGREES_OF_FREEDOM = 5.0
PRIOR_SHARE = 0.15
# Draws of the prior from which a further mode is searched for: the most probable of those beyond this distance from the
# estimate, in standard errors.
SCOUTS, BEYOND = 2, 3.0
# Pareto shape of the largest weights above which estimates are unreliable (Vehtari et al., JMLR 25(72), 2024).
UNRELIABLE = 0.7
# Share of effective draws when weighting draws of the normal approximation, below which it misleads.
LAPLACE_ENOUGH = 0.5
MOST_REDRAWS = 50


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


def _of_the_population(model: PopulationModel, subject: Subject, posterior: Posterior, n: int, seed: int) -> np.ndarray:
    """n draws of the prior that can be: P * (1 + eta) and P + eta fall below zero in one of many thousand."""
    etas = draw(posterior, n, seed=seed)
    if all(item.kind not in ("additive", "proportional") for item in model.random):
        return etas
    for again in range(1, MOST_REDRAWS):
        wrong = ~_possible(model, subject, etas)
        if not wrong.any():
            return etas
        etas[wrong] = draw(posterior, int(wrong.sum()), seed=seed + again)
    raise ModelsError(
        f"{model.id}: most draws of its population have no clearance or volume above zero; use another model"
    )


def _possible(model: PopulationModel, subject: Subject, etas: np.ndarray) -> np.ndarray:
    """(n,) bool: every rate and volume of the structure above zero, with the covariates in force last."""
    values = parameters(model, subject, etas, float(subject.row_time[-1]))
    used = {name for flux in model.structure.fluxes for name in (flux.rate, flux.volume, flux.km) if name}
    used |= {output.volume for output in model.outputs if output.volume}
    return np.all([values[name] > 0.0 for name in used], axis=0)


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
        return Sample(
            etas=_of_the_population(model, subject, posterior, n, seed),
            effective=n,
            pareto_k=0.0,
            laplace_efficiency=1.0,
            modes=1,
        )
    problem = problem_of(model, subject, options)
    known = _Component(posterior.eta, np.linalg.cholesky(posterior.covariance))
    prior = _Component(np.zeros(posterior.eta.size), np.linalg.cholesky(model.omega), share=PRIOR_SHARE, freedom=inf)
    scouts = _draws(random, prior, int(PRIOR_SHARE * n))
    seen = objectives_at(problem, scouts)
    modes = [known, *_other_modes(model, problem, known, _starts(scouts, seen, known))]
    first, found = _around(random, problem, modes, n - len(scouts), scouts, seen)
    shared = [mode._replace(share=(1.0 - PRIOR_SHARE) / len(modes)) for mode in modes]
    adapted = _moments(first, _normalised(-0.5 * found - _log_density([prior, *shared], first)), model)
    second = _draws(random, adapted, n)
    etas = np.vstack([first, second])
    logs = -0.5 * np.append(found, objectives_at(problem, second))
    weights = _normalised(logs - _log_density([prior, *shared, adapted], etas))
    return Sample(
        etas=etas[_systematic(random, weights, n)],
        effective=float(1.0 / np.sum(weights**2)),
        pareto_k=pareto_shape(weights),
        laplace_efficiency=_laplace_efficiency(random, problem, known, max(n // 8, 100)),
        modes=len(modes),
    )


class _Component(NamedTuple):
    """One part of the proposals; root (e, e): lower Cholesky factor of its scale matrix. freedom inf: normal."""

    center: np.ndarray
    root: np.ndarray
    share: float = 1.0
    freedom: float = DEGREES_OF_FREEDOM


def _draws(random: np.random.Generator, part: _Component, n: int) -> np.ndarray:
    normal = random.standard_normal((n, part.center.size))
    if part.freedom < inf:
        normal *= np.sqrt(part.freedom / random.chisquare(part.freedom, (n, 1)))
    return np.ascontiguousarray(part.center + normal @ part.root.T)


def _log_density(parts: list[_Component], etas: np.ndarray) -> np.ndarray:
    """(n,) log density of the mixture at etas (n, e) (the balance heuristic of Veach and Guibas)."""
    mixture = Mixture(
        center=np.array([part.center for part in parts]),
        scale=np.array([np.linalg.inv(part.root) for part in parts]),
        freedom=np.array([part.freedom for part in parts]),
        constant=np.array([log(part.share) + _log_constant(part) for part in parts]),
    )
    out = np.empty(etas.shape[0])
    log_densities(mixture, etas, out)
    return out


def _log_constant(part: _Component) -> float:
    e, nu = part.center.size, part.freedom
    half_det = float(np.log(np.diag(part.root)).sum())
    if nu == inf:
        return -half_det - 0.5 * e * log(2.0 * pi)
    return lgamma((nu + e) / 2) - lgamma(nu / 2) - 0.5 * e * log(nu * pi) - half_det


def _starts(scouts: np.ndarray, objectives: np.ndarray, known: _Component) -> np.ndarray:
    """The SCOUTS most probable of the draws (m, e) of the prior that do not lie around the known mode."""
    far = np.sum(np.linalg.solve(known.root, (scouts - known.center).T) ** 2, axis=0) > BEYOND**2
    order = np.argsort(np.where(far, objectives, inf), kind="stable")[:SCOUTS]
    return scouts[order[np.isfinite(objectives[order]) & far[order]]]


def _other_modes(model: PopulationModel, problem: Problem, known: _Component, scouts: np.ndarray) -> list[_Component]:
    """The next mode, where starts around the population or the scouts lead to one."""
    starts = np.vstack([known.center, starting_points(model)[1:], scouts])
    found = search(problem, starts)
    apart = [eta for eta in (found.eta, found.other) if _apart(model, eta, known.center)]
    modes = [search(problem, eta[None]) for eta in apart]
    return [_Component(mode.eta, np.linalg.cholesky(mode.covariance)) for mode in modes if mode.status == CONVERGED]


def _apart(model: PopulationModel, eta: np.ndarray, other: np.ndarray) -> bool:
    """Whether both are modes, and not the same one; NaN stands for none."""
    return bool(np.max(np.abs(eta - other) / np.sqrt(np.diag(model.omega))) > 0.1)


def _around(
    random: np.random.Generator,
    problem: Problem,
    modes: list[_Component],
    n: int,
    scouts: np.ndarray,
    seen: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The scouts and n draws, shared by the modes, with the objective at each."""
    counts = [len(part) for part in np.array_split(np.arange(n), len(modes))]
    drawn = np.vstack([_draws(random, mode, count) for mode, count in zip(modes, counts, strict=True)])
    return np.vstack([scouts, drawn]), np.append(seen, objectives_at(problem, drawn))


def _moments(etas: np.ndarray, weights: np.ndarray, model: PopulationModel) -> _Component:
    """Weighted mean and covariance, a hundredth of the prior's added so that it never collapses."""
    mean = weights @ etas
    covariance = (etas - mean).T @ (weights[:, None] * (etas - mean)) + 0.01 * model.omega
    return _Component(mean, np.linalg.cholesky(covariance))


def _normalised(logs: np.ndarray) -> np.ndarray:
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def _laplace_efficiency(random: np.random.Generator, problem: Problem, known: _Component, n: int) -> float:
    """Effective share of draws of the normal approximation, once weighted to the posterior."""
    normal = random.standard_normal((n, known.center.size))
    etas = np.ascontiguousarray(known.center + normal @ known.root.T)
    weights = _normalised(-0.5 * objectives_at(problem, etas) + 0.5 * np.sum(normal**2, axis=1))
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
