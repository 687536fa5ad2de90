"""A formula as a small tree of whitelisted operators, and its safe evaluation; nothing is ever eval'ed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from models.errors import RuleError

MOST_NODES, DEEPEST = 200, 40  # a rule has at most 20 nodes; what an engine finds before it is simplified has more
LARGEST_EXPONENT = 10.0
LARGEST_CONSTANT = 1e12


@dataclass(frozen=True, kw_only=True)
class Operator:
    """function: on arrays. binds: precedence of the infix symbol, 0 where it is written as a function."""

    arity: int
    function: Callable[..., np.ndarray]
    symbol: str
    binds: int = 0


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "add": Operator(arity=2, function=np.add, symbol="+", binds=1),
        "sub": Operator(arity=2, function=np.subtract, symbol="-", binds=1),
        "mul": Operator(arity=2, function=np.multiply, symbol="*", binds=2),
        "div": Operator(arity=2, function=np.divide, symbol="/", binds=2),
        "neg": Operator(arity=1, function=np.negative, symbol="-", binds=3),
        "pow": Operator(arity=2, function=np.power, symbol="^", binds=4),
        "exp": Operator(arity=1, function=np.exp, symbol="exp"),
        "log": Operator(arity=1, function=np.log, symbol="log"),
        "sqrt": Operator(arity=1, function=np.sqrt, symbol="sqrt"),
    }
)
FUNCTIONS = tuple(name for name, item in OPERATORS.items() if item.binds == 0)
CONSTANT, VARIABLE = "constant", "variable"


@dataclass(frozen=True)
class Node:
    """op: of OPERATORS, or a constant with its value, or a variable with its name. Checked when it is made."""

    op: str
    args: tuple["Node", ...] = ()
    value: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        if self.op == CONSTANT and not (isfinite(self.value) and abs(self.value) <= LARGEST_CONSTANT):
            raise RuleError(f"a constant must be finite and at most {LARGEST_CONSTANT:g}, got {self.value}")
        if self.op in (CONSTANT, VARIABLE):
            return
        if self.op not in OPERATORS:
            raise RuleError(f"operator {self.op!r} is not allowed; known are {', '.join(OPERATORS)}")
        if len(self.args) != OPERATORS[self.op].arity:
            raise RuleError(f"{self.op} takes {OPERATORS[self.op].arity} operands, got {len(self.args)}")
        if self.op == "pow":
            _small_exponent(self.args[1])


def _small_exponent(exponent: Node) -> None:
    """Not 0 either: that would make a number of what has none."""
    if exponent.op != CONSTANT or not 0.0 < abs(exponent.value) <= LARGEST_EXPONENT:
        raise RuleError(f"an exponent must be a number from -{LARGEST_EXPONENT:g} to {LARGEST_EXPONENT:g} other than 0")


def constant(value: float) -> Node:
    return Node(CONSTANT, value=float(value))


def variable(name: str) -> Node:
    return Node(VARIABLE, name=name)


def applied(op: str, *args: Node) -> Node:
    """The operator on its operands; the negative of a number is a number."""
    if op == "neg" and len(args) == 1 and args[0].op == CONSTANT:
        return constant(-args[0].value)
    return Node(op, tuple(args))


def walk(node: Node) -> Iterator[Node]:
    """Every node, each before its operands, from left to right."""
    yield node
    for arg in node.args:
        yield from walk(arg)


def count(node: Node) -> int:
    return sum(1 for _ in walk(node))


def depth(node: Node) -> int:
    return 1 + max((depth(arg) for arg in node.args), default=0)


def variables(node: Node) -> tuple[str, ...]:
    """Names, in order of their first appearance."""
    return tuple(dict.fromkeys(item.name for item in walk(node) if item.op == VARIABLE))


def constants(node: Node) -> tuple[float, ...]:
    """Those that a refit may change, from left to right: all but exponents."""
    if node.op == CONSTANT:
        return (node.value,)
    return tuple(value for arg in _free(node) for value in constants(arg))


def with_constants(node: Node, values: tuple[float, ...]) -> Node:
    """The same formula with other constants, in the order of `constants`."""
    left = iter(values)
    found = _replaced(node, left)
    if next(left, None) is not None:
        raise RuleError(f"{len(values)} constants were given, the formula has {len(constants(node))}")
    return found


def _replaced(node: Node, left: Iterator[float]) -> Node:
    if node.op == CONSTANT:
        return constant(next(left))
    free = _free(node)
    return Node(node.op, (*(_replaced(arg, left) for arg in free), *node.args[len(free) :]), name=node.name)


def _free(node: Node) -> tuple[Node, ...]:
    return node.args[:1] if node.op == "pow" else node.args


def shape(node: Node) -> Node:
    """The formula without its constants: two of the same shape differ in numbers only."""
    return with_constants(node, (1.0,) * len(constants(node)))


def evaluate(node: Node, values: Mapping[str, ArrayLike]) -> np.ndarray:
    """On numbers or arrays that broadcast. Never raises for a number: NaN or inf where there is no value.

    RuleError where a variable has no value.
    """
    missing = [name for name in variables(node) if name not in values]
    if missing:
        raise RuleError(f"the formula needs {', '.join(missing)}; got {', '.join(values) or 'nothing'}")
    arrays = {name: np.asarray(values[name], dtype=float) for name in variables(node)}
    with np.errstate(all="ignore"):
        return np.asarray(_value(node, arrays), dtype=float)


def _value(node: Node, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    if node.op == CONSTANT:
        return np.asarray(node.value)
    if node.op == VARIABLE:
        return arrays[node.name]
    return OPERATORS[node.op].function(*(_value(arg, arrays) for arg in node.args))
