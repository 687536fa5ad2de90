"""The terminal phase: lambda_z by the best log-linear regression.

WinNonlin's "best fit": regressions over the last 3, 4, 5 ... measurable samples, never before the maximum; the
largest adjusted R2 among those that decline wins, and one that is within 1e-4 of it and has more points is preferred.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np

from models.evaluate.trapezoid import Floats

Reason = Literal["no-measurable-concentration", "too-few-points", "not-declining"]

MIN_POINTS = 3  # with two, the adjusted R2 does not exist
TIE = 1e-4  # adjusted R2: differences up to here count as none (WinNonlin)
LEVEL = 1e-9  # a line that falls by less than this part over its samples is level: only rounding makes it fall


@dataclass(frozen=True, kw_only=True)
class TerminalPhase:
    """log(concentration) = b0 - lamz * time over the last `lamznpt` measurable samples, by least squares.

    lamz: 1/h. lamzhl: half-life, h. lamzll, lamzul: first and last time used, h. b0: log of the concentration unit.
    r2, r2adj, corrxy: of the regression, without unit. clstp: concentration that it predicts at lamzul.
    """

    lamz: float
    lamzhl: float
    lamznpt: int
    lamzll: float
    lamzul: float
    r2: float
    r2adj: float
    corrxy: float
    b0: float
    clstp: float


@dataclass(frozen=True, kw_only=True)
class NoTerminalPhase:
    """Why lambda_z, and with it everything that is extrapolated to infinity, does not exist."""

    reason: Reason
    text: str


def terminal_phase(times: Floats, concentrations: Floats, *, first: int) -> TerminalPhase | NoTerminalPhase:
    """The best fit over measurable samples; times (n,) h, concentrations (n,) > 0, `first` = earliest index allowed."""
    available = len(times) - first
    if available < MIN_POINTS:
        return NoTerminalPhase(
            reason="too-few-points",
            text=f"lambda_z needs {MIN_POINTS} measurable concentrations in the terminal phase, there are {available}",
        )
    fits = (_regression(times[-n:], concentrations[-n:]) for n in range(MIN_POINTS, available + 1))
    declining = [fit for fit in fits if fit is not None]
    if not declining:
        return NoTerminalPhase(
            reason="not-declining", text="no regression over the last measurable concentrations declines"
        )
    best = max(fit.r2adj for fit in declining)
    return max((fit for fit in declining if fit.r2adj >= best - TIE), key=lambda fit: fit.lamznpt)


def _regression(times: Floats, concentrations: Floats) -> TerminalPhase | None:
    """Least squares of log(concentration) on time; None where it does not decline."""
    # from the last sample: equal concentrations then give exactly 0, not rounding that looks like a slope
    x, y = times - times[-1], np.log(concentrations / concentrations[-1])
    dx, dy = x - x.mean(), y - y.mean()
    sxx, syy, sxy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    if syy == 0 or -sxy / sxx * float(times[-1] - times[0]) < LEVEL:
        return None
    lamz, corrxy = -sxy / sxx, max(sxy / sqrt(sxx * syy), -1.0)
    at_last = log(concentrations[-1]) + float(y.mean() + lamz * x.mean())
    return _phase(lamz, corrxy, at_last, times)


def _phase(lamz: float, corrxy: float, at_last: float, times: Floats) -> TerminalPhase:
    n, r2 = len(times), corrxy**2
    return TerminalPhase(
        lamz=lamz,
        lamzhl=log(2) / lamz,
        lamznpt=n,
        lamzll=float(times[0]),
        lamzul=float(times[-1]),
        r2=r2,
        r2adj=1 - (1 - r2) * (n - 1) / (n - 2),
        corrxy=corrxy,
        b0=at_last + lamz * float(times[-1]),
        clstp=exp(at_last),
    )
