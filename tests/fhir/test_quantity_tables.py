"""Units against the tables of an independent UCUM implementation: conversions, and the codes that laboratories send."""

import csv
from collections.abc import Iterable

import pytest

from fhir.codes import table
from fhir.errors import UnreadableUnit
from fhir.quantity import convert, unit
from models.catalog import load_catalog
from tests.reference import ABSENT, REFERENCE

FOLDER = REFERENCE / "units"

# A clearance normalised to body surface is not an absolute one: a patient of 1.2 m2 and 60 mL/min/{1.73_m2} clears
# 42 mL/min. UCUM calls "{1.73_m2}" a comment, so its implementations convert the pair; a dose would be wrong by half.
REFUSED_HERE = {("mL/min/{1.73_m2}", "mL/min")}

# valid UCUM that no chart means, and what is meant by it
UCUM_REFUSED_HERE = {"ML": "a megalitre; a millilitre is meant", "G": "a gauss; a gram is meant"}
# not UCUM, or read by UCUM as something else, and read here as what is meant
ALIASES_HERE = {
    "μg/mL": "ug/mL",
    "mcmol/L": "umol/L",
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
    "mL/min/1.73.m2": "mL/min/{1.73_m2}",
    "hours": "h",
    "days": "d",
    "years": "a",
    "Kg": "kg",
    "lb": "[lb_av]",
    "inches": "[in_i]",
    "IU": "[IU]",
    "cc": "mL",
    "gm": "g",
    "degC": "Cel",
}
# the table's names of drugs that have another one here
OURS = {"cyclosporin": "ciclosporin", "mycophenolic_acid": "mycophenolate"}
# relative difference of the molar mass typed in there from ours, which is computed from the formula
DIFFERENCES = {
    "busulfan": 4.1e-5,
    "ciclosporin": 2.5e-5,
    "digoxin": 1.3e-5,
    "imatinib": 4.1e-5,
    "methotrexate": 2.2e-5,
    "tacrolimus": 3.7e-5,
    "theophylline": 5.6e-5,
    "voriconazole": 5.7e-5,
}


def rows(name: str) -> list[dict[str, str]]:
    path = FOLDER / name
    return list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []


CONVERSIONS, CODES = rows("mipd_conversions.csv"), rows("validation_messy_codes.csv")
present = pytest.mark.skipif(not CONVERSIONS or not CODES, reason=ABSENT)


def name_of(row: dict[str, str]) -> str:
    return f"{row['drug']} {row['value']} {row['from']} to {row['to']}".strip()


@present
@pytest.mark.parametrize("row", CONVERSIONS, ids=map(name_of, CONVERSIONS))
def test_a_conversion_is_the_independent_one(row: dict[str, str]) -> None:
    """With the molar mass typed in there: this compares the arithmetic, the masses are compared below."""
    pair, value = (row["from"], row["to"]), float(row["value"])
    mass = float(row["molar_mass_g_mol"]) if row["molar_mass_g_mol"] else None
    if pair in REFUSED_HERE or row["status"] != "succeeded":
        with pytest.raises(UnreadableUnit, match="does not convert"):
            convert(value, *pair, molar_mass=mass)
        return
    # 1e-9: the figures were printed as doubles after a chain of float products
    assert convert(value, *pair, molar_mass=mass) == pytest.approx(float(row["result"]), rel=1e-9)


@present
def test_a_molar_mass_typed_in_there_is_that_of_our_files_to_its_rounding() -> None:
    typed = {row["drug"]: float(row["molar_mass_g_mol"]) for row in CONVERSIONS if row["drug"]}
    ours = dict(masses())
    shared = {OURS.get(name, name): mass for name, mass in typed.items() if OURS.get(name, name) in ours}
    assert len(shared) >= 15  # warfarin, lithium and carbamazepine have no file here
    differing = {
        name: abs(mass / ours[name] - 1) for name, mass in shared.items() if abs(mass / ours[name] - 1) > 1e-12
    }
    assert differing == pytest.approx(DIFFERENCES, rel=0.02)  # the list above gives them to two digits
    assert max(differing.values()) < 1e-4  # under the last digit that a laboratory reports


def masses() -> Iterable[tuple[str, float]]:
    yield "creatinine", table()["covariates"]["creatinine"]["molar_mass"]
    yield from ((drug.name, drug.molar_mass) for drug in load_catalog().drugs.values())


@present
@pytest.mark.parametrize("row", CODES, ids=[row["code"] for row in CODES])
def test_a_code_is_known_or_refused_as_there_but_for_what_is_listed(row: dict[str, str]) -> None:
    code = row["code"]
    if code in ALIASES_HERE:
        assert unit(code) == unit(ALIASES_HERE[code])
    elif row["status"] == "valid" and code not in UCUM_REFUSED_HERE:
        unit(code)
    else:
        with pytest.raises(UnreadableUnit, match="is not known"):
            unit(code)


@present
def test_the_differences_listed_are_differences() -> None:
    """No entry that says nothing: an alias that the oracle knows too, or a refusal it shares."""
    verdicts = {row["code"]: (row["status"], row["ucumCode"]) for row in CODES}
    assert all(verdicts[code] != ("valid", ALIASES_HERE[code]) for code in ALIASES_HERE)
    assert all(verdicts[code][0] == "valid" for code in UCUM_REFUSED_HERE)
