"""One step of Dormand and Prince's explicit Runge-Kutta method of order 8 with embedded orders 5 and 3.

Hairer, Norsett, Wanner: Solving Ordinary Differential Equations I, 2nd ed., section II.10; stiffness test: II, IV.2.
"""

from math import sqrt

import numpy as np
from scipy.integrate import DOP853

from models.kernel import Array, lean
from models.pk.kernels.feed import at_time
from models.pk.kernels.flow import slopes

STAGES = 12
A = np.ascontiguousarray(DOP853.A[:STAGES, :STAGES])
NODES = np.ascontiguousarray(DOP853.C[:STAGES])
B = np.ascontiguousarray(DOP853.B)
E3 = np.ascontiguousarray(DOP853.E3)
E5 = np.ascontiguousarray(DOP853.E5)
STABLE = 6.1  # the method's stability region ends there on the negative axis


@lean
def explicit_step(
    flux: Array,
    C: Array,
    Y: Array,
    R: Array,
    skip: int,
    h: float,
    J: Array,
    G: Array,
    K: Array,
    scale: Array,
    new: Array,
    feed: Array,
    now: float,
    Ct: Array,
    Rt: Array,
) -> tuple[float, bool]:
    """(error, stiff): new (c, w) after h from Y, whose slopes are K[0]; K (14, c, w) is work space.

    error above 1 means that the step has to be repeated; stiff, that stability and not accuracy limits it.
    Ct, Rt: C and R themselves, or room for what they are at a time (see feed.py).
    """
    c, width = Y.shape
    for s in range(1, STAGES):
        for i in range(c):
            for q in range(width):
                total = 0.0
                for k in range(s):
                    if A[s, k] != 0.0:
                        total += A[s, k] * K[k, i, q]
                new[i, q] = Y[i, q] + h * total
        if feed.shape[0] > 0:
            at_time(flux, C, R, feed, now + NODES[s] * h, Ct, Rt)
        slopes(flux, Ct, new, Rt, skip, J, G, K, s)
    for i in range(c):
        for q in range(width):
            K[13, i, q] = new[i, q]  # the last stage's argument, for the stiffness test
            total = 0.0
            for k in range(STAGES):
                total += B[k] * K[k, i, q]
            new[i, q] = Y[i, q] + h * total
    if feed.shape[0] > 0:
        at_time(flux, C, R, feed, now + h, Ct, Rt)
    slopes(flux, Ct, new, Rt, skip, J, G, K, STAGES)
    return h * _error(K, scale), _stiff(K, new, h)


@lean
def _error(K: Array, scale: Array) -> float:
    """Hairer's mix of the order 5 and order 3 estimates, root mean square over all entries."""
    five, three = 0.0, 0.0
    for i in range(scale.shape[0]):
        for q in range(scale.shape[1]):
            e5, e3 = 0.0, 0.0
            for k in range(STAGES + 1):
                e5 += E5[k] * K[k, i, q]
                e3 += E3[k] * K[k, i, q]
            five += (e5 / scale[i, q]) ** 2
            three += (e3 / scale[i, q]) ** 2
    if five == 0.0:
        return 0.0
    return five / sqrt((five + 0.01 * three) * scale.size)


@lean
def _stiff(K: Array, new: Array, h: float) -> bool:
    rise, run = 0.0, 0.0
    for i in range(new.shape[0]):
        rise += (K[STAGES, i, 0] - K[STAGES - 1, i, 0]) ** 2
        run += (new[i, 0] - K[13, i, 0]) ** 2
    return run > 0.0 and h * sqrt(rise / run) > STABLE
