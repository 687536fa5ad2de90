"""The whole unit table against ucumvert with pint (a dev dependency; MIT and BSD): an independent reading of UCUM."""

import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

from fhir.errors import UnreadableUnit
from fhir.quantity import convert

TABLE = tomllib.loads(files("fhir.terminology").joinpath("units.toml").read_text(encoding="utf-8"))

# atoms of our table that are dimensions of their own here, and their reason; all others are compared
NOT_COMPARED = {"{1.73_m2}": "a comment to UCUM, a dimension here"}
# relative; 1e-12 elsewhere: pint multiplies doubles, this table exact fractions
ROUGHER = {("mm[Hg]", "kPa"): 3e-6}  # UCUM's m[Hg] is 133.322 kPa; pint's 133.3223874... (density times gravity)

COMPOUND = [
    ("mg/L", "ug/mL"),
    ("mg/dL", "g/L"),
    ("umol/L", "nmol/mL"),
    ("ng/mL", "ug/L"),
    ("pg/mL", "ng/dL"),
    ("mg.h/L", "g.d/L"),
    ("ug.min/mL", "mg.h/L"),
    ("ug/(kg.min)", "mg/(kg.h)"),
    ("ug/kg/min", "mg/kg/d"),
    ("mL/min", "L/h"),
    ("mL/(kg.h)", "L/(kg.d)"),
    ("mg/kg", "ug/g"),
    ("mg/m2", "g/m2"),
    ("U/L", "mU/mL"),
    ("[IU]/mL", "k[IU]/L"),
    ("10*3/uL", "10*9/L"),
    ("10*6/uL", "10*12/L"),
    ("meq/L", "eq/L"),
    ("kg/m2", "g/m2"),
    ("a", "mo"),
    ("Cel", "[degF]"),
    ("[degF]", "K"),
    ("%", "1"),
]


@cache
def registry() -> Any:
    ucumvert = pytest.importorskip("ucumvert", reason="ucumvert is not installed; it comes with the dev dependencies")
    return ucumvert.PintUcumRegistry()


def independent(value: float, code: str, to: str) -> float:
    ureg = registry()
    return float(ureg.Quantity(value, ureg.from_ucum(code).units).to(ureg.from_ucum(to).units).magnitude)


def neighbours() -> list[tuple[str, str]]:
    """Every atom with the next of its dimension, so that all of a dimension are compared with each other."""
    return [
        pair
        for symbols in TABLE["atoms"].values()
        for pair in pairwise(symbol for symbol in symbols if symbol not in NOT_COMPARED)
    ]


@pytest.mark.parametrize(("code", "to"), [*neighbours(), *COMPOUND])
def test_a_conversion_is_the_independent_one(code: str, to: str) -> None:
    tolerance = ROUGHER.get((code, to), 1e-12)
    assert convert(12.5, code, to) == pytest.approx(independent(12.5, code, to), rel=tolerance)


@pytest.mark.parametrize(("code", "to"), [("[IU]", "mg"), ("mg/L", "L/h"), ("mg", "umol")])
def test_what_does_not_convert_does_not_there_either(code: str, to: str) -> None:
    with pytest.raises(Exception, match="convert"):
        independent(1.0, code, to)


@pytest.mark.parametrize(("code", "to"), [("mL/min/{1.73_m2}", "mL/min"), ("meq/L", "mmol/L"), ("mg/g", "%")])
def test_what_converts_there_and_must_not_here(code: str, to: str) -> None:
    """The reason for a table of our own, kept as a test; it fails should the library change its mind.

    A normalised clearance is not an absolute one, an equivalent is no mole without a charge, and no chart that gives a
    ratio of masses asks for a bare number.
    """
    independent(60.0, code, to)
    with pytest.raises(UnreadableUnit, match="does not convert"):
        convert(60.0, code, to)
