"""The objective that a fit makes small, its gradient, and its expected (Gauss-Newton) Hessian.

    sum over levels of log v + (y - f)^2 / v, or -2 log Phi for a censored one (Beal's M3), plus eta' inv(Omega) eta

without constants, as NONMEM's individual objective. The residual variance v depends on eta through f (interaction).
"""

from math import erfc, exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np

from models.events import BELOW, L_CENSORING, L_VALUE, L_WEIGHT, NOT_CENSORED, O_OUTPUT, Events
from models.kernel import Array, kernel, lean
from models.pk.kernels.run import predict
from models.population.plan import LOG_SCALE, OUT_ADDITIVE, OUT_EXPONENT, OUT_KIND, OUT_PROPORTIONAL, POWER, Plan

INVERSE_SQRT_2 = 1.0 / sqrt(2.0)
LOG_SQRT_2PI = 0.5 * log(2.0 * pi)


class Problem(NamedTuple):
    """What is fitted: levels (o, 3) as models.events names their columns; prior_weight 1 is the full prior."""

    plan: Plan
    events: Events
    levels: Array
    prior_weight: float


@lean
def variance(out: Array, k: int, f: float) -> tuple[float, float]:
    """Residual variance of output k at prediction f, and its derivative by f. On the log scale: of log y."""
    proportional, additive = out[k, OUT_PROPORTIONAL], out[k, OUT_ADDITIVE]
    if out[k, OUT_KIND] == LOG_SCALE:
        return additive, 0.0
    if out[k, OUT_KIND] == POWER:
        if f <= 0.0:
            return additive, 0.0
        scaled = proportional * f ** (2.0 * out[k, OUT_EXPONENT])
        return scaled + additive, 2.0 * out[k, OUT_EXPONENT] * scaled / f
    return proportional * f * f + additive, 2.0 * proportional * f


@lean
def level_term(out: Array, k: int, f: float, levels: Array, o: int) -> tuple[bool, float, float, float]:
    """(ok, term, d term / df, expected d2 term / df2) of level o (value, or the limit it was beyond), output k at f."""
    v, dv = variance(out, k, f)
    y, scale = levels[o, L_VALUE], 1.0
    if out[k, OUT_KIND] == LOG_SCALE:
        if not (f > 0.0 and y > 0.0):
            return False, 0.0, 0.0, 0.0
        scale = 1.0 / f
        f, y = log(f), log(y)
    if not (v > 0.0 and np.isfinite(v)):
        return False, 0.0, 0.0, 0.0
    if levels[o, L_CENSORING] == NOT_CENSORED:
        r = y - f
        slope = dv / v - 2.0 * r / v - r * r * dv / (v * v)
        return True, log(v) + r * r / v, slope * scale, (2.0 / v + (dv / v) ** 2) * scale * scale
    sign = 1.0 if levels[o, L_CENSORING] == BELOW else -1.0
    z = sign * (y - f) / sqrt(v)
    dz = (-sign / sqrt(v) - 0.5 * z * dv / v) * scale
    log_phi, hazard = log_normal(z)
    return True, -2.0 * log_phi, -2.0 * hazard * dz, 2.0 * hazard * (hazard + z) * dz * dz


@lean
def log_normal(z: float) -> tuple[float, float]:
    """log Phi(z), and its derivative phi(z) / Phi(z), without loss far in the tail."""
    if z > -8.0:
        p = 0.5 * erfc(-z * INVERSE_SQRT_2)
        return log(p), exp(-0.5 * z * z - LOG_SQRT_2PI) / p
    tail = -z  # Mills' ratio by its continued fraction (Abramowitz and Stegun 26.2.14)
    for k in range(30, 0, -1):
        tail = -z + k / tail
    return -0.5 * z * z - LOG_SQRT_2PI - log(tail), tail


@kernel
def objective(problem: Problem, eta: Array, F: Array, gradient: Array, hessian: Array) -> tuple[bool, float]:
    """(ok, objective) at eta (e,). Fills F (1, o, 1 + e), or (1, o, 1), as pk.kernels.run does; with derivatives also
    the gradient (e,) and the expected hessian (e, e).
    """
    plan = problem.plan
    if not predict(plan.run, (plan, problem.events, eta.reshape((1, eta.size)), False, F)):
        return False, np.inf
    return terms(problem, eta, F, 0, gradient, hessian)


@lean
def terms(problem: Problem, eta: Array, F: Array, m: int, gradient: Array, hessian: Array) -> tuple[bool, float]:
    """(ok, objective), gradient and expected hessian at eta (e,), whose predictions are F[m]."""
    plan = problem.plan
    total = _prior(plan.omega_inverse, problem.prior_weight, eta, gradient, hessian)
    ok, levels = score(plan.out, problem.events.obs, problem.levels, F, m, gradient, hessian)
    total += levels
    return bool(ok and np.isfinite(total)), total


@lean
def score(
    out: Array, obs: Array, levels: Array, F: Array, m: int, gradient: Array, hessian: Array
) -> tuple[bool, float]:
    """(ok, sum of the levels' terms) for the predictions F[m]; adds to gradient and hessian what they bring."""
    total, n_dir = 0.0, F.shape[2] - 1
    for o in range(F.shape[1]):
        ok, term, slope, bend = level_term(out, int(obs[o, O_OUTPUT]), F[m, o, 0], levels, o)
        if not ok:
            return False, np.inf
        weight = levels[o, L_WEIGHT]
        total += weight * term
        for i in range(n_dir):
            gradient[i] += weight * slope * F[m, o, 1 + i]
            by_i = weight * bend * F[m, o, 1 + i]
            for j in range(n_dir):
                hessian[i, j] += by_i * F[m, o, 1 + j]
    return True, total


@lean
def penalty(inverse: Array, weight: float, etas: Array, m: int) -> float:
    """The prior's part of the objective at etas[m]."""
    total = 0.0
    for i in range(etas.shape[1]):
        for j in range(etas.shape[1]):
            total += inverse[i, j] * etas[m, i] * etas[m, j]
    return weight * total


@lean
def _prior(inverse: Array, weight: float, eta: Array, gradient: Array, hessian: Array) -> float:
    total = 0.0
    for i in range(eta.size):
        pull = 0.0
        for j in range(eta.size):
            pull += inverse[i, j] * eta[j]
            hessian[i, j] = 2.0 * weight * inverse[i, j]
        gradient[i] = 2.0 * weight * pull
        total += weight * pull * eta[i]
    return total
