"""An equation's TOML file against its closed vocabulary; nothing in it is evaluated as an expression."""

from collections.abc import Mapping
from hashlib import sha256
from itertools import product
from math import inf
from pathlib import Path
from typing import cast, get_args

from models.datafile import Table, read_table
from models.equations.equation import Equation, EquationInput, Form, Kind, Term, Together, Transform, Value
from models.errors import ModelFileError
from models.formulas import FORMULAS
from models.units import COVARIATES


def load_equation(path: Path) -> Equation:
    """One equation. Raises ModelFileError naming the file, the key and what was expected."""
    content = path.read_bytes()
    top = read_table(path, content)
    result, evidence, population = top.table("result"), top.table("evidence"), top.table("population")
    inputs = top.table("inputs")
    equation = Equation(
        id=top.text("id"),
        drug=top.text("drug"),
        title=top.text("title"),
        equations=top.texts("equations"),
        citation=_citation(top.table("reference")),
        population=population.text("text"),
        amount_of=result.text("amount_of"),
        inputs=tuple(_input(inputs.table(name), name) for name in inputs.names()),
        together=tuple(_together(item) for item in top.tables("together", default=[])),
        terms=tuple(_term(item) for item in top.tables("term")),
        transform=cast(Transform, result.text("transform", one_of=get_args(Transform))),
        times=result.text("times", default=""),
        unit=result.text("unit", one_of=("mg", "mg/d", "mg/wk")),
        days=result.number("days", low=0, default=0.0),
        largest=result.number("largest", above=0),
        largest_source=result.text("largest_source"),
        read_in=evidence.texts("read_in"),
        not_verified=evidence.texts("not_verified"),
        hash=sha256(content).hexdigest(),
    )
    for table in (result, evidence, population, inputs, top):
        table.finish()
    _check(f"{path.parent.name}/{path.name}", path, equation)
    return equation


def _citation(table: Table) -> str:
    text = f"{table.text('authors')}. {table.text('journal')} ({int(table.number('year'))})"
    doi = table.text("doi", default="")
    table.finish()
    return f"{text}; doi {doi}" if doi else text


def _input(table: Table, name: str) -> EquationInput:
    kind = cast(Kind, table.text("kind", one_of=get_args(Kind)))
    low, high = table.maybe("low"), table.maybe("high")
    item = EquationInput(
        name=name,
        words=table.text("words", default=name.replace("_", " ")),
        unit=table.text("unit"),
        kind=kind,
        low=-inf if low is None else low,
        high=inf if high is None else high,
        options=table.texts("options", default=()),
        assumed=_assumed(table, kind),
        may_be_unknown=table.flag("may_be_unknown", default=False),
        why=table.text("why", default=""),
    )
    if (low is not None or high is not None) != bool(item.why):
        raise table.error("why", "given with low and high, and only then", item.why)
    if bool(item.options) != (kind == "category"):
        raise table.error("options", "given for a category, and only then", item.options)
    if name in COVARIATES and COVARIATES[name] != item.unit:
        raise table.error("unit", f"{COVARIATES[name]!r}, as records carry it", item.unit)
    table.finish()
    return item


def _assumed(table: Table, kind: Kind) -> Value | None:
    if "assumed" not in table.names():
        return None
    return table.text("assumed") if kind == "category" else table.number("assumed")


def _together(table: Table) -> Together:
    rule = Together(inputs=table.texts("inputs"), most=table.number("most", above=0), why=table.text("why"))
    table.finish()
    return rule


def _term(table: Table) -> Term:
    form = cast(Form, table.text("form", one_of=get_args(Form)))
    term = Term(
        name=table.text("name"),
        form=form,
        value=table.number("value") if form == "constant" else 0.0,
        coefficient=table.number("coefficient") if form == "linear" else 0.0,
        inputs=table.texts("inputs") if form != "constant" else (),
        formula=table.text("formula", default="") if form == "linear" else "",
        decades=table.flag("decades", default=False) if form == "linear" else False,
        cap=table.number("cap", above=0, default=inf) if form == "linear" and "cap" in table.names() else inf,
        cap_source=table.text("cap_source") if "cap_source" in table.names() else "",
        table=_values(table) if form == "table" else {},
        unknown=table.maybe("unknown") if form == "table" else None,
    )
    table.text("source", default="")
    table.finish()
    if (term.cap < inf) != bool(term.cap_source):
        raise table.error("cap_source", "given with cap, and only then", term.cap_source)
    return term


def _values(table: Table) -> Mapping[str, float]:
    values = table.table("values")
    found = {key: values.number(key) for key in values.names()}
    values.finish()
    return found


def _check(where: str, path: Path, equation: Equation) -> None:
    """What only the whole file can say wrong."""
    expected = f"{path.parent.name}/{path.stem}"
    if equation.id != expected or equation.drug != path.parent.name:
        raise ModelFileError(f"{where}: id and drug must be {expected!r} and {path.parent.name!r}, got {equation.id!r}")
    known = {item.name: item for item in equation.inputs}
    used = {name for term in equation.terms for name in term.inputs} | ({equation.times} - {""})
    used |= {name for rule in equation.together for name in rule.inputs}
    if missing := sorted(used - set(known)):
        raise ModelFileError(f"{where}: {', '.join(missing)} must be in [inputs], as terms use it")
    if (equation.transform == "times") != bool(equation.times):
        raise ModelFileError(f"{where}: result.times must be given with transform = 'times', and only then")
    if equation.unit != "mg" and equation.days != {"mg/d": 1.0, "mg/wk": 7.0}[equation.unit]:
        raise ModelFileError(f"{where}: result.days must be that of {equation.unit}, got {equation.days:g}")
    for term in equation.terms:
        _check_term(where, term, known, equation.together)
    tabled = {name for term in equation.terms if term.unknown is not None for name in term.inputs}
    if loose := sorted(item.name for item in equation.inputs if item.may_be_unknown and item.name not in tabled):
        raise ModelFileError(f"{where}: {', '.join(loose)} may be unknown, but no table has a value for that")


def _check_term(where: str, term: Term, known: Mapping[str, EquationInput], together: tuple[Together, ...]) -> None:
    if term.formula and (term.formula not in FORMULAS or set(FORMULAS[term.formula].inputs) != set(term.inputs)):
        raise ModelFileError(f"{where}: term {term.name!r} must name a formula and its inputs, got {term.formula!r}")
    if term.form == "linear" and not term.formula and len(term.inputs) != 1:
        raise ModelFileError(f"{where}: term {term.name!r} must have one input, or a formula, got {term.inputs}")
    if term.form == "table":
        every = {",".join(key) for key in product(*(_levels(known[name]) for name in term.inputs))}
        every -= {key for key in every for rule in together if rule.inputs == term.inputs and _sum(key) > rule.most}
        if every != set(term.table):
            odd = sorted(every ^ set(term.table))
            raise ModelFileError(f"{where}: term {term.name!r} must have a value for every level; check {odd}")


def _sum(key: str) -> float:
    return sum(float(level) for level in key.split(","))


def _levels(item: EquationInput) -> tuple[str, ...]:
    if item.kind == "category":
        return item.options
    if item.kind == "flag":
        return ("0", "1")
    if item.kind == "count" and item.low > -inf and item.high < inf:
        return tuple(f"{n}" for n in range(int(item.low), int(item.high) + 1))
    return ()
