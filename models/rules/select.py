"""Which formula of several searches becomes the rule: the smallest that is as good as the best and can be trusted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import RuleError
from models.rules.expression import Node, constants, count, evaluate, shape, variables, with_constants
from models.rules.interval import Bounds, Box, Verdict, finite, increasing
from models.rules.polynomial import simplified
from models.rules.refit import Refitted, refit

MOST_NODES = 20
DIGITS = 4  # of a rule's constants: what a person types into a calculator


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a rule must keep. box: where it has to hold. rising: variables that it may not fall in.

    together: it may fall in one of them, not when all rise by the same amount.
    """

    box: Box
    rising: tuple[str, ...] = ()
    together: bool = False
    most_nodes: int = MOST_NODES
    folds: int = 5
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """cv, se: mean squared error over the folds, constants refitted in each, and its standard error."""

    refitted: Refitted
    nodes: int
    cv: float
    se: float
    finite: Verdict
    rising: Mapping[str, Verdict]


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A formula that no rule can be, and why."""

    node: Node
    reason: str


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """rule: of `candidates`, the smallest within one standard error of the best; its constants are rounded."""

    rule: Candidate
    candidates: tuple[Candidate, ...]
    dropped: tuple[Dropped, ...]


def choose(front: Iterable[Node], columns: Mapping[str, np.ndarray], y: np.ndarray, terms: Terms) -> Chosen:
    """RuleError where nothing is left, saying why each was dropped."""
    candidates: list[Candidate] = []
    dropped: list[Dropped] = []
    for node in pooled(front):
        found = judged(node, columns, y, terms)
        (candidates if isinstance(found, Candidate) else dropped).append(found)  # type: ignore[arg-type]
    if not candidates:
        reasons = "; ".join(dict.fromkeys(item.reason for item in dropped)) or "the front is empty"
        raise RuleError(f"no formula of the front can be a rule: {reasons}; search longer, or with other seeds")
    best = min(candidates, key=lambda item: item.cv)
    within = [item for item in candidates if item.cv <= best.cv + best.se]
    rule = min(within, key=lambda item: (item.nodes, item.cv))
    return Chosen(rule=rule, candidates=tuple(candidates), dropped=tuple(dropped))


def pooled(front: Iterable[Node]) -> tuple[Node, ...]:
    """Each shape once, multiplied out, in the order of their size."""
    shapes = {shape(node): node for node in (simplified(item) for item in front)}
    return tuple(sorted(shapes.values(), key=count))


def judged(node: Node, columns: Mapping[str, np.ndarray], y: np.ndarray, terms: Terms) -> Candidate | Dropped:
    """Refitted, rounded, proved and cross-validated; the first thing that rules it out stops."""
    nodes = count(node)
    if nodes > terms.most_nodes:
        return Dropped(node=node, reason=f"more than {terms.most_nodes} nodes")
    if not variables(node):
        return Dropped(node=node, reason="the same value for every patient")
    refitted = refit(node, columns, y)
    if refitted is None:
        return Dropped(node=node, reason="no finite value for some of the data")
    refitted = rounded(refitted)
    good = finite(refitted.node, terms.box)
    if not good.holds:
        return Dropped(node=node, reason="no finite value somewhere in the box")
    rising = monotony(refitted.node, terms)
    if falls := [name for name, verdict in rising.items() if not verdict.holds]:
        return Dropped(node=node, reason=f"not monotone in {', '.join(falls)}")
    losses = cross_validated(node, columns, y, terms)
    if losses is None:
        return Dropped(node=node, reason="no finite value in a fold of the cross-validation")
    se = float(losses.std(ddof=1) / np.sqrt(losses.size)) if losses.size > 1 else 0.0
    return Candidate(refitted=refitted, nodes=nodes, cv=float(losses.mean()), se=se, finite=good, rising=rising)


def monotony(node: Node, terms: Terms) -> dict[str, Verdict]:
    """By name, or of "x and y together"."""
    if terms.together and len(terms.rising) > 1:
        return {f"{' and '.join(terms.rising)} together": increasing(node, terms.rising, terms.box)}
    return {name: increasing(node, name, terms.box) for name in terms.rising}


def rounded(found: Refitted, digits: int = DIGITS) -> Refitted:
    """Constants as they will be printed: what a rule is judged with is what a person reads."""
    values = tuple(float(f"{value:.{digits}g}") for value in constants(found.node))
    intervals = tuple((float(f"{low:.{digits}g}"), float(f"{high:.{digits}g}")) for low, high in found.intervals)
    return Refitted(
        node=with_constants(found.node, values), intervals=intervals, loss=found.loss, determined=found.determined
    )


def cross_validated(node: Node, columns: Mapping[str, np.ndarray], y: np.ndarray, terms: Terms) -> np.ndarray | None:
    """(folds,) mean squared error on patients whom the constants were not fitted to."""
    losses = []
    for inside, outside in folds(len(y), terms.folds, terms.seed):
        found = refit(node, _rows(columns, inside), y[inside])
        if found is None:
            return None
        predicted = predict(found.node, _rows(columns, outside), outside.size)
        losses.append(float(np.mean((predicted - y[outside]) ** 2)))
    return np.array(losses) if np.isfinite(losses).all() else None


def folds(n: int, count: int, seed: int) -> Sequence[tuple[np.ndarray, np.ndarray]]:
    """(rows to fit, rows to judge), each row judged once."""
    order = np.random.default_rng(seed).permutation(n)
    parts = [part for part in np.array_split(order, max(min(count, n), 1)) if part.size]
    everyone = np.arange(n)
    return [(np.setdiff1d(everyone, part) if len(parts) > 1 else everyone, np.sort(part)) for part in parts]


def predict(node: Node, columns: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    """(n,) the formula's values."""
    return np.array(np.broadcast_to(evaluate(node, columns), (n,)))


def _rows(columns: Mapping[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[rows] for name, values in columns.items()}


def box_of(columns: Mapping[str, np.ndarray], share: float = 0.005) -> dict[str, Bounds]:
    """Where all but `share` of the patients lie at either end, of each variable; widened to three digits."""
    return {name: _span(np.asarray(values, dtype=float), share) for name, values in columns.items()}


def _span(values: np.ndarray, share: float) -> Bounds:
    low, high = np.quantile(values, [share, 1.0 - share])
    return float(f"{low:.3g}"), float(f"{high:.3g}")
