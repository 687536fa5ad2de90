"""UCUM quantities to canonical units, by a closed table with exact factors (terminology/units.toml).

A table of our own and not ucumvert with pint: those take 0.7 s to start and, being complete, also convert what a chart
never means (they read mL/min/{1.73_m2} as mL/min). A code that is not in the table is refused, never guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from fhir.errors import Unreadable, UnreadableUnit
from fhir.terminology import data
from fhir.wire import number, quoted, string

UCUM = "http://unitsofmeasure.org"

_PIECE = re.compile(r"([./]?)((?:\{[^{}]*\}|\[[^\[\]]*\]|[^./{}\[\]()])+)")
_GROUP = re.compile(r"/\(([^()]*)\)")

_LONGEST = 48  # characters; the longest in the table is half of it, and what is longer shall not fill the cache

Dimension = tuple[tuple[str, ...], tuple[str, ...]]  # what stands above and below the line, each sorted


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A known unit: (value + offset) * factor is the value in the base units of its dimension, exactly."""

    factor: Fraction
    dimension: Dimension
    offset: Fraction = Fraction(0)  # of a temperature; 0 for all else


@dataclass(frozen=True, kw_only=True)
class _Table:
    atoms: Mapping[str, tuple[str, Fraction]]
    offsets: Mapping[str, Fraction]
    whole: Mapping[str, str]
    part: Mapping[str, str]


def unit(code: str) -> Unit:
    """The unit that a UCUM code or a listed alias names; raises UnreadableUnit for any other."""
    if len(code) > _LONGEST:
        raise _unknown(code)
    return _unit(code.strip())


@lru_cache(maxsize=512)
def _unit(code: str) -> Unit:
    ucum = _table().whole.get(code, code)
    above: list[str] = []
    below: list[str] = []
    factor = Fraction(1)
    pieces = [(sign, _table().part.get(atom.strip(), atom)) for sign, atom in _atoms(ucum, code)]
    for sign, atom in pieces:
        dimension, size = _atom(atom, code)
        factor = factor / size if sign == "/" else factor * size
        (below if sign == "/" else above).append(dimension)
    dimensions = (tuple(sorted(above)), tuple(sorted(below)))
    return Unit(factor=factor, dimension=dimensions, offset=_offset([atom for _, atom in pieces], code))


def _offset(atoms: list[str], code: str) -> Fraction:
    """A temperature's; beside anything else a unit with an offset has no meaning that could be relied on."""
    offsets = _table().offsets
    if len(atoms) > 1 and any(atom in offsets for atom in atoms):
        raise _unknown(code)
    return offsets.get(atoms[0], Fraction(0))


def convert(value: float, code: str, to: str, *, molar_mass: float | None = None) -> float:
    """value in `code` as a number in `to`, correctly rounded. molar_mass: g/mol of the analyte, for mass <-> substance.

    Raises UnreadableUnit for an unknown unit and for a pair that does not convert.
    """
    source, target = _source(code, to), unit(to)
    if source == target:
        return float(value)  # what the line below comes to, without its fractions
    factor = _factor(code.strip(), to, molar_mass)
    return float((Fraction(value) + source.offset) * factor - target.offset)


def _source(code: str, to: str) -> Unit:
    try:
        return unit(code)
    except UnreadableUnit as error:
        raise UnreadableUnit(f"{error}; expected one that converts to {to}") from None


@lru_cache(maxsize=512)
def _factor(code: str, to: str, molar_mass: float | None) -> Fraction:
    source, target = unit(code), unit(to)
    factor = source.factor / target.factor
    if source.dimension == target.dimension:
        return factor
    return factor * _bridge(source.dimension, target.dimension, molar_mass, code, to)


def read_quantity(quantity: Mapping[str, Any], to: str, *, molar_mass: float | None = None) -> float:
    """A FHIR Quantity as a number in `to`; raises Unreadable for a missing value, UnreadableUnit for its unit."""
    value = number(quantity, "value")
    if value is None:
        raise Unreadable("no number is charted")
    return convert(value, code_of(quantity), to, molar_mass=molar_mass)


def code_of(quantity: Mapping[str, Any]) -> str:
    """The unit of a Quantity: its UCUM code, or its unit text where it carries no UCUM code.

    Raises UnreadableUnit where there is neither, and where the two name different units.
    """
    code, text, system = string(quantity, "code"), string(quantity, "unit"), string(quantity, "system")
    if system not in ("", UCUM):
        code = ""  # a code of another system (SNOMED) says nothing here; the text may
    if not code and not text:
        raise UnreadableUnit("no unit is charted")
    if code and text and _disagree(code, text):
        raise UnreadableUnit(f"its unit code {quoted(code)} and its unit text {quoted(text)} disagree")
    return code or text


def said(quantity: Mapping[str, Any]) -> str:
    """A Quantity as charted, for a sentence: '12.5 mg/L'; a unit that is not known stands in quotes."""
    value = number(quantity, "value")
    coded = string(quantity, "system") in ("", UCUM)  # a code of another system says nothing to a reader
    text = (string(quantity, "code") if coded else "") or string(quantity, "unit")
    shown = "no number" if value is None else f"{value:g}"
    return f"{string(quantity, 'comparator')}{shown} {_said_unit(text)}"


def _said_unit(text: str) -> str:
    if not text:
        return "without a unit"
    try:
        unit(text)
    except UnreadableUnit:
        return quoted(text)
    return text


def _disagree(code: str, text: str) -> bool:
    """Whether a readable unit text names another unit than the code; a text that is no unit ("mg total") can not."""
    try:
        named = unit(text)
    except UnreadableUnit:
        return False
    return named != unit(code)


def _unknown(code: str) -> UnreadableUnit:
    return UnreadableUnit(f"the unit {quoted(code)} is not known")


def _atoms(ucum: str, code: str) -> list[tuple[str, str]]:
    flat = _GROUP.sub(lambda group: "/" + group[1].replace(".", "/"), ucum)
    pieces = _PIECE.findall(flat)
    if not pieces or "".join(sign + atom for sign, atom in pieces) != flat or pieces[0][0]:
        raise _unknown(code)
    return pieces


def _atom(atom: str, code: str) -> tuple[str, Fraction]:
    found = _table().atoms.get(atom)
    if found is None:
        raise _unknown(code)
    return found


def _bridge(source: Dimension, target: Dimension, molar_mass: float | None, code: str, to: str) -> Fraction:
    """The factor between mass (mg) and substance (mmol) above the line; g/mol is mg/mmol."""
    swap = {"mass": "substance", "substance": "mass"}
    above, below = source
    first = above[0] if above else ""
    if (swap.get(first, ""), *above[1:]) != target[0] or below != target[1] or len(above) != 1:
        raise UnreadableUnit(f"the unit {quoted(code)} does not convert to {to}")
    if not molar_mass:
        raise UnreadableUnit(f"the unit {quoted(code)} needs the molar mass to become {to}, and none is known")
    return Fraction(molar_mass) if first == "substance" else 1 / Fraction(molar_mass)


@cache
def _table() -> _Table:
    raw = data("units.toml")
    atoms = {
        symbol: (dimension, Fraction(factor))
        for dimension, symbols in raw["atoms"].items()
        for symbol, factor in symbols.items()
    }
    offsets = {symbol: Fraction(offset) for symbol, offset in raw["offsets"].items()}
    return _Table(atoms=atoms, offsets=offsets, whole=raw["whole"], part=raw["part"])
