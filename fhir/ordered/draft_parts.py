"""What of an EHR's draft dosage can stand beside a new one: refused, carried, bounded anew, or left out by name."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from fhir.clock import read_instant
from fhir.errors import BadResource, UnreadableTime
from fhir.wire import mapping, rows, string

_CARRIED = ("additionalInstruction", "patientInstruction")
# what the new dosage says itself, or what says nothing where it stands
_REPLACED = frozenset({"text", "timing", "route", "doseAndRate", "asNeededBoolean", "sequence", "id", *_CARRIED})
_REPEAT_REPLACED = frozenset({"frequency", "period", "periodUnit", "duration", "durationUnit"})
# where people write what a program does not read
_FREE_TEXT = ("note", "dispenseRequest", "extension")
_A_DOSE = re.compile(
    r"\d\s*(?:k?g|mg|mcg|[uµμ]g|grams?|milligrams?|micrograms?)\b|\bq\.?\s*\d+\s*\.?\s*h|\d\s*-?\s*(?:hourly|hrly)"
    r"|\bevery\s+\d+\s*[hd]|\b(?:bid|tid|qid|tds)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """repeat: the bounds[x] of the new dosage. first: no dose before it, "" = open. left_out: names."""

    repeat: dict[str, Any] = field(default_factory=dict)
    first: str = ""
    left_out: tuple[str, ...] = ()


def refuse_unwritable(sent: Mapping[str, Any]) -> None:
    """Raises BadResource for a draft whose dosage can not be replaced by one regimen without a guess."""
    instructions = list(rows(sent, "dosageInstruction"))
    if sent.get("doNotPerform") is True:
        raise BadResource("it says that the drug is not to be given")
    if len(instructions) > 1:
        raise BadResource("it has several dosage instructions, and which of them a new one would replace is not known")
    if any(row.get("asNeededBoolean") is True or row.get("asNeededCodeableConcept") for row in instructions):
        raise BadResource("it is to be taken as needed")
    if any(node.get("modifierExtension") for node in (sent, *instructions)):
        raise BadResource("it carries a modifier this service does not know")


def instruction_of(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """The draft's one dosage instruction, empty where it has none."""
    return next(rows(sent, "dosageInstruction"), {})


def carried(instruction: Mapping[str, Any]) -> dict[str, Any]:
    """What is said to patients and nurses beside the dosage."""
    return {name: deepcopy(instruction[name]) for name in _CARRIED if instruction.get(name)}


def left_out(instruction: Mapping[str, Any]) -> Iterator[str]:
    """The names of what neither is carried nor has a counterpart in the new dosage."""
    yield from (name for name, value in instruction.items() if name not in _REPLACED and value)
    timing = mapping(instruction, "timing")
    yield from (f"timing.{name}" for name, value in timing.items() if name not in ("repeat", "code") and value)
    for name, value in mapping(timing, "repeat").items():
        if name not in _REPEAT_REPLACED and not name.startswith("bounds") and value:
            yield f"timing.repeat.{name}"


def bounds(instruction: Mapping[str, Any], first: datetime | None) -> Bounds:
    """The draft's bounds as sent; with `first`, no dose before it: a later start of the draft's own is kept."""
    repeat = mapping(instruction, "timing", "repeat")
    sent = {name: deepcopy(value) for name, value in repeat.items() if name.startswith("bounds") and value}
    if first is None:
        return Bounds(repeat=sent)
    period = mapping(sent, "boundsPeriod")
    start, end = string(period, "start"), string(period, "end")
    begins = start if _later(start, first) else first.isoformat(timespec="seconds")
    ends = end if end and _later(end, first) else ""
    dropped = [name for name in sent if name != "boundsPeriod"] + ["boundsPeriod.end"] * (bool(end) and not ends)
    kept = {"start": begins} | ({"end": ends} if ends else {})
    return Bounds(repeat={"boundsPeriod": kept}, first=begins, left_out=tuple(dropped))


def _later(text: str, first: datetime) -> bool:
    """Whether a FHIR dateTime lies after `first`; a bare date counts from the next day on."""
    try:
        return read_instant(text) > first
    except UnreadableTime:
        pass
    try:
        return date.fromisoformat(text) > first.date()
    except ValueError:
        return False


def free_text_doses(order: Mapping[str, Any]) -> Iterator[str]:
    """The names of kept elements whose free text, or whose quantity, says a dose or how often."""
    parts = {name: order.get(name) for name in _FREE_TEXT}
    parts["medicationCodeableConcept.text"] = mapping(order, "medicationCodeableConcept").get("text")
    parts |= {name: mapping(instruction_of(order)).get(name) for name in _CARRIED}
    yield from (name for name, node in parts.items() if any(_A_DOSE.search(text) for text in _texts(node)))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, Mapping):
        if "value" in node:
            yield f"{node['value']} {node.get('unit') or node.get('code') or ''}"
        yield from (text for name, value in node.items() if name not in ("system", "url") for text in _texts(value))
