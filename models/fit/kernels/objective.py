"""The objective that a fit makes small, its gradient, and its expected (Gauss-Newton) Hessian.

    sum over levels of log v + (y - f)^2 / v, or -2 log Phi for a censored one (Beal's M3), plus eta' inv(Omega) eta

without constants, as NONMEM's individual objective. The residual variance v depends on eta through f (interaction).
"""

from math import erfc, exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np

from models.events import BELOW, L_CENSORING, L_VALUE, L_WEIGHT, NOT_CENSORED, O_OUTPUT, Events
from models.kernel import Array, kernel
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


@kernel
def variance(out: Array, f: float) -> tuple[float, float]:
    """Residual variance at prediction f, and its derivative by f. On the log scale: of log y, so constant."""
    proportional, additive = out[OUT_PROPORTIONAL], out[OUT_ADDITIVE]
    if out[OUT_KIND] == LOG_SCALE:
        return additive, 0.0
    if out[OUT_KIND] == POWER:
        if f <= 0.0:
            return additive, 0.0
        scaled = proportional * f ** (2.0 * out[OUT_EXPONENT])
        return scaled + additive, 2.0 * out[OUT_EXPONENT] * scaled / f
    return proportional * f * f + additive, 2.0 * proportional * f


@kernel
def level_term(out: Array, f: float, level: Array) -> tuple[bool, float, float, float]:
    """(ok, term, d term / df, expected d2 term / df2) of one level (value, or the limit it was beyond) at f."""
    v, dv = variance(out, f)
    y, scale = level[L_VALUE], 1.0
    if out[OUT_KIND] == LOG_SCALE:
        if not (f > 0.0 and y > 0.0):
            return False, 0.0, 0.0, 0.0
        scale = 1.0 / f
        f, y = log(f), log(y)
    if not (v > 0.0 and np.isfinite(v)):
        return False, 0.0, 0.0, 0.0
    if level[L_CENSORING] == NOT_CENSORED:
        r = y - f
        slope = dv / v - 2.0 * r / v - r * r * dv / (v * v)
        return True, log(v) + r * r / v, slope * scale, (2.0 / v + (dv / v) ** 2) * scale * scale
    sign = 1.0 if level[L_CENSORING] == BELOW else -1.0
    z = sign * (y - f) / sqrt(v)
    dz = (-sign / sqrt(v) - 0.5 * z * dv / v) * scale
    log_phi, hazard = log_normal(z)
    return True, -2.0 * log_phi, -2.0 * hazard * dz, 2.0 * hazard * (hazard + z) * dz * dz


@kernel
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
    """(ok, objective) at eta (e,). Fills F as pk.kernels.run does; with derivatives also gradient, expected hessian."""
    plan, n, n_dir = problem.plan, eta.size, F.shape[1] - 1
    if not predict(plan.run, (plan, problem.events, eta, False, F)):
        return False, np.inf
    total = _prior(problem, eta, gradient, hessian)
    for o in range(F.shape[0]):
        out = plan.out[int(problem.events.obs[o, O_OUTPUT])]
        ok, term, slope, bend = level_term(out, F[o, 0], problem.levels[o])
        if not ok:
            return False, np.inf
        weight = problem.levels[o, L_WEIGHT]
        total += weight * term
        for i in range(n_dir):
            gradient[i] += weight * slope * F[o, 1 + i]
            for j in range(n):
                hessian[i, j] += weight * bend * F[o, 1 + i] * F[o, 1 + j]
    return bool(np.isfinite(total)), total


@kernel
def _prior(problem: Problem, eta: Array, gradient: Array, hessian: Array) -> float:
    inverse, weight, total = problem.plan.omega_inverse, problem.prior_weight, 0.0
    for i in range(eta.size):
        pull = 0.0
        for j in range(eta.size):
            pull += inverse[i, j] * eta[j]
            hessian[i, j] = 2.0 * weight * inverse[i, j]
        gradient[i] = 2.0 * weight * pull
        total += weight * pull * eta[i]
    return total
