"""A formula as text that parses back to itself, LaTeX, Python, a spreadsheet's formula, and JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.rules.expression import CONSTANT, OPERATORS, VARIABLE, Node

SHORT = "{:.4g}".format
_ATOM = 9  # binds more tightly than any operator


@dataclass(frozen=True, kw_only=True)
class _Style:
    """sign: how tightly what follows a sign must bind; a spreadsheet reads -x^2 as (-x)^2."""

    power: str = "^"
    sign: int = 4
    functions: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    number: Callable[[float], str] = repr


def text(node: Node, number: Callable[[float], str] = repr) -> str:
    """Infix; numbers to the last digit unless `number` says otherwise, so that parse(text(e)) == e."""
    return _infix(node, _Style(number=number))[0]


def python(node: Node) -> str:
    """An expression of Python's math module."""
    functions = {name: f"math.{name}" for name in ("exp", "log", "sqrt")}
    return _infix(node, _Style(power="**", functions=functions))[0]


def spreadsheet(node: Node, cells: Mapping[str, str]) -> str:
    """A cell's formula; cells: where each variable stands, as "B2"."""
    style = _Style(sign=5, functions={"exp": "EXP", "log": "LN", "sqrt": "SQRT"}, names=cells)
    return "=" + _infix(node, style)[0]


def _infix(node: Node, style: _Style) -> tuple[str, int]:
    """The text and how tightly it binds."""
    if node.op == CONSTANT:
        shown = style.number(node.value)
        return shown, 3 if shown.startswith("-") else _ATOM
    if node.op == VARIABLE:
        return style.names.get(node.name, node.name), _ATOM
    operator = OPERATORS[node.op]
    first = _infix(node.args[0], style)
    if operator.binds == 0:
        return f"{style.functions.get(node.op, operator.symbol)}({first[0]})", _ATOM
    if node.op == "neg":
        return f"-{_at_least(first, style.sign)}", 3
    second = _infix(node.args[1], style)
    if node.op == "pow":
        exponent = f"({second[0]})" if second[0].startswith("-") else second[0]
        return f"{_at_least(first, 5)}{style.power}{exponent}", 4
    # to the right of an operator the same binding needs parentheses, and a sign is read more easily in them
    right = _at_least(second, 4 if second[1] == 3 else operator.binds + 1)
    sign = f" {operator.symbol} " if operator.binds == 1 else operator.symbol
    return f"{_at_least(first, operator.binds)}{sign}{right}", operator.binds


def _at_least(part: tuple[str, int], binds: int) -> str:
    return part[0] if part[1] >= binds else f"({part[0]})"


def latex(node: Node, names: Mapping[str, str], digits: int = 4) -> str:
    """names: LaTeX of each variable; numbers to `digits` significant ones."""
    return _latex(node, names, digits)[0]


def _latex(node: Node, names: Mapping[str, str], digits: int) -> tuple[str, int]:
    if node.op == CONSTANT:
        return latex_number(node.value, digits), 3 if node.value < 0 else _ATOM
    if node.op == VARIABLE:
        return names.get(node.name, rf"\mathrm{{{node.name}}}"), _ATOM
    parts = [_latex(arg, names, digits) for arg in node.args]
    inner = parts[0][0]
    match node.op:
        case "div":
            return rf"\frac{{{inner}}}{{{parts[1][0]}}}", _ATOM
        case "pow":
            return f"{_wrapped(parts[0], 5)}^{{{parts[1][0]}}}", 4
        case "exp":
            return f"e^{{{inner}}}", 4
        case "log":
            return rf"\ln\left({inner}\right)", _ATOM
        case "sqrt":
            return rf"\sqrt{{{inner}}}", _ATOM
        case "neg":
            return f"-{_wrapped(parts[0], 4)}", 3
        case "mul":
            return rf"{_wrapped(parts[0], 2)} \cdot {_wrapped(parts[1], 4)}", 2
        case _:
            return f"{inner} {OPERATORS[node.op].symbol} {_wrapped(parts[1], 4 if parts[1][1] == 3 else 2)}", 1


def latex_number(value: float, digits: int = 4) -> str:
    """As 0.62, or 1.2 \\cdot 10^{-5}."""
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _wrapped(part: tuple[str, int], binds: int) -> str:
    return part[0] if part[1] >= binds else rf"\left({part[0]}\right)"


def as_json(node: Node) -> Any:
    """Nested lists: ["add", 0.5, ["mul", 2.0, "r_trough"]]."""
    if node.op == CONSTANT:
        return node.value
    return node.name if node.op == VARIABLE else [node.op, *(as_json(arg) for arg in node.args)]
