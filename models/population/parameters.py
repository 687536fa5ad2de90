"""The [parameters] and [derived] tables of a model file."""

from models.population.model import Derived, Effect, Parameter, Term
from models.population.table import Table

# kind -> (numbers it must have, numbers it may have with their defaults); meaning: models/population/effects.py
EFFECTS: dict[str, tuple[tuple[str, ...], dict[str, float]]] = {
    "power": (("reference", "exponent"), {}),
    "linear": (("reference", "slope"), {}),
    "exponential": (("reference", "slope"), {}),
    "factor": (("factor",), {"equals": 1.0}),
    "factor-power": (("factor",), {}),
    "proportional": ((), {"coefficient": 1.0}),
    "table": ((), {"otherwise": float("nan")}),
    "sigmoid": (("half", "hill"), {"maximum": 1.0}),
    "saturating": (("reference", "half"), {}),
    "below": (("limit", "factor"), {}),
    "above": (("limit", "factor"), {}),
    "deviation": (("reference", "slope"), {}),
    "approach": (("start", "end", "rate"), {}),
    "power-broken": (("reference", "exponent_below", "exponent_above"), {}),
    "linear-broken": (("reference", "slope_below", "slope_above"), {}),
    "from": (("limit", "factor"), {}),
    "fade": (("maximum", "start", "half"), {}),
    "loss": (("fraction", "start", "scale", "exponent"), {}),
}

# what a paper's unit of time or flow is in hours and litres: ending -> (ending, factor)
PER_HOUR = {"mL/min": ("L/h", 0.06), "/d": ("/h", 1 / 24), "/wk": ("/h", 1 / 168), "/min": ("/h", 60.0)}
HOURS = {"min": 1 / 60, "d": 24.0, "wk": 168.0}


def read_parameters(table: Table) -> tuple[Parameter, ...]:
    parameters = []
    for name, item in table.children():
        printed = item.text("unit")
        unit, scale = in_hours(printed)
        parameter = Parameter(
            name=name,
            value=item.number("value"),
            unit=unit,
            printed_unit=item.text("printed_unit", printed),
            scale=scale,
            source=item.text("source"),
            symbol=item.text("symbol", name),
            effects=tuple(_effect(effect) for effect in item.tables("effects", ())),
        )
        item.text("note", "")
        item.done()
        parameters.append(parameter)
    return tuple(parameters)


def in_hours(unit: str) -> tuple[str, float]:
    """A paper's unit as the engine's, and what to multiply by: ("L/d") -> ("L/h", 1/24)."""
    for ending, (ours, factor) in PER_HOUR.items():
        if unit.endswith(ending):
            return unit.removesuffix(ending) + ours, factor
    return ("h", HOURS[unit]) if unit in HOURS else (unit, 1.0)


def _effect(item: Table) -> Effect:
    kind = item.word("kind", tuple(EFFECTS))
    covariate = item.text("covariate")
    combine = item.word("combine", ("multiply", "add"), "multiply")
    item.text("source", "")
    needed, optional = EFFECTS[kind]
    numbers = {key: item.number(key) for key in needed}
    numbers |= {key: item.number(key) if item.has(key) else default for key, default in optional.items()}
    if "reference" in numbers and kind in ("power", "power-broken", "saturating") and numbers["reference"] <= 0:
        item.fail("reference", "a number above 0", numbers["reference"])
    table = item.table("values").rest_numbers() if kind == "table" else {}
    _check_keys(item, table)
    item.done()
    return Effect(
        kind=kind,
        covariate=covariate,
        combine="add" if combine == "add" else "multiply",
        numbers=numbers,
        table=table,
    )


def _check_keys(item: Table, table: dict[str, float]) -> None:
    for key in table:
        try:
            float(key)
        except ValueError:
            item.fail("values", "keys that are numbers, the covariate's values", key)


def read_derived(table: Table) -> tuple[Derived, ...]:
    derived = []
    for name, item in table.children():
        terms = tuple(_term(term) for term in item.tables("terms"))
        if not terms:
            item.fail("terms", "at least one term", terms)
        derived.append(Derived(name=name, unit=item.text("unit"), symbol=item.text("symbol", name), terms=terms))
        item.text("source", "")
        item.done()
    return tuple(derived)


def _term(item: Table) -> Term:
    term = Term(coefficient=item.number("coefficient", 1.0), powers=item.table("powers", {}).rest_numbers())
    item.done()
    return term
