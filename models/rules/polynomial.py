"""A formula of +, -, * and whole powers as a sum of products, in one order; what it multiplies out to."""

from collections.abc import Mapping

from models.rules.expression import CONSTANT, VARIABLE, Node, applied, constant, variable

Monomial = tuple[tuple[str, int], ...]  # (name, power), sorted; () is the constant term
Polynomial = Mapping[Monomial, float]
MOST_TERMS = 60


def simplified(node: Node) -> Node:
    """The sum of products where the formula is one; else with its constants folded."""
    polynomial = polynomial_of(node)
    return _folded(node) if polynomial is None else from_polynomial(polynomial)


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
    if base is None or exponent < 1 or exponent != int(exponent):
        return None
    found: Polynomial | None = base
    for _ in range(int(exponent) - 1):
        found = None if found is None else _product(found, base)
    return found


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


def _folded(node: Node) -> Node:
    """Each part that is a polynomial multiplied out."""
    args = tuple(simplified(arg) for arg in node.args)
    return Node(node.op, args, value=node.value, name=node.name)
