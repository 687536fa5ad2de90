"""Units: known conversions, an independent table, and what must be refused."""

import csv
import os
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.codes import table
from fhir.errors import Unreadable, UnreadableUnit
from fhir.quantity import convert, read_quantity, said, unit

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("TITRATE_REFERENCE", ROOT.parent / "shared" / "reference"))
UCUM = "http://unitsofmeasure.org"

# IUPAC abridged standard atomic weights 2021, g/mol
ATOMS = {"C": "12.011", "H": "1.008", "N": "14.007", "O": "15.999"}

# what the reference converts and this table refuses, with the reason
REFUSED = {
    ("Cel", "[degF]"): "temperatures are not read",
    ("Cel", "K"): "temperatures are not read",
    ("10*3/uL", "10*9/L"): "cell counts are not read",
    ("mL/min/{1.73_m2}", "mL/min"): "a clearance normalised to body surface is not an absolute one",
}


def _rows() -> list[dict[str, str]]:
    path = REFERENCE / "units" / "mipd_conversions.csv"
    return list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []


@pytest.mark.skipif(not _rows(), reason="reference conversions are not on this machine (set TITRATE_REFERENCE)")
def test_agrees_with_an_independent_ucum_implementation() -> None:
    compared = 0
    for row in _rows():
        pair, value = (row["from"], row["to"]), float(row["value"])
        mass = float(row["molar_mass_g_mol"]) if row["molar_mass_g_mol"] else None
        if pair in REFUSED or row["status"] != "succeeded":
            with pytest.raises(UnreadableUnit):
                convert(value, *pair, molar_mass=mass)
            continue
        # 1e-9: the figures were printed as doubles after a chain of float products
        assert convert(value, *pair, molar_mass=mass) == pytest.approx(float(row["result"]), rel=1e-9), row
        compared += 1
    assert compared >= 110


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
    ],
)
def test_what_laboratories_and_wards_send(value: float, code: str, to: str, expected: float) -> None:
    # 1e-4: 88.4 is itself rounded; all others are exact to a double
    assert convert(value, code, to, molar_mass=113.12) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "code",
    ["", " ", "{pill}", "TAB", "units", "mg / L", "MG/L", "M", "ML", "G", "foo", "mg//L", "/L", "mg/", "73m2", "mg/(L"],
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
