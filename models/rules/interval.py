"""What a formula can be over a box of its variables: bounds that hold for every point, and monotony proved by them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log, nan, nextafter, sqrt
from typing import Literal

import numpy as np

from models.rules.derivative import derivative
from models.rules.expression import CONSTANT, VARIABLE, Node, applied, constant, evaluate, variables
from models.rules.polynomial import simplified

Bounds = tuple[float, float]
Box = Mapping[str, Bounds]
Certain = Callable[[Bounds], bool]
Holds = Callable[[np.ndarray], np.ndarray]
How = Literal["proved", "dense check", "refuted", "not shown"]

MOST_BOXES = 2000  # halves of halves before a proof is given up
POINTS, GLANCE = 20_000, 1000  # of a dense check and of a first look, besides the corners
TINY = 1e-9  # a computed slope this far below zero may be rounding; a proof allows none
EVERYTHING: Bounds = (-inf, inf)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """proved: by interval arithmetic. dense check: no counterexample among `points` points. refuted: at `where`.
    not shown: neither, where only a proof counts.
    """

    how: How
    where: Mapping[str, float] | None = None
    points: int = 0

    @property
    def holds(self) -> bool:
        return self.how in ("proved", "dense check")


def bounds(node: Node, box: Box) -> Bounds:
    """Every value of the formula in the box lies between; (-inf, inf) where nothing can be said. Rounded outwards."""
    if node.op == CONSTANT:
        return node.value, node.value
    if node.op == VARIABLE:
        return box[node.name]
    return _outwards(_combined(node, [bounds(arg, box) for arg in node.args]))


def _combined(node: Node, parts: list[Bounds]) -> Bounds:
    (a, b), other = parts[0], parts[-1]
    match node.op:
        case "add":
            return a + other[0], b + other[1]
        case "sub":
            return a - other[1], b - other[0]
        case "neg":
            return -b, -a
        case "mul":
            return _product((a, b), other)
        case "div":
            return _product((a, b), _reciprocal(other))
        case "pow":
            return _power((a, b), node.args[1].value)
        case "exp":
            return _exp(a), _exp(b)
        case "log":
            return (log(a), log(b)) if a > 0 and b < inf else EVERYTHING
        case _:  # sqrt
            return (sqrt(a), sqrt(b)) if a >= 0 and b < inf else EVERYTHING


def _product(x: Bounds, y: Bounds) -> Bounds:
    corners = [p * q for p in x for q in y]
    return (min(corners), max(corners)) if all(c == c for c in corners) else EVERYTHING


def _reciprocal(x: Bounds) -> Bounds:
    if x[0] <= 0.0 <= x[1]:
        return EVERYTHING
    return 1.0 / x[1], 1.0 / x[0]


def _power(x: Bounds, exponent: float) -> Bounds:
    whole = exponent == int(exponent)
    if x[0] <= 0 and (not whole or exponent < 0):
        return EVERYTHING
    ends = [_pow(end, exponent) for end in x]
    if whole and exponent > 0 and int(exponent) % 2 == 0 and x[0] < 0 < x[1]:
        ends.append(0.0)
    return (min(ends), max(ends)) if all(end == end for end in ends) else EVERYTHING


def _pow(base: float, exponent: float) -> float:
    try:
        return float(base**exponent)
    except (OverflowError, ZeroDivisionError):
        return nan


def _exp(x: float) -> float:
    return exp(x) if x < 709.0 else inf


def _outwards(found: Bounds) -> Bounds:
    """Two steps of the last digit: one for the operation, one for a function of the mathematics library."""
    low, high = found
    if not (low <= high):
        return EVERYTHING
    for _ in range(2):
        low, high = nextafter(low, -inf), nextafter(high, inf)
    return low, high


def increasing(node: Node, names: str | Sequence[str], box: Box) -> Verdict:
    """Whether the formula never falls as `names` rise by the same amount, one or several, all over the box."""
    slope = constant(0.0)
    for name in (names,) if isinstance(names, str) else names:
        slope = simplified(applied("add", slope, derivative(node, name)))
    return _everywhere(
        slope, box, lambda bound: bound[0] >= 0.0, lambda values: np.isfinite(values) & (values >= -TINY)
    )


def finite(node: Node, box: Box) -> Verdict:
    """Whether the formula has a finite value all over the box; only a proof counts: points miss a pole."""
    verdict = _everywhere(node, box, lambda bound: isfinite(bound[0]) and isfinite(bound[1]), np.isfinite)
    return Verdict(how="not shown") if verdict.how == "dense check" else verdict


def _everywhere(node: Node, box: Box, certain: Certain, holds: Holds) -> Verdict:
    """A counterexample among some points; else a proof by halving the box until each part is certain; else, where
    that does not come to an end, a close look.
    """
    found = _sampled(node, box, holds, GLANCE)
    if not found.holds:
        return found
    names = variables(node)
    boxes, tried = [dict(box)], 0
    while boxes and tried < MOST_BOXES:
        here, tried = boxes.pop(), tried + 1
        if certain(bounds(node, here)):
            continue
        middle = {name: (low + high) / 2.0 for name, (low, high) in here.items()}
        wide = max(names, key=lambda name: here[name][1] - here[name][0], default="")
        if not wide or here[wide][0] == here[wide][1]:
            boxes.append(here)
            break
        low, high = here[wide]
        boxes += [{**here, wide: (low, middle[wide])}, {**here, wide: (middle[wide], high)}]
    return Verdict(how="proved") if not boxes else _sampled(node, box, holds, POINTS)


def _sampled(node: Node, box: Box, holds: Holds, count: int) -> Verdict:
    points = grid(box, count)
    good = np.broadcast_to(holds(evaluate(node, points)), next(iter(points.values())).shape)
    if good.all():
        return Verdict(how="dense check", points=good.size)
    n = int(np.flatnonzero(~good)[0])
    return Verdict(how="refuted", where={name: float(values[n]) for name, values in points.items()})


def grid(box: Box, points: int = POINTS) -> dict[str, np.ndarray]:
    """Corners of the box and evenly strewn points, the same every time."""
    names = list(box)
    low, high = np.array([box[name] for name in names]).T
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * min(len(names), 12))).reshape(min(len(names), 12), -1).T
    corners = np.pad(corners, ((0, 0), (0, len(names) - corners.shape[1])))
    unit = np.vstack([corners, np.random.default_rng(20260101).uniform(size=(points, len(names)))])
    values = low + unit * (high - low)
    return {name: values[:, k] for k, name in enumerate(names)}
