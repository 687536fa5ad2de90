"""Which substance a concept names: the drug itself, a salt or combination that its file knows, or something else."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from fhir.codes import table, words_of
from fhir.wire import rows, string
from models.drug import ChartedAs


class Sought(Protocol):
    """The substance whose mg are asked for: a models.drug.Drug, or another one by its codes."""

    @property
    def name(self) -> str: ...
    @property
    def rxnorm(self) -> tuple[str, ...]: ...
    @property
    def atc(self) -> tuple[str, ...]: ...
    @property
    def charted_as(self) -> tuple[ChartedAs, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Substance:
    """per_mg: mg of the drug (as its file counts) in 1 mg of it; None = not converted, `why` says it.

    combination: the drug with another active substance. own: by the drug's own codes. doses: of a combination the mg
    charted and the mg of the drug in them, where no more is charted than its name.
    """

    name: str
    per_mg: float | None = None
    why: str = ""
    combination: bool = False
    own: bool = False
    doses: tuple[tuple[float, float], ...] = ()


def substance_of(concept: Mapping[str, Any], drug: Sought, told: str = "") -> Substance | None:
    """What a concept is coded as; None where it carries no code of the drug. told: further words that name it."""
    codes = {(string(coding, "system"), string(coding, "code")) for coding in rows(concept, "coding")}
    own = not codes.isdisjoint(_codes(drug.rxnorm, drug.atc))
    coded = [entry for entry in drug.charted_as if not codes.isdisjoint(_codes(entry.rxnorm, entry.atc))]
    found = [_own(drug)] if own else []
    found += [_entry(entry) for entry in coded]
    if not found:
        return None
    if len({item.per_mg for item in found}) > 1:
        names = " and ".join(item.name for item in found)
        combined = any(item.combination for item in found)
        return Substance(name=names, why=f"it is coded as {names} at once", combination=combined, own=own)
    return _doubted(found[0], coded, f"{words_of(concept)} {told}".lower(), drug)


@lru_cache(maxsize=512)
def _codes(rxnorm: tuple[str, ...], atc: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """(system, code) under every URL of the two systems; asked of each medication in a chart."""
    systems = table()["systems"]
    listed = {"rxnorm": rxnorm, "atc": atc}
    return frozenset((url, code) for name, codes in listed.items() for url in systems[name] for code in codes)


def _own(drug: Sought) -> Substance:
    return Substance(name=drug.name, per_mg=1.0, own=True)


def _entry(entry: ChartedAs) -> Substance:
    why = "" if entry.mg_per_mg is not None else f"it is charted as {entry.name}: {entry.says}"
    return Substance(name=entry.name, per_mg=entry.mg_per_mg, why=why, combination=entry.combination, doses=entry.doses)


def _doubted(found: Substance, coded: list[ChartedAs], words: str, drug: Sought) -> Substance:
    """The substance, unless the words name one whose mg are others than those of the code."""
    for entry in drug.charted_as:
        if entry in coded or entry.mg_per_mg == found.per_mg:
            continue
        if any(word in words for word in entry.words):
            why = f"it is coded as {found.name} and named as {entry.name}; of which of them its mg are is not said"
            return Substance(name=found.name, why=why, combination=entry.combination, own=found.own)
    return found
