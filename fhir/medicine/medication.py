"""Which drug a medication resource is about: by RxNorm or ATC code; a name in words is said aloud but never used."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fhir.bundle import Resource, Shelf, opened
from fhir.codes import words_of
from fhir.medicine.substance import substance_of
from fhir.wire import mapping, rows, string
from models.drug import Drug

# is: coded as the drug, a salt or a combination of it that its file converts. kin: coded as one that it does not.
# words: named in words only. no: something else. unknown: neither a name nor a code known here.
Match = Literal["is", "kin", "words", "no", "unknown"]


def medication_of(resource: Resource, shelf: Shelf) -> Resource:
    """The Medication that a resource refers to; empty where it refers to none, or to one that is not here."""
    reference = string(resource, "medicationReference", "reference")
    return (shelf.follow(reference, resource) if reference else None) or {}


def ingredient_of(row: Mapping[str, Any], resource: Resource, medication: Resource, shelf: Shelf) -> Mapping[str, Any]:
    """The concept of one ingredient, by way of a Substance or Medication where it is a reference."""
    reference = string(row, "itemReference", "reference")
    if not reference:
        return mapping(row, "itemCodeableConcept")
    item = shelf.follow(reference, medication) or shelf.follow(reference, resource) or {}
    return mapping(item, "code")


def concepts_of(resource: Resource, shelf: Shelf) -> tuple[Mapping[str, Any], ...] | None:
    """The concepts that say what the medication is, ingredients included; None where it refers to one not here."""
    concept = mapping(resource, "medicationCodeableConcept")
    if concept:
        return (concept,)
    medication = medication_of(resource, shelf)
    if not medication:
        return None
    ingredients = (ingredient_of(row, resource, medication, shelf) for row in rows(medication, "ingredient"))
    return (mapping(medication, "code"), *ingredients)


def match(resource: Resource, drug: Drug, shelf: Shelf) -> Match:
    """How a MedicationAdministration or -Request stands to a drug."""
    concepts = concepts_of(resource, shelf)
    told = string(resource, "medicationReference", "display").lower()
    coded = [found for concept in concepts or () if (found := substance_of(concept, drug))]
    if coded:
        kin = all(found.per_mg is None and not found.combination and not found.own for found in coded)
        return "kin" if kin else "is"
    words = " ".join([told, *(words_of(concept) for concept in concepts or ())])
    if any(name in words for name in (drug.name, *drug.names)):
        return "words"
    return "no" if words.strip() else "unknown"


def under_its_order(resource: Resource, drug: Drug, shelf: Shelf) -> tuple[Resource, Match]:
    """An administration whose medication was not supplied, with that of the order that it was given under.

    Only by the code of the order's medication: which product was given is not known, so that no strength is taken.
    """
    request = string(resource, "request", "reference")
    order = (shelf.follow(request, resource) if request else None) or {}
    concept = mapping(order, "medicationCodeableConcept") or mapping(medication_of(order, shelf), "code")
    if string(order, "resourceType") != "MedicationRequest" or not concept:
        return resource, "unknown"
    named = {name: value for name, value in resource.items() if name != "medicationReference"}
    named["medicationCodeableConcept"] = concept
    return named, match(named, drug, shelf)


def drugs_of(resources: Iterable[Resource], drugs: Iterable[Drug]) -> tuple[str, ...]:
    """Names of the drugs that any medication resource here is coded as (RxNorm, ATC), in the order of `drugs`.

    A name that stands only in words is not taken: a text can say "no vancomycin"; nor is an order that is over.
    """
    found = [resource for _, resource in opened(resources)]
    shelf = Shelf(
        resources=tuple(found),
        by_reference={f"Medication/{string(r, 'id')}": r for r in found if r.get("resourceType") == "Medication"},
        findings=(),
    )
    about = [resource for resource in found if string(resource, "resourceType") in _KINDS and not _over(resource)]
    return tuple(drug.name for drug in drugs if any(match(resource, drug, shelf) == "is" for resource in about))


def _over(resource: Resource) -> bool:
    """Whether an order has ended: it says what was taken, and nothing of what is to be dosed."""
    ended = ("completed", "stopped", "cancelled", "entered-in-error")
    return string(resource, "resourceType") == "MedicationRequest" and string(resource, "status") in ended


_KINDS = ("MedicationRequest", "MedicationAdministration", "MedicationStatement", "MedicationDispense")
