"""Charted quantities as masses, volumes or countable forms, and how many of one another is."""

from collections.abc import Mapping
from typing import Any

from fhir.errors import Unreadable, UnreadableUnit
from fhir.quantity import code_of, convert, read_quantity, said, unit
from fhir.terminology import data
from fhir.wire import mapping, number, quoted, string

_MASS = (("mass",), ())
_VOLUME = (("volume",), ())


def units(quantity: Mapping[str, Any], per: Mapping[str, Any], package: Mapping[str, Any]) -> float:
    """How many times the strength's denominator a charted quantity is; by way of the package (mL a vial) if need be."""
    direct = _times(quantity, per)
    if direct is not None:
        return direct
    above, below = mapping(package, "numerator"), mapping(package, "denominator")
    for inner, outer in ((above, below), (below, above)):
        packs, units = _times(quantity, outer), _times(inner, per)
        if packs is not None and units is not None:
            return packs * units
    raise Unreadable(f"{said(quantity)} and a strength per {said(per)} do not make an amount")


def _times(quantity: Mapping[str, Any], per: Mapping[str, Any]) -> float | None:
    """quantity / per, where both are a volume or the same countable form; else None."""
    value, below = number(quantity, "value"), number(per, "value")
    if value is None or below is None:
        return None
    if below <= 0:
        raise Unreadable("its strength is not a positive number")
    if is_volume(quantity) and is_volume(per):
        return read_quantity(quantity, "mL") / read_quantity(per, "mL")
    forms = {_form(quantity), _form(per)}
    if None in forms or len(forms - {"any"}) > 1:
        return None
    return value / below


def _form(quantity: Mapping[str, Any]) -> str | None:
    """The countable form that unit code or text name; None where neither does, or they name two."""
    told = [word.strip("{}").lower() for word in _told(quantity)]
    if not told:
        return "any"  # strength "500 mg per 1"
    named = {form for form, words in table()["forms"].items() for word in told if word in words}
    if named and _dimension(quantity) in (_MASS, _VOLUME):
        raise UnreadableUnit(f"its unit {quoted(told[0])} and {quoted(told[-1])} disagree")
    kinds = named - {"any"} or named  # code "1" with the text "tablet" is a tablet
    return kinds.pop() if len(kinds) == 1 else None


def is_volume(quantity: Mapping[str, Any]) -> bool:
    return _dimension(quantity) == _VOLUME


def is_mass(quantity: Mapping[str, Any]) -> bool:
    """Whether it is one; a unit that is neither known nor a countable form raises UnreadableUnit."""
    if _told(quantity) and _form(quantity):
        return False
    found = unit(code_of(quantity)).dimension
    if found not in (_MASS, _VOLUME):
        convert(1.0, code_of(quantity), "mg")  # mg/kg, mmol, IU: raises, and says so
    return found == _MASS


def _told(quantity: Mapping[str, Any]) -> list[str]:
    return [string(quantity, name) for name in ("code", "unit") if string(quantity, name)]


def _dimension(quantity: Mapping[str, Any]) -> Any:
    try:
        return unit(code_of(quantity)).dimension
    except UnreadableUnit:
        return None


def table() -> Mapping[str, Any]:
    """terminology/contents.toml."""
    return data("contents.toml")
