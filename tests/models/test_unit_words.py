"""Units as people read them: one way, wherever they stand."""

import re
from pathlib import Path

import pytest

import models
from models.catalog import load_catalog
from models.record import Level
from models.units import unit_words


@pytest.mark.parametrize(
    ("ucum", "said"),
    [
        ("mg.h/L", "mg·h/L"),
        ("ug.h/L", "µg·h/L"),
        ("ug/L", "µg/L"),
        ("mg/L", "mg/L"),
        ("ug/(kg.min)", "µg/(kg·min)"),
        ("mL/min/{1.73_m2}", "mL/min/{1.73_m2}"),
        ("1", ""),
        ("%", "%"),
    ],
)
def test_units_are_written_as_people_write_them(ucum: str, said: str) -> None:
    assert unit_words(ucum) == said


def test_a_level_says_its_unit_so() -> None:
    assert Level(time=0.0, value=6.13, unit="ug/L").said == "6.13 µg/L"


def test_what_a_drug_says_on_cards_has_no_code_of_a_unit() -> None:
    """Prose of the drug files; their `unit` keys hold UCUM codes."""
    for drug in load_catalog().drugs.values():
        said = [*drug.not_verified, *(text for one in drug.targets for text in (one.above_means, one.below_means))]
        assert not [text for text in said if re.search(r"[mu]g\.h/L", text)]
    lines = [line for path in Path(models.__file__).parent.glob("drugs/*/drug.toml") for line in path.open()]
    assert not [line for line in lines if "g.h/L" in line and not line.startswith("unit = ")]
