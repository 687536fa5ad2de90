"""Allergies to the very drug that is dosed: by code they stand in the way, in words they are said."""

from collections.abc import Iterator

from fhir.bundle import Resource, Shelf
from fhir.codes import carries, words_of
from fhir.wire import mapping, rows, string
from models.drug import Drug
from models.findings import Finding

_VOID = ("refuted", "entered-in-error")


def read_allergies(shelf: Shelf, drug: Drug) -> Iterator[Finding]:
    """Critical: coded as the drug, active and confirmed. Warning: coded with any doubt, an intolerance, or in words.

    Allergies to a class of drugs are not recognised.
    """
    for allergy in shelf.of_type("AllergyIntolerance"):
        if _status(allergy, "verificationStatus") in _VOID or _status(allergy, "clinicalStatus") == "resolved":
            continue
        concepts = [allergy.get("code"), *(mapping(row, "substance") for row in rows(allergy, "reaction"))]
        if any(carries(concept, {"rxnorm": drug.rxnorm, "atc": drug.atc}) for concept in concepts):
            yield _coded(allergy, drug)
        elif any(drug.name.lower() in words_of(concept) for concept in concepts):
            text = f"An allergy entry names {drug.name} in words only; whether it is one to it should be checked."
            yield Finding(code="allergy-uncoded", severity="warning", text=text)


def _coded(allergy: Resource, drug: Drug) -> Finding:
    what = "intolerance" if string(allergy, "type") == "intolerance" else "allergy"
    verified, clinical = _status(allergy, "verificationStatus"), _status(allergy, "clinicalStatus")
    certain = what == "allergy" and verified == "confirmed" and clinical == "active"
    state = ", ".join(word for word in (clinical, verified) if word) or "without a status"
    if certain:
        text = f"An allergy to {drug.name} is charted ({state}). If that is wrong, the entry should be corrected."
        return Finding(code="allergy", severity="critical", text=text)
    if allergy.get("modifierExtension"):
        state = f"{state}, with a modifier this service does not know"
    text = f"An {what} to {drug.name} is charted ({state}); it should be weighed before any dose."
    return Finding(code="allergy-unconfirmed", severity="warning", text=text)


def _status(allergy: Resource, name: str) -> str:
    return string(allergy, name, "coding", 0, "code")
