"""What a CodeableConcept says, by the closed tables of terminology/codes.toml; words only ever raise an alarm."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from fhir.terminology import data
from fhir.wire import mapping, rows, string
from models.record import Route


def codes_in(concept: Any, system: str) -> frozenset[str]:
    """The codes that a CodeableConcept carries from one system, by its short name ("loinc")."""
    return frozenset(code for name, code in _codings(concept) if name == system)


def carries(concept: Any, codes: Mapping[str, Iterable[str]]) -> bool:
    """Whether a concept has one of `codes` ({"snomed": [...], "cpt": [...]}); other keys are passed over."""
    return any(code in codes.get(name, ()) for name, code in _codings(concept))


def _codings(concept: Any) -> Iterator[tuple[str, str]]:
    """(short name of the system, code) of each coding in a system that is known here."""
    for coding in rows(concept, "coding"):
        name = _names().get(string(coding, "system"))
        if name:
            yield name, string(coding, "code")


@cache
def _names() -> Mapping[str, str]:
    """Short name by URL."""
    return {url: name for name, urls in table()["systems"].items() for url in urls}


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


def table() -> Mapping[str, Any]:
    """terminology/codes.toml."""
    return data("codes.toml")
