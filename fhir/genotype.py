"""CYP3A5 expresser status from a genotype Observation; an allele whose function is not in the table is not judged."""

import re
from datetime import datetime

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import read_day_or_instant
from fhir.codes import codes_in, table, words_of
from fhir.errors import UnreadableTime
from fhir.observations import parts_of
from fhir.reading import Measured, Stream, finding
from fhir.wire import quoted, rows, string
from models.drug import Drug

_DIPLOTYPE = re.compile(r"\*(\d+)[A-Z]?\s*/\s*\*(\d+)[A-Z]?")
_READ = ("final", "amended", "corrected", "preliminary")


def read_genotypes(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """CYP3A5 status, where the drug's file calls it worth reading; placed at `now` where no time is charted."""
    if "cyp3a5_expresser" not in drug.covariates:
        return
    for observation in shelf.of_type("Observation"):
        if _is_cyp3a5(observation) and string(observation, "status") in _READ:
            yield from _expresser(observation, now)


def _is_cyp3a5(observation: Resource) -> bool:
    loinc = {code for part, _ in parts_of(observation) for code in codes_in(part, "loinc")}
    return bool(loinc & set(table()["genotype"]["loinc"])) and "cyp3a5" in _words(observation)


def _expresser(observation: Resource, now: datetime) -> Stream:
    named = _diplotypes(observation)
    if len(named) != 1:
        text = "a CYP3A5 result does not name one pair of alleles (such as *1/*3); it was not used."
        yield finding("genotype-unreadable", "warning", text)
        return
    pair = named.pop()
    shown = f"*{pair[0]}/*{pair[1]}"
    value = _status(pair)
    if value is None:
        text = f"the CYP3A5 genotype {quoted(shown)} has an allele whose function is not judged here; it was not used."
        yield finding("genotype-unreadable", "warning", text)
        return
    when = _time(observation)
    source = Source(
        resource=reference_of(observation),
        version=version_of(observation),
        time=when,
        note=f"CYP3A5 {shown}; a genotype holds for the whole stay",
    )
    yield Measured(
        name="cyp3a5_expresser", value=value, when=when or now, source=source, fixed=True, charted=f"CYP3A5 {shown}"
    )


def _status(pair: tuple[str, str]) -> float | None:
    """1.0 with at least one working allele, 0.0 with two broken ones, None where an allele is not in the table."""
    codes = table()["genotype"]
    if any(allele in codes["cyp3a5_working"] for allele in pair):
        return 1.0
    return 0.0 if all(allele in codes["cyp3a5_broken"] for allele in pair) else None


def _diplotypes(observation: Resource) -> set[tuple[str, str]]:
    pairs = {(pair[1], pair[2]) for text in _texts(observation) for pair in _DIPLOTYPE.finditer(text)}
    return {(min(pair), max(pair)) for pair in pairs}


def _texts(observation: Resource) -> list[str]:
    texts = []
    for _, holder in parts_of(observation):
        concept = holder.get("valueCodeableConcept")
        texts += [string(concept, "text"), string(holder, "valueString")]
        texts += [string(coding, "display") for coding in rows(concept, "coding")]
    return texts


def _words(observation: Resource) -> str:
    names = [words_of(code) for code, _ in parts_of(observation)]
    return " ".join([*names, *_texts(observation)]).lower()


def _time(observation: Resource) -> datetime | None:
    try:
        return read_day_or_instant(observation.get("effectiveDateTime"))[0]
    except UnreadableTime:
        return None
