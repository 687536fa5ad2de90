"""The spellings that are read beside UCUM: each stands in the documentation, and each names one unit."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from fhir.errors import UnreadableUnit
from fhir.quantity import convert, unit

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reading.md"
TABLE = tomllib.loads(files("fhir.terminology").joinpath("units.toml").read_text(encoding="utf-8"))
ALIASES = {sent: code for kind in ("part", "whole") for sent, code in TABLE[kind].items() if sent != code}


def documented() -> dict[str, str]:
    """Sent as -> read as, from the table of the chapter "Units"."""
    chapter = PAGE.read_text(encoding="utf-8").split("## Units", 1)[1].split("\n## ", 1)[0]
    lines = [line.strip("| ").split(" | ") for line in chapter.splitlines() if line.startswith("| `")]
    return {sent: code.strip("`") for code, row in lines for sent in re.findall(r"`([^`]+)`", row)}


def test_every_alias_is_documented_and_nothing_else() -> None:
    assert documented() == ALIASES


@pytest.mark.parametrize("sent", sorted(ALIASES))
def test_an_alias_is_the_unit_it_stands_for(sent: str) -> None:
    assert unit(sent) == unit(ALIASES[sent])
    assert convert(12.5, sent, ALIASES[sent]) == 12.5


@pytest.mark.parametrize("sent", sorted(TABLE["part"]))
def test_an_alias_holds_inside_a_code_too(sent: str) -> None:
    code = TABLE["part"][sent]
    whole = f"{sent}/m2"
    if code in TABLE["offsets"]:  # a temperature stands alone
        with pytest.raises(UnreadableUnit):
            unit(whole)
    else:
        assert unit(whole) == unit(f"{code}/m2")


def test_no_alias_hides_a_unit_of_the_table() -> None:
    atoms = {symbol for symbols in TABLE["atoms"].values() for symbol in symbols}
    assert not atoms & set(TABLE["part"])
