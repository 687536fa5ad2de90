"""A frozen rule written out for people: its steps as text, LaTeX, Python, a spreadsheet."""

from math import exp

from models.rules.expression import variables
from models.rules.frozen import FrozenRule
from models.rules.polynomial import polynomial_of
from models.rules.printing import SHORT, as_json, latex, latex_number, python, spreadsheet, text
from models.rules.quantities import Input


def steps(rule: FrozenRule) -> tuple[str, ...]:
    """What to work out, in order: inputs, y, clearance, exposure, dose."""
    used = [item for item in rule.inputs if item.symbol in variables(rule.formula)]
    return (
        *(f"{item.symbol} = {_input(item)}" for item in used),
        f"y = {text(rule.formula, SHORT)}",
        f"clearance = {_base(rule)} * exp(y)",
        f"exposure = {rule.output.factor:g} * rate / clearance",
        f"dose = target * clearance * interval / {rule.output.factor:g}",
    )


def at_once(rule: FrozenRule) -> str:
    """Clearance as one product of powers where the formula is linear in logarithms; else with exp."""
    product = _product(rule)
    return f"clearance = {product}" if product else f"clearance = {_base(rule)} * exp({text(rule.formula, SHORT)})"


def latex_of(rule: FrozenRule) -> str:
    names = {item.symbol: rf"\ln\frac{{{_tex(item.top)}}}{{{_below(item)}}}" for item in rule.inputs if item.log}
    names |= {item.symbol: _tex(item.top) for item in rule.inputs if not item.log}
    return rf"\ln\frac{{CL}}{{{_base_tex(rule)}}} = {latex(rule.formula, names)}"


def python_of(rule: FrozenRule) -> str:
    """A function of the quantities, with nothing but math."""
    used = [item for item in rule.inputs if item.symbol in variables(rule.formula)]
    base = [rule.output.base] if isinstance(rule.output.base, str) else []
    takes = dict.fromkeys([*(name for item in used for name in (item.top, item.bottom) if name), *base])
    lines = ["import math", "", f"def clearance({', '.join(takes)}):"]
    lines += [f"    {item.symbol} = {_python_input(item)}" for item in used]
    return "\n".join([*lines, f"    return {_base(rule)} * math.exp({python(rule.formula)})", ""])


def spreadsheet_of(rule: FrozenRule) -> tuple[str, ...]:
    """One "cell: content" a line: quantities in column B, inputs below them, then y, clearance, exposure."""
    used = [item for item in rule.inputs if item.symbol in variables(rule.formula)]
    base = [rule.output.base] if isinstance(rule.output.base, str) else []
    takes = list(dict.fromkeys([*(n for i in used for n in (i.top, i.bottom) if n), *base, "rate"]))
    cells = {name: f"B{row}" for row, name in enumerate(takes, start=1)}
    lines = [f"{cells[name]}: ({name})" for name in takes]
    for item in used:
        cells[item.symbol] = f"B{len(cells) + 1}"
        over = f"{cells[item.top]}/{cells[item.bottom]}" if item.bottom else cells[item.top]
        share = over if item.reference == 1.0 else f"{over}/{item.reference!r}"
        lines.append(f"{cells[item.symbol]}: {f'=LN({share})' if item.log else f'={share}'}")
    row = len(cells) + 1
    first = cells[rule.output.base] if isinstance(rule.output.base, str) else repr(rule.output.base)
    lines.append(f"B{row}: {spreadsheet(rule.formula, cells)}")
    lines.append(f"B{row + 1}: ={first}*EXP(B{row})")
    return (*lines, f"B{row + 2}: ={rule.output.factor!r}*{cells['rate']}/B{row + 1}")


def json_of(rule: FrozenRule) -> dict[str, object]:
    """The formula and its inputs as nested lists, for other programs."""
    inputs = [
        {"symbol": i.symbol, "top": i.top, "bottom": i.bottom, "reference": i.reference, "log": i.log}
        for i in rule.inputs
    ]
    return {"y": as_json(rule.formula), "inputs": inputs, "base": rule.output.base, "factor": rule.output.factor}


def _input(item: Input) -> str:
    over = f"{item.top}/{item.bottom}" if item.bottom else item.top
    share = over if item.reference == 1.0 else f"{over}/{item.reference:g}"
    return f"ln({share})" if item.log else share


def _python_input(item: Input) -> str:
    over = f"{item.top} / {item.bottom}" if item.bottom else item.top
    share = over if item.reference == 1.0 else f"{over} / {item.reference!r}"
    return f"math.log({share})" if item.log else share


def _base(rule: FrozenRule) -> str:
    return rule.output.base if isinstance(rule.output.base, str) else f"{rule.output.base:g}"


def _product(rule: FrozenRule) -> str:
    """Empty where the formula is no sum of single inputs."""
    polynomial = polynomial_of(rule.formula)
    if polynomial is None or any(sum(power for _, power in key) > 1 for key in polynomial):
        return ""
    by = {item.symbol: item for item in rule.inputs}
    factors = [_base(rule), SHORT(exp(polynomial.get((), 0.0)))]
    for key, value in polynomial.items():
        if key:
            item = by[key[0][0]]
            factors.append(_factor(item, value))
    return " * ".join(factors)


def _factor(item: Input, value: float) -> str:
    if not item.log:
        return f"exp({SHORT(value)} * {_input(item)})"
    share = _input(item).removeprefix("ln")
    return f"{share}^{SHORT(value)}" if value >= 0 else f"{share}^({SHORT(value)})"


def _tex(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}"


def _below(item: Input) -> str:
    reference = latex_number(item.reference)
    if not item.bottom:
        return reference
    return _tex(item.bottom) if item.reference == 1.0 else rf"{_tex(item.bottom)} \cdot {reference}"


def _base_tex(rule: FrozenRule) -> str:
    return _tex(rule.output.base) if isinstance(rule.output.base, str) else latex_number(rule.output.base)
