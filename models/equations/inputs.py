"""The inputs of an equation: names and values that can be, and whether the equation was made for them."""

from collections.abc import Mapping
from math import isfinite
from numbers import Real

from models.equations.equation import Equation, EquationInput, Value
from models.equations.errors import BadEquationInput
from models.findings import Finding


def checked(equation: Equation, inputs: Mapping[str, Value | None]) -> dict[str, Value | None]:
    """Every input of the equation, None where not given. Raises BadEquationInput."""
    known = {item.name: item for item in equation.inputs}
    if unknown := sorted(set(inputs) - set(known)):
        raise BadEquationInput(f"{equation.id} has no input {', '.join(unknown)}; it takes {', '.join(known)}")
    given = {name: _one(equation.id, item, inputs.get(name)) for name, item in known.items()}
    for rule in equation.together:
        total = sum(float(value) for name in rule.inputs if (value := given[name]) is not None)
        if total > rule.most:
            names = " and ".join(rule.inputs)
            raise BadEquationInput(f"{equation.id}: {names} add up to {total:g}; {rule.why}; correct the entry")
    return given


def _one(where: str, item: EquationInput, value: Value | None) -> Value | None:
    if value is None:
        return None
    if item.kind == "category":
        if value not in item.options:
            raise _bad(where, item, f"one of {', '.join(item.options)}", value)
        return value
    if not _is_number(value):
        raise _bad(where, item, f"a finite number of {item.unit}", value)
    number = float(value)
    if item.kind == "flag" and number not in (0.0, 1.0):
        raise _bad(where, item, "0 or 1", value)
    if item.kind == "count" and (number != int(number) or number < 0):
        raise _bad(where, item, "a whole number of at least 0", value)
    return number


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and isfinite(value)


def _bad(where: str, item: EquationInput, expected: str, got: object) -> BadEquationInput:
    return BadEquationInput(f"{where}: {item.name} must be {expected}, got {got!r}; correct the entry")


def refusal(item: EquationInput, value: Value | None) -> Finding | None:
    """Why the equation gives no dose for this value, or None."""
    if value is None:
        if item.assumed is not None or item.may_be_unknown:
            return None
        text = f"{_words(item)} is not given, and the equation has no value to take for it."
        return Finding(code="missing", severity="critical", text=text)
    if isinstance(value, str) or item.low <= value <= item.high:
        return None
    return Finding(code="outside-domain", severity="critical", text=_outside(item, value))


def _outside(item: EquationInput, value: float) -> str:
    if item.kind == "flag":
        return f"{_words(item)}: {'yes' if value else 'no'}. {item.why}."
    unit = "" if item.unit == "1" else f" {item.unit}"
    return f"{_words(item)} of {value:g}{unit} is outside {item.low:g} to {item.high:g}{unit} ({item.why})."


def _words(item: EquationInput) -> str:
    return item.words[0].upper() + item.words[1:]
