"""A frozen rule as a program or a spreadsheet for elsewhere, which keeps to where the rule was made and says so."""

from collections.abc import Iterator

from models.rules.expression import variables
from models.rules.frozen import FrozenRule
from models.rules.printing import python, spreadsheet
from models.rules.quantities import Input, Quantity
from models.units import unit_words

_INSIDE = """def inside(name, value, low, high, unit):
    if not low <= value <= high:
        raise ValueError(f"{name} of {value:g} {unit} is outside the {low:g} to {high:g} that the rule was made in")
"""


def python_of(rule: FrozenRule) -> str:
    """A function of all of the rule's quantities, with nothing but math; ValueError outside of the box."""
    lines = [*(f"# {line}" for line in _about(rule)), "import math", "", "", *_INSIDE.splitlines(), "", ""]
    lines.append(f"def clearance({', '.join(item.name for item in _in_order(rule))}):")
    lines.append(f'    """L/h; of {", ".join(f"{item.name} ({_unit(item.unit)})" for item in _in_order(rule))}."""')
    lines += [f"    inside({item.name!r}, {item.name}, {_ends(item)})" for item in _in_order(rule)]
    lines += [f"    inside({_ratio(item)!r}, {_ratio(item)}, {_ends(item)})" for item in rule.inputs]
    lines += [f"    {item.symbol} = {_python_input(item)}" for item in _used(rule)]
    base = rule.output.base if isinstance(rule.output.base, str) else repr(rule.output.base)
    return "\n".join([*lines, f"    return {base} * math.exp({python(rule.formula)})", ""])


def spreadsheet_of(rule: FrozenRule) -> tuple[str, ...]:
    """One "cell: content" a line. A: names, B: quantities, then ratios, inputs, y, clearance, exposure; C to E: unit
    and range; F: whether inside. Clearance and exposure are numbers only where all is.
    """
    order = _in_order(rule)
    cells = {item.name: f"B{row}" for row, item in enumerate(order, start=1)}
    lines = [line for item in order for line in _row(cells[item.name], item.name, f"({item.name})", item)]
    for item in rule.inputs:
        cells[f"ratio of {item.symbol}"] = cell = f"B{len(cells) + 1}"
        over = f"{cells[item.top]}/{cells[item.bottom]}" if item.bottom else cells[item.top]
        lines += _row(cell, _ratio(item), f"={over}", item)
    ranged = len(cells)
    for item in _used(rule):
        share = cells[f"ratio of {item.symbol}"] + ("" if item.reference == 1.0 else f"/{item.reference!r}")
        cells[item.symbol] = cell = f"B{len(cells) + 1}"
        lines += [f"A{cell[1:]}: {item.symbol}", f"{cell}: {f'=LN({share})' if item.log else f'={share}'}"]
    row = len(cells) + 1
    base = cells[rule.output.base] if isinstance(rule.output.base, str) else repr(rule.output.base)
    inside = f'COUNTIF(F1:F{ranged},"inside")={ranged}'
    exposure = f"{rule.output.factor!r}*{cells['rate']}/B{row + 1}"
    lines += [f"A{row}: y", f"B{row}: {spreadsheet(rule.formula, cells)}"]
    lines += [f"A{row + 1}: clearance", f'B{row + 1}: =IF({inside},{base}*EXP(B{row}),"outside")', f"C{row + 1}: L/h"]
    lines += [f"A{row + 2}: exposure", f'B{row + 2}: =IF(ISNUMBER(B{row + 1}),{exposure},"outside")']
    lines.append(f"C{row + 2}: {_unit(rule.output.unit)}")
    return (*lines, *(f"A{n}: {line}" for n, line in enumerate(_about(rule), start=row + 4)))


def _row(cell: str, name: str, content: str, item: Quantity | Input) -> tuple[str, ...]:
    row = cell[1:]
    return (
        f"A{row}: {name}",
        f"{cell}: {content}",
        f"C{row}: {_unit(item.unit)}",
        f"D{row}: {item.low!r}",
        f"E{row}: {item.high!r}",
        f'F{row}: =IF(AND(ISNUMBER({cell}),{cell}>=D{row},{cell}<=E{row}),"inside","outside")',
    )


def _about(rule: FrozenRule) -> Iterator[str]:
    """Each one line, whatever is in the file, and none that a spreadsheet would take for a formula."""
    yield _line(f"Rule {rule.id} of titrate, hash {rule.hash}")
    yield _line(f"Gives the {rule.output.words} of {rule.drug}; levels: {rule.words}")
    if rule.behind:
        yield _line(f"Behind it: {rule.behind}")
    yield from (_line(f"Not for patients with {name.replace('_', ' ')}") for name in rule.absent)
    yield from (_line(f"Not verified: {text}") for text in rule.not_verified)


def _line(text: str) -> str:
    return " ".join(text.split())


def _in_order(rule: FrozenRule) -> list[Quantity]:
    """What the formula reads first, the base and the dose rate, then what only says where it holds."""
    base = [rule.output.base] if isinstance(rule.output.base, str) else []
    first = list(dict.fromkeys([*(n for i in _used(rule) for n in (i.top, i.bottom) if n), *base, "rate"]))
    return sorted(rule.quantities, key=lambda item: first.index(item.name) if item.name in first else len(first))


def _used(rule: FrozenRule) -> list[Input]:
    return [item for item in rule.inputs if item.symbol in variables(rule.formula)]


def _ends(item: Quantity | Input) -> str:
    return f"{item.low!r}, {item.high!r}, {_unit(item.unit)!r}"


def _unit(unit: str) -> str:
    return unit_words(unit) or "1"


def _ratio(item: Input) -> str:
    return f"{item.top} / {item.bottom}" if item.bottom else item.top


def _python_input(item: Input) -> str:
    share = _ratio(item) if item.reference == 1.0 else f"{_ratio(item)} / {item.reference!r}"
    return f"math.log({share})" if item.log else share
