"""How much a level yet to be drawn is expected to narrow a quantity, from the draws at hand, without fitting again.

Before it is drawn, a level y at time t is distributed as the draws foretell it: f_i(t), with the residual error of each
draw's own model. Were y read, Bayes' rule would weight draw i by p(y | draw i), so that the spread of the quantity
under these weights is the posterior spread; averaged over levels simulated from the draws it is the expected one
(preposterior analysis: Lindley, Ann Math Stat 27(4):986-1005, 1956; Raiffa and Schlaifer, 1961). Draws of several
models are weighted alike, so what a level says about which model is right is counted too.
"""

from dataclasses import dataclass

import numpy as np

from models.population.model import Residual

NARROWEST = 1e-6  # of the largest prediction: no assay reads without any error
# levels simulated for each set of times: the expected variance then carries a Monte Carlo error of about 5 %, much
# less between sets, which share their random numbers
SIMULATED = 48


@dataclass(frozen=True, kw_only=True, eq=False)
class Foretold:
    """Levels that the draws foretell: f, sd (m, t); log (m,): the draw's error is that of the logarithm."""

    f: np.ndarray
    sd: np.ndarray
    log: np.ndarray

    def at(self, columns: tuple[int, ...]) -> "Foretold":
        return Foretold(f=self.f[:, columns], sd=self.sd[:, columns], log=self.log)


@dataclass(frozen=True, kw_only=True, eq=False)
class Expected:
    """After the levels: sd, root of the expected variance; width of the central 90 %, on average. effective: draws."""

    sd: float
    width: float
    effective: float


def foretold(parts: list[tuple[Residual, np.ndarray]]) -> Foretold:
    """parts: the residual error of each model in use with its draws' predictions (m_k, t)."""
    sds = [_sd(residual, f) for residual, f in parts]
    log = [np.full(len(f), residual.kind == "exponential") for residual, f in parts]
    return Foretold(f=np.concatenate([f for _, f in parts]), sd=np.concatenate(sds), log=np.concatenate(log))


def expected(quantity: np.ndarray, levels: Foretold, *, seed: int, simulated: int = SIMULATED) -> Expected:
    """What is left of the spread of quantity (m,) once levels at all of these times are known; see the module."""
    order = np.argsort(quantity, kind="stable")
    value, f, sd, on_log = quantity[order], levels.f[order], levels.sd[order], levels.log[order]
    weights = _weights(f, sd, on_log, _simulated(f, sd, on_log, seed, simulated))
    mean = weights @ value
    left = np.sum(weights * (value - mean[:, None]) ** 2, axis=1)  # not E x^2 - (E x)^2: few draws may carry all weight
    lost = np.sum(weights**2, axis=1)  # 1 / effective draws: the spread of few draws falls short by this share
    variance = left / np.maximum(1.0 - lost, 1e-12)
    return Expected(
        sd=float(np.sqrt(variance.mean())),
        width=float(_widths(value, weights).mean()),
        effective=float(1.0 / lost.mean()),
    )


def linear_shares(quantity: np.ndarray, levels: Foretold) -> tuple[np.ndarray, np.ndarray]:
    """(t,) and (t, t): share of the variance left after a level at one time, and at two, by the best line in log y.

    A line can not use more of a level than all of it: an upper bound up to the error's spread on the log scale, good
    enough to choose what `expected` looks at, at a thousandth of its cost.
    """
    z = np.log(np.maximum(levels.f, 1e-12))
    noise = np.where(levels.log[:, None], levels.sd**2, np.log1p((levels.sd / np.maximum(levels.f, 1e-12)) ** 2))
    z = z - z.mean(axis=0)
    q = (quantity - quantity.mean()) / quantity.std()
    # not by BLAS: it would wake every core for a product that takes a millisecond
    spread = np.einsum("mi,mj->ij", z, z) / len(z) + np.diag(noise.mean(axis=0))
    shared = z.T @ q / len(z)
    own = np.diag(spread)
    one = 1.0 - shared**2 / own
    determinant = np.outer(own, own) - spread**2
    known = np.outer(shared**2, own) + np.outer(own, shared**2) - 2.0 * spread * np.outer(shared, shared)
    with np.errstate(divide="ignore", invalid="ignore"):
        two = 1.0 - known / determinant
    return one, np.where(determinant > 1e-12 * np.outer(own, own), two, 1.0)


def _sd(residual: Residual, f: np.ndarray) -> np.ndarray:
    if residual.kind == "exponential":
        return np.full(f.shape, np.sqrt(residual.additive))
    sd = np.sqrt(residual.proportional * np.abs(f) ** (2.0 * residual.exponent) + residual.additive)
    return np.maximum(sd, NARROWEST * max(float(np.abs(f).max(initial=0.0)), 1e-12))


def _simulated(f: np.ndarray, sd: np.ndarray, on_log: np.ndarray, seed: int, count: int) -> np.ndarray:
    """(s, t): levels of every (m / s)-th draw in the order of the quantity, so that its whole range is met."""
    random = np.random.default_rng(seed)
    rows = ((np.arange(count) + 0.5) * len(f) / count).astype(int)
    noise = random.standard_normal((count, f.shape[1])) * sd[rows]
    return np.where(on_log[rows, None], f[rows] * np.exp(np.where(on_log[rows, None], noise, 0.0)), f[rows] + noise)


def _weights(f: np.ndarray, sd: np.ndarray, on_log: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """(s, m): of each draw after each simulated set of levels (s, t); each row sums to 1."""
    logs = sum(_log_density(levels[:, t, None], f[:, t], sd[:, t], on_log) for t in range(f.shape[1]))
    weights = np.exp(logs - np.max(logs, axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _log_density(y: np.ndarray, f: np.ndarray, sd: np.ndarray, on_log: np.ndarray) -> np.ndarray:
    """(s, m): of levels y (s, 1) themselves, not of their logarithms, so that models stand side by side; no 2 pi."""
    natural = -0.5 * ((y - f) / sd) ** 2 - np.log(sd)
    if not on_log.any():
        return natural
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithmic = -0.5 * (np.log(y / f) / sd) ** 2 - np.log(y) - np.log(sd)
    return np.where(on_log, np.where((y > 0.0) & (f > 0.0), logarithmic, -np.inf), natural)


def _widths(value: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(s,): of the central 90 % of value (m,), sorted, under weights (s, m)."""
    reached = np.cumsum(weights, axis=1)
    low, high = ((reached < share).sum(axis=1) for share in (0.05, 0.95))
    return np.asarray(value[np.minimum(high, value.size - 1)] - value[low])
