"""Units: known conversions, and what must be refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.codes import table
from fhir.errors import Unreadable, UnreadableUnit
from fhir.quantity import convert, read_quantity, said, unit

UCUM = "http://unitsofmeasure.org"

# IUPAC abridged standard atomic weights 2021, g/mol
ATOMS = {"C": "12.011", "H": "1.008", "N": "14.007", "O": "15.999"}


def test_creatinine_molar_mass_is_that_of_its_formula() -> None:
    """C4H7N3O: 4 C + 7 H + 3 N + O = 113.12 g/mol to the two decimals that the table gives."""
    formula = {"C": 4, "H": 7, "N": 3, "O": 1}
    mass = sum(count * Fraction(ATOMS[atom]) for atom, count in formula.items())
    assert table()["covariates"]["creatinine"]["molar_mass"] == pytest.approx(float(mass), abs=0.005)


@pytest.mark.parametrize(
    ("value", "code", "to", "expected"),
    [
        (88.4, "umol/L", "mg/dL", 1.0),  # the conversion every ward knows: 88.4 umol/L is 1 mg/dL
        (12.5, "mcg/mL", "mg/L", 12.5),
        (12.5, "µg/mL", "mg/L", 12.5),  # U+00B5
        (12.5, "μg/mL", "mg/L", 12.5),  # U+03BC
        (12.5, "ng/mL", "ug/L", 12.5),
        (1.25, "mg/dL", "mg/L", 12.5),
        (12500, "ug/L", "mg/L", 12.5),
        (97, "µmol/L", "mg/dL", 97 * 113.12 / 1e4),
        (154, "[lb_av]", "kg", 69.85322498),
        (154, "lb", "kg", 69.85322498),
        (70, "Kg", "kg", 70),
        (3400, "g", "kg", 3.4),
        (69, "[in_i]", "cm", 175.26),
        (69, "in", "cm", 175.26),
        (1.75, "m", "cm", 175),
        (90, "min", "h", 1.5),
        (2, "hr", "h", 2),
        (3.4, "g/dL", "g/L", 34),
        (33, "%", "1", 0.33),
        (0.33, "L/L", "1", 0.33),
        (500, "mg/hr", "mg/h", 500),
        (10, "mg/min", "mg/h", 600),
        (1, "g", "mg", 1000),
        (5, "mL/h", "L/h", 0.005),
        (0.9, "mg%", "mg/dL", 0.9),  # old style: per 100 mL
        (3.4, "g%", "g/L", 34),
        (1.2, "mg/dl", "mg/L", 12),
        (12, "nmol/L", "umol/L", 0.012),
        (30, "U/L", "mU/mL", 30),
        (5, "IU/mL", "k[IU]/L", 5),
        (4, "mEq/L", "meq/mL", 0.004),
        (7.5, "x10E9/L", "10*3/uL", 7.5),
        (7.5, "10^9/L", "10*9/L", 7.5),
        (7.5, "x10^3/µL", "10*9/L", 7.5),
        (24.5, "kg/m2", "g/m2", 24500),
        (11, "[stone_av]", "kg", 69.85322498),
        (98.6, "[degF]", "Cel", 37),
        (98.6, "°F", "Cel", 37),
        (-40, "degC", "[degF]", -40),
        (310.15, "K", "Cel", 37),
        (5.3, "kPa", "mm[Hg]", 39.7534),
        (40, "mmHg", "kPa", 5.33288),
    ],
)
def test_what_laboratories_and_wards_send(value: float, code: str, to: str, expected: float) -> None:
    # 1e-4: 88.4 is itself rounded; all others are exact to a double
    assert convert(value, code, to, molar_mass=113.12) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "code",
    [
        "",
        " ",
        "{pill}",
        "TAB",
        "units",
        "mg / L",
        "MG/L",
        "M",
        "ML",
        "G",
        "foo",
        "mg//L",
        "st",
        "10E9/L",
        "Cel/h",
        "mg/Cel",
        "M/L",
        "mg{total}",
        "/L",
        "mg/",
        "73m2",
        "mg/(L",
    ],
)
def test_anything_else_is_refused(code: str) -> None:
    with pytest.raises(UnreadableUnit, match="not known"):
        unit(code)


@pytest.mark.parametrize(
    ("code", "to"),
    [
        ("mL/min/1.73m2", "mL/min"),
        ("mL/min/1.73.m2", "mL/min"),
        ("mL/min/{1.73_m2}", "mL/min"),
        ("meq/L", "mmol/L"),
        ("[IU]", "mg"),
        ("mg/kg", "mg"),
        ("mg/kg", "%"),
        ("mg/L", "mg"),
        ("mL", "mg"),
        ("mmol", "mol/L"),
    ],
)
def test_other_dimensions_never_convert(code: str, to: str) -> None:
    with pytest.raises(UnreadableUnit, match="does not convert"):
        convert(1.0, code, to, molar_mass=100.0)


def test_moles_need_a_molar_mass() -> None:
    with pytest.raises(UnreadableUnit, match="molar mass"):
        convert(9.3, "umol/L", "mg/L")


@given(st.floats(1e-6, 1e6), st.sampled_from(["mg/L", "ug/mL", "ng/mL", "umol/L", "mg/dL", "g/L", "nmol/L"]))
def test_there_and_back_is_where_it_started(value: float, code: str) -> None:
    there = convert(value, code, "mg/L", molar_mass=1449.3)
    # 1e-15: two correctly rounded steps, half a unit in the last place each
    assert convert(there, "mg/L", code, molar_mass=1449.3) == pytest.approx(value, rel=1e-15)


def test_an_unknown_unit_is_refused_with_what_was_expected() -> None:
    with pytest.raises(UnreadableUnit, match='the unit "foo" is not known; expected one that converts to mg/L'):
        convert(1.0, "foo", "mg/L")


@given(st.floats(-100, 200), st.sampled_from(["[degF]", "K"]))
def test_a_temperature_there_and_back(value: float, code: str) -> None:
    # 1e-12: what a double of some hundred kelvin resolves, the offset being added in exact fractions
    assert convert(convert(value, "Cel", code), code, "Cel") == pytest.approx(value, abs=1e-12)


def test_code_and_text_that_disagree_are_refused() -> None:
    with pytest.raises(UnreadableUnit, match="disagree"):
        read_quantity({"value": 12, "unit": "ug/L", "system": UCUM, "code": "mg/L"}, "mg/L")


@pytest.mark.parametrize("text", ["mcg/mL", "mg/L", "mg per litre (serum)"])
def test_code_and_text_that_agree_or_are_only_words_pass(text: str) -> None:
    assert read_quantity({"value": 12, "unit": text, "system": UCUM, "code": "mg/L"}, "mg/L") == 12


def test_a_code_of_another_system_leaves_the_text_to_say_the_unit() -> None:
    charted = {"value": 95, "unit": "umol/L", "system": "http://snomed.info/sct", "code": "258814008"}
    assert read_quantity(charted, "umol/L") == 95


@pytest.mark.parametrize(
    ("charted", "why"),
    [
        ({"value": 12}, "no unit"),
        ({"value": 12, "system": "http://snomed.info/sct", "code": "258814008"}, "no unit"),
        ({"unit": "mg/L"}, "no number"),
        ({"value": "12", "unit": "mg/L"}, "no number"),
        ({"value": True, "unit": "mg/L"}, "no number"),
        ({"value": float("nan"), "unit": "mg/L"}, "no number"),
        ({"value": 1e999, "unit": "mg/L"}, "no number"),
        ({"value": 10**400, "unit": "mg/L"}, "no number"),
    ],
)
def test_a_missing_number_or_unit_is_refused(charted: dict, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_quantity(charted, "mg/L")


def test_units_are_said_plainly_and_unknown_ones_in_quotes() -> None:
    assert said({"value": 9.3, "code": "umol/L"}) == "9.3 umol/L"
    assert said({"value": 1, "unit": "{pill}", "comparator": "<"}) == '<1 "{pill}"'
    assert said({"value": 2}) == "2 without a unit"
    snomed = {"value": 122, "unit": "umol/L", "system": "http://snomed.info/sct", "code": "258814008"}
    assert said(snomed) == "122 umol/L"
