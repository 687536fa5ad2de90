"""A formula multiplied out: a sum of products in one order."""

from collections.abc import Mapping
from math import exp

from models.rules.expression import CONSTANT, VARIABLE, Node, applied, constant, variable

Monomial = tuple[tuple[str, int], ...]  # (name, power), sorted; () is the constant term
Polynomial = Mapping[Monomial, float]
MOST_TERMS = 60
LARGEST_SHIFT = 20.0  # of an exponent; a larger one is no constant that anybody multiplies by


def simplified(node: Node) -> Node:
    """A sum of products; what is no polynomial (a function, a division) is taken as one of the factors."""
    atoms: dict[str, Node] = {}
    polynomial = polynomial_of(_abstract(node, atoms))
    if polynomial is None:  # too many terms
        return node
    return _concrete(from_polynomial(polynomial), atoms)


def _abstract(node: Node, atoms: dict[str, Node]) -> Node:
    """Each part that is no polynomial as a variable of its own, itself simplified."""
    if not node.args:
        return node
    if node.op in ("add", "sub", "mul", "neg") or (node.op == "pow" and _whole(node.args[1].value)):
        return Node(node.op, tuple(_abstract(arg, atoms) for arg in node.args))
    if node.op == "div" and (bottom := simplified(node.args[1])).op == CONSTANT and bottom.value != 0.0:
        return applied("mul", _abstract(node.args[0], atoms), constant(1.0 / bottom.value))
    inner = Node(node.op, tuple(simplified(arg) for arg in node.args))
    factor, atom = _without_shift(inner)
    name = f"~{len(atoms)}"  # sorts after every input
    name = next((known for known, part in atoms.items() if part == atom), name)
    atoms[name] = atom
    return applied("mul", constant(factor), variable(name)) if factor != 1.0 else variable(name)


def _without_shift(node: Node) -> tuple[float, Node]:
    """exp(c + x) as exp(c) times exp(x): the constant would trade against the one that multiplies it."""
    polynomial = polynomial_of(node.args[0]) if node.op == "exp" else None
    shift = polynomial.get((), 0.0) if polynomial else 0.0
    if polynomial is None or shift == 0.0 or abs(shift) > LARGEST_SHIFT:
        return 1.0, node
    return exp(shift), applied("exp", from_polynomial({key: value for key, value in polynomial.items() if key}))


def _concrete(node: Node, atoms: Mapping[str, Node]) -> Node:
    if node.op == VARIABLE:
        return atoms.get(node.name, node)
    return Node(node.op, tuple(_concrete(arg, atoms) for arg in node.args), value=node.value)


def addends(node: Node) -> tuple[Node, ...]:
    """The parts that add up to the formula."""
    if node.op == "add":
        return (*addends(node.args[0]), *addends(node.args[1]))
    if node.op == "sub":
        return (*addends(node.args[0]), *(applied("neg", part) for part in addends(node.args[1])))
    return (node,)


def polynomial_of(node: Node) -> Polynomial | None:
    """None where it divides by a variable, uses a function, or has more than MOST_TERMS terms."""
    if node.op == CONSTANT:
        return {(): node.value}
    if node.op == VARIABLE:
        return {((node.name, 1),): 1.0}
    if node.op == "pow":
        return _power(node)
    parts = [polynomial_of(arg) for arg in node.args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    match node.op:
        case "add":
            return _sum(known[0], known[1], 1.0)
        case "sub":
            return _sum(known[0], known[1], -1.0)
        case "neg":
            return _sum({}, known[0], -1.0)
        case "mul":
            return _product(known[0], known[1])
        case "div" if set(known[1]) <= {()} and known[1].get((), 0.0) != 0.0:
            return _product(known[0], {(): 1.0 / known[1][()]})
    return None


def _power(node: Node) -> Polynomial | None:
    base, exponent = polynomial_of(node.args[0]), node.args[1].value
    if base is None or not _whole(exponent):
        return None
    found: Polynomial | None = base
    for _ in range(int(exponent) - 1):
        found = None if found is None else _product(found, base)
    return found


def _whole(exponent: float) -> bool:
    return exponent >= 1 and exponent == int(exponent)


def _sum(a: Polynomial, b: Polynomial, sign: float) -> dict[Monomial, float]:
    return {key: a.get(key, 0.0) + sign * b.get(key, 0.0) for key in dict.fromkeys((*a, *b))}


def _product(a: Polynomial, b: Polynomial) -> dict[Monomial, float] | None:
    found: dict[Monomial, float] = {}
    for one, x in a.items():
        for other, y in b.items():
            powers: dict[str, int] = dict(one)
            for name, power in other:
                powers[name] = powers.get(name, 0) + power
            key = tuple(sorted(powers.items()))
            found[key] = found.get(key, 0.0) + x * y
    return found if len(found) <= MOST_TERMS else None


def from_polynomial(polynomial: Polynomial) -> Node:
    """Constant term first, then by degree and name; a product is c*a*a*b."""
    terms = sorted(polynomial.items(), key=lambda item: (sum(power for _, power in item[0]), item[0]))
    nodes = [_term(key, value) for key, value in terms if value != 0.0]
    if not nodes:
        return constant(0.0)
    found = nodes[0]
    for node in nodes[1:]:
        found = applied("add", found, node)
    return found


def _term(key: Monomial, value: float) -> Node:
    found = constant(value)
    for name, power in key:
        for _ in range(power):
            found = applied("mul", found, variable(name))
    return found
