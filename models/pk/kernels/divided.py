"""Divided differences of exp(x t): the integrals of products of exponentials, safe where exponents (nearly) coincide.

first(a, b)     = (e^{at} - e^{bt}) / (a - b)              = int_0^t e^{a(t-s)} e^{bs} ds
second(a, b, c) = (first(a, b) - first(b, c)) / (a - c)    = the same for three exponents
"""

from math import exp, expm1

from models.kernel import lean

# Below this distance (times t) the quotient loses digits and a series takes over.
CLOSE = 0.1


@lean
def first(a: float, b: float, ea: float, eb: float, t: float) -> float:
    """ea = exp(a t), eb = exp(b t), which callers have at hand."""
    d = (a - b) * t
    if abs(d) > CLOSE:
        return (ea - eb) / (a - b)
    if d == 0.0:
        return t * eb
    return t * eb * expm1(d) / d


@lean
def second(a: float, b: float, c: float, ea: float, eb: float, ec: float, t: float) -> float:
    """Symmetric in its three exponents; the two farthest apart make the outer quotient."""
    ab, bc, ac = abs(a - b), abs(b - c), abs(a - c)
    if max(ab, bc, ac) * t <= CLOSE:
        return _series(a, b, c, t)
    if ac >= ab and ac >= bc:
        return (first(a, b, ea, eb, t) - first(b, c, eb, ec, t)) / (a - c)
    if ab >= bc:
        return (first(a, c, ea, ec, t) - first(c, b, ec, eb, t)) / (a - b)
    return (first(b, a, eb, ea, t) - first(a, c, ea, ec, t)) / (b - c)


@lean
def _series(a: float, b: float, c: float, t: float) -> float:
    """t^2 e^{mt} sum_k h_k / (k+2)!, h_k the complete homogeneous symmetric polynomials around the mean m."""
    m = (a + b + c) / 3.0
    x, y, z = (a - m) * t, (b - m) * t, (c - m) * t
    hx, hxy, h = 1.0, 1.0, 1.0
    total, factorial = 0.5, 2.0
    for k in range(1, 8):
        hx *= x
        hxy = hx + y * hxy
        h = hxy + z * h
        factorial *= k + 2
        total += h / factorial
    return t * t * exp(m * t) * total
