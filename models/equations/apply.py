"""An equation applied to one patient: every term written out, so that a calculator gives the same."""

from collections.abc import Mapping
from math import exp, isfinite

from models.equations.equation import Contribution, Equation, EquationInput, EquationResult, Term, Value
from models.equations.inputs import checked, refusal
from models.findings import Finding
from models.formulas import FORMULAS

OLDEST_DECADE = 9.0  # 9 stands for 90 years and older


def apply(equation: Equation, inputs: Mapping[str, Value | None]) -> EquationResult:
    """The dose for one patient, unrounded.

    inputs: by name, in the units the equation names; None or left out = not known. Raises BadEquationInput for a name
    that the equation does not have, or a value that can not be (NaN, 1.5 alleles, a word for a number). What is
    missing, or outside the range the equation was made for, is a refusal in the result and no dose.
    """
    given = checked(equation, inputs)
    refusals = tuple(found for item in equation.inputs if (found := refusal(item, given[item.name])))
    if refusals:
        return _refused(equation, refusals)
    said = [_assumed(item) for item in equation.inputs if given[item.name] is None and item.assumed is not None]
    said += [_unknown(item) for item in equation.inputs if given[item.name] is None and item.may_be_unknown]
    values = {item.name: item.assumed if given[item.name] is None else given[item.name] for item in equation.inputs}
    contributions = tuple(_contribution(term, values, said) for term in equation.terms)
    return _result(equation, contributions, values, tuple(said))


def _result(
    equation: Equation,
    contributions: tuple[Contribution, ...],
    values: Mapping[str, Value | None],
    said: tuple[Finding, ...],
) -> EquationResult:
    predictor = sum(item.amount for item in contributions)
    if equation.transform == "square" and predictor <= 0.0:
        # squared it would rise again, the lower the sum falls
        return _refused(
            equation, (_no("no-dose", f"The sum of the terms is {predictor:.4g}; no dose follows from it."),)
        )
    dose, arithmetic = _transformed(equation, predictor, values)
    if dose > equation.largest:
        text = f"{dose:.4g} {equation.unit} is above {equation.largest:g} {equation.unit} ({equation.largest_source})."
        return _refused(equation, (_no("above-largest", text),), contributions, predictor, said)
    return EquationResult(
        equation=equation.id,
        dose=dose,
        unit=equation.unit,
        daily=dose / equation.days if equation.days else None,
        predictor=predictor,
        contributions=contributions,
        arithmetic=arithmetic,
        findings=said,
    )


def _transformed(equation: Equation, predictor: float, values: Mapping[str, Value | None]) -> tuple[float, str]:
    if equation.transform == "square":
        return predictor**2, f"{predictor:.4f}^2 {equation.unit}"
    if equation.transform == "exponential":
        return exp(predictor), f"exp({predictor:.4f}) {equation.unit}"
    by = _number(values[equation.times])
    return by * predictor, f"{by:g} * {predictor:.4f} {equation.unit}"


def _contribution(term: Term, values: Mapping[str, Value | None], said: list[Finding]) -> Contribution:
    if term.form == "constant":
        return Contribution(name=term.name, amount=term.value, arithmetic=f"{term.value:g}")
    if term.form == "table":
        return _from_table(term, [values[name] for name in term.inputs])
    x = _capped(term, _quantity(term, values), said)
    # + 0.0: a flag that is not set adds 0, not -0
    return Contribution(name=term.name, amount=term.coefficient * x + 0.0, arithmetic=f"{term.coefficient:g} * {x:.6g}")


def _quantity(term: Term, values: Mapping[str, Value | None]) -> float:
    numbers = {name: _number(values[name]) for name in term.inputs}
    if term.formula:
        return float(FORMULAS[term.formula].function(**numbers))
    (x,) = numbers.values()
    return min(x // 10.0, OLDEST_DECADE) if term.decades else x


def _capped(term: Term, x: float, said: list[Finding]) -> float:
    if x <= term.cap:
        return x
    text = f"{term.name[0].upper()}{term.name[1:]} of {x:.4g} is counted as {term.cap:g} ({term.cap_source})."
    said.append(Finding(code="capped", severity="warning", text=text))
    return term.cap


def _from_table(term: Term, levels: list[Value | None]) -> Contribution:
    if any(level is None for level in levels):
        amount, what = float(term.unknown or 0.0), "not known"
    else:
        key = ",".join(level if isinstance(level, str) else f"{level:g}" for level in levels if level is not None)
        amount, what = term.table[key], key
    return Contribution(name=term.name, amount=amount, arithmetic=f"{amount:g} ({what})")


def _number(value: Value | None) -> float:
    if isinstance(value, str) or value is None or not isfinite(value):  # inputs.checked has refused these before
        raise TypeError(f"expected a number, got {value!r}")
    return float(value)


def _assumed(item: EquationInput) -> Finding:
    value = item.assumed if isinstance(item.assumed, str) else f"{item.assumed:g}"
    if item.kind == "flag":
        value = "yes" if item.assumed else "no"
    return Finding(code="assumed", severity="warning", text=f"{_upper(item.words)} is not given; taken as {value}.")


def _unknown(item: EquationInput) -> Finding:
    text = f"{_upper(item.words)} is not known; the equation's own term for that is used."
    return Finding(code="unknown", severity="warning", text=text)


def _upper(words: str) -> str:
    return words[0].upper() + words[1:]


def _no(code: str, text: str) -> Finding:
    return Finding(code=code, severity="critical", text=text)


def _refused(
    equation: Equation,
    refusals: tuple[Finding, ...],
    contributions: tuple[Contribution, ...] = (),
    predictor: float | None = None,
    said: tuple[Finding, ...] = (),
) -> EquationResult:
    return EquationResult(
        equation=equation.id,
        dose=None,
        unit=equation.unit,
        daily=None,
        predictor=predictor,
        contributions=contributions,
        findings=said,
        refusals=refusals,
    )
