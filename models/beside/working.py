"""A rule worked out with one patient's numbers: lines that a calculator can follow."""

from collections.abc import Iterator, Mapping

from models.rules.apply import Estimate
from models.rules.expression import variables
from models.rules.frozen import FrozenRule
from models.rules.printing import text
from models.rules.quantities import Input
from models.units import unit_words

# five figures: the last line then agrees with the exact value to 0.1 %, which no dose rounding sees
FIGURES = "{:.5g}".format


def working(rule: FrozenRule, found: Estimate, values: Mapping[str, float]) -> tuple[str, ...]:
    """Inputs, sum, clearance, exposure, each as "name = with the numbers put in = result".

    The clearance has the name that the rule gives it: dose rate over a trough is not the clearance of the page.
    """
    return tuple(_lines(rule, found, values))


def _lines(rule: FrozenRule, found: Estimate, values: Mapping[str, float]) -> Iterator[str]:
    units = {item.name: item.unit for item in rule.quantities}
    yield from _used(rule, values, units)
    for item in rule.inputs:
        if item.symbol in variables(rule.formula):
            yield f"{item.symbol} = {_formula(item)} = {_filled(item, values)} = {FIGURES(found.inputs[item.symbol])}"
    yield f"y = {text(rule.formula, FIGURES)} = {FIGURES(found.log_ratio)}"
    base = rule.output.base if isinstance(rule.output.base, str) else ""
    yield (
        f"{rule.output.words} = {f'{base} × ' if base else ''}{'' if base else FIGURES(found.base) + ' × '}exp(y) = "
        f"{FIGURES(found.base)} × exp({FIGURES(found.log_ratio)}) = {FIGURES(found.clearance)} L/h"
    )
    rate = FIGURES(values["rate"])
    unit = unit_words(rule.output.unit)
    yield (
        f"{rule.output.exposure_words} = {rule.output.factor:g} × rate / {rule.output.words} = "
        f"{rule.output.factor:g} × {rate} "
        f"{units['rate']} / {FIGURES(found.clearance)} = {FIGURES(found.exposure)} {unit}"
    )
    if rule.behind:
        yield f"behind what is expected: {rule.behind}"


def _used(rule: FrozenRule, values: Mapping[str, float], units: Mapping[str, str]) -> Iterator[str]:
    """Each quantity with its unit; a level with when it was drawn."""
    read = [item for item in rule.inputs if item.symbol in variables(rule.formula)]
    for name in dict.fromkeys(name for item in read for name in (item.top, item.bottom) if name):
        unit = f" {unit_words(units[name])}".rstrip() if name in units else ""
        kind, _, sample = name.partition("_")
        drawn = values.get(f"after_dose_{sample}") if kind == "level" else None
        since = f", drawn {FIGURES(drawn)} h after the start of its dose" if drawn is not None else ""
        yield f"{name} = {FIGURES(values[name])}{unit}{since}"


def _formula(item: Input) -> str:
    over = f"{item.top} / {item.bottom}" if item.bottom else item.top
    share = over if item.reference == 1.0 else f"{over} / {item.reference:g}"
    return f"ln({share})" if item.log else share


def _filled(item: Input, values: Mapping[str, float]) -> str:
    top = FIGURES(values[item.top])
    over = f"{top} / {FIGURES(values[item.bottom])}" if item.bottom else top
    share = over if item.reference == 1.0 else f"{over} / {item.reference:g}"
    return f"ln({share})" if item.log else share
