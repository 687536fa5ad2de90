"""Areas under the concentration curve and its first moment, by trapezoids.

Source: Gabrielsson and Weiner, Pharmacokinetic and Pharmacodynamic Data Analysis, 5th ed., chapter on
non-compartmental analysis. The logarithmic forms are exact for a curve that is exponential between two samples.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["linear", "linlog"]
METHODS: tuple[Method, ...] = ("linear", "linlog")
Floats = NDArray[np.float64]

_SERIES_BELOW = 0.02  # six terms are then exact to 1e-14, where the closed form has begun to lose digits


def areas(times: Floats, concentrations: Floats, method: Method) -> tuple[float, float]:
    """(AUC in conc*h, AUMC in conc*h^2) over all samples; times (n,) h, concentrations (n,) not negative.

    linear: straight lines. linlog: straight lines where the concentration rises or stays or reaches 0, exponentials
    where it falls.
    """
    step, before, after = np.diff(times), concentrations[:-1], concentrations[1:]
    auc = step * (before + after) / 2
    aumc = step * (times[:-1] * before + times[1:] * after) / 2
    if method == "linlog":
        falls = (before > after) & (after > 0)
        auc[falls], aumc[falls] = _exponential(times[:-1][falls], step[falls], before[falls], after[falls])
    return float(auc.sum()), float(aumc.sum())


def _exponential(start: Floats, step: Floats, before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Areas of before * exp(-u * s / step) for s in 0..step, u = log(before / after), without cancellation."""
    u = np.log1p((before - after) / after)
    auc = step * (before - after) / u
    return auc, start * auc + before * step**2 * _first_moment(u)


def _first_moment(u: Floats) -> Floats:
    """Integral of x * exp(-u * x) for x in 0..1."""
    series = 1 / 2 - u * (1 / 3 - u * (1 / 8 - u * (1 / 30 - u * (1 / 144 - u / 840))))
    return np.where(u < _SERIES_BELOW, series, (1 - (1 + u) * np.exp(-u)) / u**2)
