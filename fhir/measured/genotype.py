"""Genotypes from Observations: a diplotype or a coded metaboliser phenotype; other alleles are not judged."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import read_day_or_instant
from fhir.codes import codes_in, table, words_of
from fhir.errors import UnreadableTime
from fhir.measured.observations import parts_of
from fhir.reading import Measured, Stream, finding
from fhir.wire import quoted, rows, string
from models.drug import Drug
from models.findings import Finding

_DIPLOTYPE = re.compile(r"\*(\d+)[A-Z]?\s*/\s*\*(\d+)[A-Z]?")
_READ = ("final", "amended", "corrected", "preliminary")


def read_genotypes(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """Each genotype that the drug's file calls worth reading; placed at `now` where no time is charted."""
    asked = {name: entry for name, entry in table()["genotype"]["genes"].items() if name in drug.covariates}
    if not asked:
        return
    for observation in shelf.of_type("Observation"):
        if string(observation, "status") in _READ and not observation.get("modifierExtension"):
            for name, entry in asked.items():
                yield from _one(name, entry, observation, now)


def _one(name: str, entry: Mapping[str, Any], observation: Resource, now: datetime) -> Stream:
    loinc = {code for part, _ in parts_of(observation) for code in codes_in(part, "loinc")}
    if entry.get("phenotype") in loinc:
        yield _by_phenotype(name, entry, observation, now)
    elif loinc & set(table()["genotype"]["loinc"]) and _is_about(observation, entry):
        yield _by_diplotype(name, entry, observation, now)


def _is_about(observation: Resource, entry: Mapping[str, Any]) -> bool:
    named = {
        code for _, holder in parts_of(observation) for code in codes_in(holder.get("valueCodeableConcept"), "hgnc")
    }
    return entry["gene"].lower() in _words(observation) or bool(named & set(entry.get("hgnc", ())))


def _by_phenotype(name: str, entry: Mapping[str, Any], observation: Resource, now: datetime) -> Measured | Finding:
    """1 for a poor or intermediate metaboliser, 0 for the others of the answer list."""
    listed = table()["genotype"]["phenotypes"]
    answers = {
        code
        for part, holder in parts_of(observation)
        if entry["phenotype"] in codes_in(part, "loinc")
        for code in codes_in(holder.get("valueCodeableConcept"), "loinc")
    }
    slow, other = bool(answers & set(listed["slow"])), bool(answers & set(listed["other"]))
    if slow == other:
        text = (
            f"a {entry['gene']} metaboliser phenotype is charted without an answer this service reads; it was not used."
        )
        return finding("genotype-unreadable", "warning", text)
    shown = f"{entry['gene']} {'poor or intermediate' if slow else 'not slow'} metaboliser by its coded phenotype"
    return _measured(name, float(slow), observation, shown, now)


def _by_diplotype(name: str, entry: Mapping[str, Any], observation: Resource, now: datetime) -> Measured | Finding:
    gene, named = entry["gene"], _diplotypes(observation)
    if len(named) != 1:
        text = f"a {gene} result does not name one pair of alleles (such as *1/*3); it was not used."
        return finding("genotype-unreadable", "warning", text)
    pair = named.pop()
    shown = f"*{pair[0]}/*{pair[1]}"
    value = _status(pair, entry)
    if value is None:
        text = f"the {gene} genotype {quoted(shown)} has an allele whose function is not judged here; it was not used."
        return finding("genotype-unreadable", "warning", text)
    return _measured(name, value, observation, f"{gene} {shown}", now)


def _status(pair: tuple[str, str], entry: Mapping[str, Any]) -> float | None:
    """1.0 with at least one allele of `with`, 0.0 with two of `without`, None where an allele is in neither."""
    if any(allele in entry["with"] for allele in pair):
        return 1.0
    return 0.0 if all(allele in entry["without"] for allele in pair) else None


def _measured(name: str, value: float, observation: Resource, shown: str, now: datetime) -> Measured:
    when = _time(observation)
    source = Source(
        resource=reference_of(observation),
        version=version_of(observation),
        time=when,
        note=f"{shown}; a genotype holds for the whole stay",
    )
    return Measured(name=name, value=value, when=when or now, source=source, fixed=True, charted=shown)


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
