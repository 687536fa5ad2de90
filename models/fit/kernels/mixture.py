"""Log density of a mixture of normal and Student's t distributions at many points."""

from math import exp, log, log1p
from typing import NamedTuple

import numpy as np

from models.kernel import Array, entry


class Mixture(NamedTuple):
    """k components in e dimensions. scale: inverse of the lower Cholesky factor. freedom: inf for a normal.

    constant: log share and log normalising constant.
    """

    center: Array  # (k, e)
    scale: Array  # (k, e, e)
    freedom: Array  # (k,)
    constant: Array  # (k,)


@entry
def log_densities(mixture: Mixture, points: Array, out: Array) -> None:
    """out (n,) for points (n, e)."""
    center, scale, freedom, constant = mixture.center, mixture.scale, mixture.freedom, mixture.constant
    e = points.shape[1]
    for n in range(points.shape[0]):
        top, total = -np.inf, 0.0
        for k in range(center.shape[0]):
            square = 0.0
            for i in range(e):
                z = 0.0
                for j in range(i + 1):
                    z += scale[k, i, j] * (points[n, j] - center[k, j])
                square += z * z
            if freedom[k] == np.inf:
                density = constant[k] - 0.5 * square
            else:
                density = constant[k] - 0.5 * (freedom[k] + e) * log1p(square / freedom[k])
            if density > top:
                top, total = density, total * exp(top - density) + 1.0
            else:
                total += exp(density - top)
        out[n] = top + log(total)
