"""What a CodeableConcept says, by the closed tables of terminology/codes.toml; words only ever raise an alarm."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fhir.wire import mapping, rows, string
from models.record import Route


def codes_in(concept: Any, system: str) -> frozenset[str]:
    """The codes that a CodeableConcept carries from one system, by its short name ("loinc")."""
    urls = table()["systems"][system]
    return frozenset(string(coding, "code") for coding in rows(concept, "coding") if string(coding, "system") in urls)


def carries(concept: Any, codes: Mapping[str, Iterable[str]]) -> bool:
    """Whether a concept has one of `codes` ({"snomed": [...], "cpt": [...]}); other keys are passed over."""
    return any(
        codes_in(concept, system) & set(listed) for system, listed in codes.items() if system in table()["systems"]
    )


def words_of(concept: Any) -> str:
    """All the words of a concept in lower case: its text and the displays of its codings."""
    words = [string(concept, "text"), *(string(coding, "display") for coding in rows(concept, "coding"))]
    return " ".join(words).lower()


def route_of(concept: Any) -> Route | None:
    """iv or oral, by code, else by the whole text; None for any other route or none."""
    routes = table()["routes"]
    by_code = [name for name, codes in routes.items() if carries(concept, codes)]
    if by_code:
        return by_code[0] if len(by_code) == 1 else None
    if any(string(coding, "code") and string(coding, "system") for coding in rows(concept, "coding")):
        return None  # coded, and as another route: the text is not asked
    text = string(concept, "text").lower() or string(mapping(concept, "coding", 0), "display").lower()
    return next((name for name, codes in routes.items() if text in codes["words"]), None)


@cache
def table() -> Mapping[str, Any]:
    """terminology/codes.toml."""
    return tomllib.loads(files("fhir.terminology").joinpath("codes.toml").read_text(encoding="utf-8"))
