"""The tables of what is read: complete, of codes that can be codes, and as docs/reading.md shows them."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest

from fhir.codes import table
from fhir.ehr.templates import KEYS, TEMPLATES
from fhir.terminology import data
from fhir.vocabulary import read_from, unreadable
from models.catalog import load_catalog
from models.terms import TERMS
from tests.fhir.reading_page import PAGE, READERS, covariate_table


def test_every_raw_covariate_says_how_it_is_read_or_why_not() -> None:
    assert sorted(read_from()) == sorted(TERMS)
    assert {reader for reader, _ in read_from().values()} <= set(READERS)


def test_the_page_shows_the_tables() -> None:
    assert covariate_table() in PAGE.read_text(encoding="utf-8"), "run python -m tests.fhir.reading_page"


def test_each_covariate_stands_in_the_table_of_its_reader() -> None:
    """Else a term would be called readable that no reader has, or read although the page says not."""
    by_reader = {
        "observation": {*table()["covariates"], "mic", "jaffe_creatinine"},
        "answer": set(table()["answers"]),
        "condition": set(data("conditions.toml")) - {"kidney_transplant", "lung_transplant", "pregnant"},
        "medication": set(data("interactions.toml")["flags"]),
        "daily": set(data("interactions.toml")["daily"]),
        "genotype": set(table()["genotype"]["genes"]),
    }
    for reader, names in by_reader.items():
        assert {name for name, (from_, _) in read_from().items() if from_ == reader} == names, reader


def loinc_codes() -> Iterator[str]:
    text = files("fhir.terminology").joinpath("codes.toml").read_text(encoding="utf-8")
    lines = [line.split("#")[0] for line in text.splitlines()]
    yield from (code for line in lines for code in re.findall(r'"(\d{1,6}-\d)"', line) if "allele" not in line)


@pytest.mark.parametrize("code", sorted(set(loinc_codes())))
def test_a_loinc_code_has_its_check_digit(code: str) -> None:
    """LOINC Users' Guide: mod 10, every second digit from the right doubled, the digits of the products added."""
    number, check = code.split("-")
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(number))]
    assert (10 - sum(value // 10 + value % 10 for value in doubled) % 10) % 10 == int(check)


def snomed_codes() -> Iterator[str]:
    for entry in [*data("conditions.toml").values(), *table()["procedures"].values(), *table()["answers"].values()]:
        for key in ("snomed", "deceased", "yes", "no"):
            yield from entry.get(key, ())


_D5 = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_SHIFT = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


@pytest.mark.parametrize("code", sorted(set(snomed_codes())))
def test_a_snomed_identifier_has_its_check_digit(code: str) -> None:
    """SNOMED CT identifiers end in a Verhoeff check digit (dihedral group D5)."""
    check = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place % 8):
            value = _SHIFT[value]
        check = _D5[check][value]
    assert check == 0


def test_an_atc_code_is_a_whole_level() -> None:
    shape = re.compile(r"[A-Z](\d{2}([A-Z]([A-Z](\d{2})?)?)?)?")
    drugs = data("interactions.toml")["drugs"]
    assert [code for row in drugs.values() for code in row["atc"] if not shape.fullmatch(code)] == []
    asked = [name for row in data("interactions.toml")["flags"].values() for name in row["drugs"]]
    assert set(asked) | {"ciclosporin", "prednisolone"} == set(drugs)


def test_each_prefetch_key_has_its_words_and_they_are_few() -> None:
    keys = TEMPLATES["patient-view"]
    assert set(keys) == set(KEYS)
    assert len(keys) <= 20


def test_the_templates_keep_to_what_cds_hooks_recommends() -> None:
    """Reads and type searches by reference, token, date, _count and _sort: no chains, modifiers or includes."""
    for template in TEMPLATES["patient-view"].values():
        _, _, query = template.partition("?")
        names = {pair.split("=")[0] for pair in query.split("&") if pair}
        assert names <= {"patient", "code", "status", "_sort", "_count"}, template


def test_a_model_is_out_of_reach_only_for_what_is_said_to_be_unread() -> None:
    """Known answer: with intensive-care beds read, every model of the library can be met by some chart."""
    for model in load_catalog().models.values():
        asked = {limit.name for limit in model.domain if limit.required}
        assert not asked & set(unreadable()), model.id
