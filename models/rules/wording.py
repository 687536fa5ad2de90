"""A frozen rule written out for people: its steps as text, LaTeX and JSON."""

from math import exp

from models.rules.expression import variables
from models.rules.frozen import FrozenRule
from models.rules.polynomial import polynomial_of
from models.rules.printing import SHORT, as_json, latex, latex_number, text
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


def json_of(rule: FrozenRule) -> dict[str, object]:
    """The formula and its inputs as nested lists, for other programs, with where it holds."""
    inputs = [
        {"symbol": i.symbol, "top": i.top, "bottom": i.bottom, "reference": i.reference, "log": i.log, "unit": i.unit,
         "low": i.low, "high": i.high}
        for i in rule.inputs
    ]  # fmt: skip
    return {
        "id": rule.id,
        "hash": rule.hash,
        "y": as_json(rule.formula),
        "inputs": inputs,
        "base": rule.output.base,
        "factor": rule.output.factor,
        "quantities": [dict(vars(item)) for item in rule.quantities],
        "absent": list(rule.absent),
        "not_verified": list(rule.not_verified),
    }


def _input(item: Input) -> str:
    over = f"{item.top}/{item.bottom}" if item.bottom else item.top
    share = over if item.reference == 1.0 else f"{over}/{item.reference:g}"
    return f"ln({share})" if item.log else share


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
