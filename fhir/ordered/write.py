"""A draft MedicationRequest with a new dosage: what the EHR sent is kept where it is valid R4, else left out aloud."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fhir.bundle import local
from fhir.codes import carries, table
from fhir.errors import BadResource
from fhir.ordered.draft_parts import (
    Bounds,
    bounds,
    carried,
    free_text_doses,
    instruction_of,
    left_out,
    refuse_unwritable,
)
from fhir.quantity import UCUM
from fhir.r4 import check, faults
from fhir.reading import finding
from fhir.wire import mapping, quoted, rows, string
from models.dosing.advice import Regimen
from models.drug import Drug
from models.findings import Finding
from models.record import Route

# SNOMED CT code, its display, and the words of the dosage
_ROUTES: Mapping[Route, tuple[str, str, str]] = MappingProxyType(
    {
        "iv": ("47625008", "Intravenous route", "intravenously"),
        "oral": ("26643006", "Oral route", "by mouth"),
        "sc": ("34206005", "Subcutaneous route", "subcutaneously"),
    }
)
# the least that an order needs around its dosage, to check a dosage by itself
_PROBE: Mapping[str, Any] = MappingProxyType(
    {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        "medicationCodeableConcept": {"text": "any"},
    }
)
_LISTS = ("category", "identifier", "note", "dosageInstruction", "reasonCode", "supportingInformation")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """resource: strictly valid R4. findings: what of the EHR's draft could not be kept."""

    resource: dict[str, Any]
    findings: tuple[Finding, ...]


def draft(
    original: Mapping[str, Any] | None,
    *,
    regimen: Regimen,
    drug: Drug,
    patient: str,
    text: str = "",
    first: datetime | None = None,
) -> Draft:
    """original: the EHR's draft, however invalid, or None. patient: logical id. text: the dosage in words for people.

    first: aware; no dose before it, whatever earlier start the draft names; None = the draft's own bounds.
    Only the dosage changes: status, intent, medication, notes and instructions to people stay as sent where they are
    valid R4; the narrative, which states the old dosage, is left out. Raises BadResource for a draft of another
    patient, drug or kind, for one that is not one regimen, and where no valid order can be made.
    """
    sent = original or {}
    _refuse_another(sent, drug, patient)
    refuse_unwritable(sent)
    bounded = bounds(_without_empties(instruction_of(sent)), first)
    dosage, invalid = _dosage(sent, bounded, bounds({}, first), regimen, text)
    order = _mended(sent, drug, patient) | {"dosageInstruction": [dosage]}
    narrative = ["text"] if order.pop("text", None) else []
    dropped = sorted({fault.element for fault in faults(order)} - {""})
    kept = {name: value for name, value in order.items() if name not in dropped}
    order = _with_required(kept, drug, patient)
    check(order)
    gone = [*narrative, *bounded.left_out, *left_out(instruction_of(sent))]
    return Draft(resource=order, findings=_said([*dropped, *invalid], gone, list(free_text_doses(order))))


def _refuse_another(sent: Mapping[str, Any], drug: Drug, patient: str) -> None:
    """A dosage must never land in an order for somebody or something else."""
    if sent.get("resourceType", "MedicationRequest") != "MedicationRequest":
        raise BadResource("the draft to be changed is not a MedicationRequest")
    reference = string(sent, "subject", "reference")
    if reference and local(reference) not in (f"Patient/{patient}", patient):
        raise BadResource("the draft to be changed is for another patient")
    concept = mapping(sent, "medicationCodeableConcept")
    if concept and not carries(concept, {"rxnorm": drug.rxnorm, "atc": drug.atc}):
        raise BadResource(f"the draft to be changed is not coded as {drug.name}")


def _dosage(
    sent: Mapping[str, Any], bounded: Bounds, least: Bounds, regimen: Regimen, text: str
) -> tuple[dict[str, Any], list[str]]:
    """The new instruction with what of the draft's stands beside it where that is valid, and what does not."""
    beside = carried(_without_empties(instruction_of(sent)))
    dosage = _instruction(bounded, regimen, text)
    invalid = []
    if bounded.repeat and _invalid(dosage):
        invalid = sorted(bounded.repeat)
        dosage = _instruction(least, regimen, text)
    for name, value in beside.items():
        if _invalid(dosage | {name: value}):
            invalid.append(name)
        else:
            dosage = {name: value} | dosage
    return dosage, invalid


def _invalid(dosage: Mapping[str, Any]) -> bool:
    return bool(faults({**_PROBE, "dosageInstruction": [dosage]}))


def _mended(sent: Mapping[str, Any], drug: Drug, patient: str) -> dict[str, Any]:
    """The draft with what drafts get wrong put right in its meaning: no empties, lists where lists belong."""
    order = _without_empties(deepcopy(dict(sent)))
    for name in _LISTS:
        if isinstance(order.get(name), Mapping):
            order[name] = [order[name]]
    return _with_required(order, drug, patient)


def _with_required(order: dict[str, Any], drug: Drug, patient: str) -> dict[str, Any]:
    order = {"resourceType": "MedicationRequest"} | order
    order.setdefault("status", "draft")
    order.setdefault("intent", "order")
    order["subject"] = _subject(order, patient)
    if "medicationReference" not in order:
        order["medicationCodeableConcept"] = _concept(order.get("medicationCodeableConcept"), drug)
    return order


def _subject(order: Mapping[str, Any], patient: str) -> dict[str, Any]:
    """The draft's own subject where it names a reference (checked to be the patient), else the patient."""
    subject = mapping(order, "subject")
    return dict(subject) if string(subject, "reference") else {"reference": f"Patient/{patient}"}


def _concept(concept: Any, drug: Drug) -> dict[str, Any]:
    """The medication with a text and a code in its first coding; clients apply a suggestion only if it has both."""
    codings = [dict(coding) for coding in rows(concept, "coding") if string(coding, "code")]
    if not codings:
        code = {"system": table()["systems"]["rxnorm"][0], "code": drug.rxnorm[0], "display": drug.display}
        codings = [code]
    text = string(concept, "text") or string(codings[0], "display") or drug.display
    kept = dict(concept) if isinstance(concept, Mapping) else {}
    return kept | {"coding": codings, "text": text}


def _instruction(bounded: Bounds, regimen: Regimen, text: str) -> dict[str, Any]:
    repeat = {**bounded.repeat, "frequency": 1, "period": _plain(regimen.interval), "periodUnit": "h"}
    if regimen.duration:
        repeat |= _duration(regimen.duration)
    code, display, _ = _ROUTES[regimen.route]
    return {
        "text": (text or words_of(regimen)) + _not_before(bounded.first),
        "timing": {"repeat": repeat},
        "route": {
            "coding": [{"system": table()["systems"]["snomed"][0], "code": code, "display": display}],
            "text": display,
        },
        "doseAndRate": [
            {"doseQuantity": {"value": _plain(regimen.amount), "unit": "mg", "system": UCUM, "code": "mg"}}
        ],
    }


def words_of(regimen: Regimen) -> str:
    """ "1000 mg intravenously over 90 min every 12 h"."""
    how = _ROUTES[regimen.route][2]
    over = f" over {_plain(regimen.duration * 60)} min" if regimen.duration else ""
    return f"{_plain(regimen.amount)} mg {how}{over} every {_plain(regimen.interval)} h"


def _not_before(first: str) -> str:
    """The start for people: "2026-11-22 09:30+01:00", seconds left out."""
    shown = first.replace("T", " ").replace(":00+", "+").replace(":00-", "-").replace(":00Z", "Z")
    return f"; first dose not before {shown}" if first else ""


def _duration(hours: float) -> dict[str, Any]:
    """Hours where they are quarters, else minutes: the exact value a pump can be set to."""
    if hours * 4 == int(hours * 4):
        return {"duration": _plain(hours), "durationUnit": "h"}
    return {"duration": _plain(round(hours * 60, 2)), "durationUnit": "min"}


def _plain(value: float) -> int | float:
    """12.0 -> 12: a whole number is written as one."""
    value = round(value, 6)
    return int(value) if value == int(value) else value


def _without_empties(node: Any) -> Any:
    """JSON without null, "", [] and {}, which FHIR does not allow."""
    if isinstance(node, Mapping):
        kept = {name: _without_empties(value) for name, value in node.items()}
        return {name: value for name, value in kept.items() if value not in (None, "", [], {})}
    if isinstance(node, list):
        return [value for value in map(_without_empties, node) if value not in (None, "", [], {})]
    return node


def _said(invalid: list[str], gone: list[str], free_text: list[str]) -> tuple[Finding, ...]:
    said = []
    if invalid:
        text = f"of the order as sent, {_names(invalid)} is not valid FHIR R4 and was left out of the suggestion."
        said.append(finding("draft-not-valid", "info", text))
    if gone:
        text = f"of the order as sent, {_names(gone)} goes with the old dosage and was left out of the suggestion."
        said.append(finding("draft-left-out", "info", text))
    if free_text:
        text = (
            f"the draft's free text ({_names(free_text)}) still names a dose, which is kept as it was written and may "
            "be another than the suggested one; it is worth a check."
        )
        said.append(finding("draft-free-text-dose", "warning", text))
    return tuple(said)


def _names(elements: list[str]) -> str:
    return ", ".join(quoted(name) for name in elements)
