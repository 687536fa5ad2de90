"""Which substance a concept names: the drug itself, a salt or combination that its file knows, or something else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir.codes import carries, words_of
from models.drug import ChartedAs, Drug


@dataclass(frozen=True, kw_only=True)
class Substance:
    """per_mg: mg of the drug (as its file counts) in 1 mg of it; None = not converted, `why` says it.

    combination: the drug with another active substance. own: by the drug's own codes.
    """

    name: str
    per_mg: float | None = None
    why: str = ""
    combination: bool = False
    own: bool = False


def substance_of(concept: Mapping[str, Any], drug: Drug, told: str = "") -> Substance | None:
    """What a concept is coded as; None where it carries no code of the drug. told: further words that name it."""
    own = carries(concept, {"rxnorm": drug.rxnorm, "atc": drug.atc})
    coded = [entry for entry in drug.charted_as if carries(concept, {"rxnorm": entry.rxnorm, "atc": entry.atc})]
    found = [_own(drug)] if own else []
    found += [_entry(entry) for entry in coded]
    if not found:
        return None
    if len({item.per_mg for item in found}) > 1:
        names = " and ".join(item.name for item in found)
        combined = any(item.combination for item in found)
        return Substance(name=names, why=f"it is coded as {names} at once", combination=combined, own=own)
    return _doubted(found[0], coded, f"{words_of(concept)} {told}".lower(), drug)


def _own(drug: Drug) -> Substance:
    return Substance(name=drug.name, per_mg=1.0, own=True)


def _entry(entry: ChartedAs) -> Substance:
    why = "" if entry.mg_per_mg is not None else f"it is charted as {entry.name}: {entry.says}"
    return Substance(name=entry.name, per_mg=entry.mg_per_mg, why=why, combination=entry.combination)


def _doubted(found: Substance, coded: list[ChartedAs], words: str, drug: Drug) -> Substance:
    """The substance, unless the words name one whose mg are others than those of the code."""
    for entry in drug.charted_as:
        if entry in coded or entry.mg_per_mg == found.per_mg:
            continue
        if any(word in words for word in entry.words):
            why = f"it is coded as {found.name} and named as {entry.name}; of which of them its mg are is not said"
            return Substance(name=found.name, why=why, combination=entry.combination, own=found.own)
    return found
