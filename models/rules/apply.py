"""A frozen rule on one patient's quantities: the estimate with its arithmetic, or silence with its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite

import numpy as np

from models.rules.expression import Node, evaluate, variables
from models.rules.frozen import FrozenRule, Spread
from models.rules.polynomial import addends
from models.rules.printing import SHORT, text
from models.rules.quantities import Quantity
from models.silent import Silent
from models.units import unit_words

_EDGE = 1e-9  # relative; a value on the edge of the box is inside


@dataclass(frozen=True, kw_only=True)
class Term:
    """An addend of the formula: what it adds to ln(clearance / base), and by what it multiplies clearance."""

    words: str
    adds: float

    @property
    def factor(self) -> float:
        return exp(self.adds)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """clearance in L/h; exposure of the charted regimen in the output's unit. inputs: the formula's variables.

    terms: exact shares of ln(clearance / base).
    """

    clearance: float
    exposure: float
    base: float
    log_ratio: float
    inputs: Mapping[str, float]
    terms: tuple[Term, ...]

    def interval(self, spread: Spread) -> tuple[float, float]:
        """Of the exposure: where the truth lay for `spread.share` of the patients that the rule did not know."""
        return self.exposure * exp(-spread.high), self.exposure * exp(-spread.low)


def estimate(
    rule: FrozenRule, values: Mapping[str, float], flags: Mapping[str, bool] | None = None
) -> Estimate | Silent:
    """values: by quantity, in the units that the rule names. flags: what is charted as yes or no. Never raises."""
    reasons = [*_present_flags(rule, flags or {}), *_outside(rule, values)]
    if reasons:
        return Silent(reasons=tuple(reasons))
    arrays = {name: np.asarray(float(value)) for name, value in values.items()}
    inputs = {item.symbol: float(item.value(arrays)) for item in rule.inputs}
    log_ratio = float(evaluate(rule.formula, inputs))
    base = float(values[rule.output.base]) if isinstance(rule.output.base, str) else rule.output.base
    if not isfinite(log_ratio) or abs(log_ratio) > 20.0:
        return Silent(reasons=("The formula has no usable value for these numbers.",))
    clearance = base * exp(log_ratio)
    return Estimate(
        clearance=clearance,
        exposure=rule.output.factor * float(values["rate"]) / clearance,
        base=base,
        log_ratio=log_ratio,
        inputs=inputs,
        terms=_terms(rule, inputs),
    )


def dose_for(rule: FrozenRule, found: Estimate, target: float, interval: float) -> float:
    """mg every `interval` h that bring the exposure to `target`, in the output's unit."""
    return target * found.clearance * interval / rule.output.factor


def _present_flags(rule: FrozenRule, flags: Mapping[str, bool]) -> list[str]:
    return [
        f"The rule was not made for patients with {name.replace('_', ' ')}." for name in rule.absent if flags.get(name)
    ]


def _outside(rule: FrozenRule, values: Mapping[str, float]) -> list[str]:
    found = [reason for item in rule.quantities if (reason := _quantity(item, values.get(item.name)))]
    if found:
        return found
    arrays = {name: np.asarray(float(value)) for name, value in values.items()}
    for item in rule.inputs:
        ratio = float(item.ratio(arrays))
        if not _inside(ratio, item.low, item.high):
            over = f" over {item.bottom.replace('_', ' ')}" if item.bottom else ""
            found.append(
                f"{item.top.replace('_', ' ').capitalize()}{over} is {ratio:.3g}, outside the {item.low:g} to "
                f"{item.high:g} that the rule was made in."
            )
    return found


def _quantity(item: Quantity, value: float | None) -> str:
    if value is None:
        return f"{item.words.capitalize()} is not known."
    if not isfinite(value):
        return f"{item.words.capitalize()} is not a number."
    if not _inside(value, item.low, item.high):
        unit = "" if item.unit == "1" else f" {unit_words(item.unit)}"
        made = f"{item.low:g} to {item.high:g}{unit} that the rule was made in"
        return f"{item.words.capitalize()} of {value:.4g}{unit} is outside the {made}."
    return ""


def _inside(value: float, low: float, high: float) -> bool:
    return isfinite(value) and low - _EDGE * abs(low) <= value <= high + _EDGE * abs(high)


def _terms(rule: FrozenRule, inputs: Mapping[str, float]) -> tuple[Term, ...]:
    parts = addends(rule.formula)
    return tuple(Term(words=_part_words(part), adds=float(evaluate(part, inputs))) for part in parts)


def _part_words(part: Node) -> str:
    return text(part, SHORT) if variables(part) else "constant"
