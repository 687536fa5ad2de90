"""The derivative of a formula by one of its variables, as a formula."""

from models.rules.expression import CONSTANT, VARIABLE, Node, applied, constant
from models.rules.polynomial import simplified

_ZERO, _ONE = constant(0.0), constant(1.0)


def derivative(node: Node, name: str) -> Node:
    """Simplified, so that terms that cancel are gone."""
    return simplified(_by(node, name))


def _by(node: Node, name: str) -> Node:
    if node.op == CONSTANT:
        return _ZERO
    if node.op == VARIABLE:
        return _ONE if node.name == name else _ZERO
    slopes = [_by(arg, name) for arg in node.args]
    if all(slope == _ZERO for slope in slopes):
        return _ZERO
    a, da = node.args[0], slopes[0]
    match node.op:
        case "add" | "sub":
            return applied(node.op, da, slopes[1])
        case "neg":
            return applied("neg", da)
        case "mul":
            return applied("add", applied("mul", da, node.args[1]), applied("mul", a, slopes[1]))
        case "div":
            b = node.args[1]
            top = applied("sub", applied("mul", da, b), applied("mul", a, slopes[1]))
            return applied("div", top, applied("mul", b, b))
        case "pow":
            return _power(a, da, node.args[1].value)
        case "exp":
            return applied("mul", node, da)
        case "log":
            return applied("div", da, a)
        case _:  # sqrt
            return applied("div", da, applied("mul", constant(2.0), node))


def _power(a: Node, da: Node, exponent: float) -> Node:
    """By a quotient where the lower exponent would leave the allowed range."""
    if exponent == 1.0:
        return da
    if exponent < -9.0:
        lower = applied("div", applied("pow", a, constant(exponent)), a)
    else:
        lower = applied("pow", a, constant(exponent - 1.0))
    return applied("mul", applied("mul", constant(exponent), lower), da)
