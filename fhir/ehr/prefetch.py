"""The completion of what the EHR sent with a hook by reads of our own.

A key can arrive in six states: present, absent, null, an empty Bundle, an OperationOutcome, or paged. Absent and failed
ones are fetched, paged ones followed; null and empty mean "the EHR has none": said, and no clinical negative.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal

from fhir.bundle import local, reference_of
from fhir.ehr.answer import next_link, resources_of, troubles
from fhir.ehr.fetch import Reader, fetch
from fhir.ehr.scopes import Grant
from fhir.ehr.templates import KEYS, PATIENT, TEMPLATES, Key, Templates, templates
from fhir.errors import BadResource, FhirError, IncompleteAnswer, ServerRefused
from fhir.reading import finding
from fhir.wire import items, number, rows, string
from models.findings import Finding

__all__ = ["TEMPLATES", "Completed", "Reader", "complete", "templates"]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_BARE = re.compile(r"([?&]patient=)([A-Za-z0-9\-.]+)(?=&|$)")
_PLACES = 5  # how many referenced Locations are read one by one
_MEDICATIONS = 20  # how many referenced Medications are read one by one


@dataclass(frozen=True, kw_only=True)
class Completed:
    """resources: all that could be had. missing: needed keys of which some or all could not be had: no dose without.

    not_covered: resource types of those keys that the token's scopes do not let be read. why: each reason once.
    none: keys for which the EHR has nothing. What could not be had and is not needed is in the findings only.
    """

    resources: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    not_covered: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Source:
    """How far the EHR lets us read. client: None = not at all. grant: None = not known before it is tried."""

    client: Reader | None
    grant: Grant | None

    def covers(self, query: str, category: str) -> bool:
        return self.grant is None or self.grant.covers(query, category=category)


# whole: all there is. none: the EHR has none. partial: some. absent: nothing yet, to be fetched.
State = Literal["whole", "none", "partial", "absent"]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What is known of one key. more: a Bundle whose further pages are still to be had. why: what went wrong.

    not_covered: the resource type, where the token's scopes do not let it be read.
    """

    state: State
    resources: tuple[dict[str, Any], ...] = ()
    more: Mapping[str, Any] | None = None
    why: str = ""
    not_covered: str = ""


def complete(
    hook: str,
    context: Mapping[str, Any],
    prefetch: Mapping[str, Any] | None,
    client: Reader | None,
    *,
    grant: Grant | None = None,
    asked: Templates | None = None,
    deadline_s: float = 5.0,
) -> Completed:
    """All that the hook's templates ask for: from the prefetch where it is there, else by reads within deadline_s.

    client: None where the EHR named no FHIR server that may be read. grant: what its token may read, None = not known.
    asked: templates, by default the catalog's.
    Never raises for what an EHR answers; a hook or patient id that is none raises BadResource.
    """
    patient = context.get("patientId")
    if not isinstance(patient, str) or not _ID.fullmatch(patient):
        raise BadResource("context.patientId must be a FHIR id (letters, digits, - and ., at most 64)")
    if asked is None and hook not in TEMPLATES:
        raise BadResource(f"hook must be one of {', '.join(TEMPLATES)}")
    until = monotonic() + deadline_s
    wanted = TEMPLATES[hook] if asked is None else asked
    sent = prefetch if isinstance(prefetch, Mapping) else {}
    parts = {key: _sent(sent[key]) if key in sent else _Part(state="absent") for key in wanted}
    queries = {key: template.replace(PATIENT, patient) for key, template in wanted.items()}
    source = _Source(client=client, grant=grant)
    parts |= _fetched(parts, queries, source, until)
    resources = tuple(resource for part in parts.values() for resource in part.resources)
    medications, said = _medications(resources, source, until)
    return _completed(parts, (*resources, *medications, *_locations(resources, source, until)), said)


def _sent(value: Any) -> _Part:
    """What the EHR put under a key."""
    if value is None:
        return _Part(state="none")
    kind = string(value, "resourceType")
    if kind in ("", "OperationOutcome") or not isinstance(value, dict):
        return _Part(state="absent", why="the EHR sent an error in its place")
    if kind != "Bundle":
        return _Part(state="whole", resources=(value,))
    found = tuple(resources_of(value))
    if troubles(value):
        return _Part(state="absent", resources=found, why="the EHR said that its answer is not whole")
    if next_link(value):
        return _Part(state="partial", resources=found, more=value, why="further pages could not be read")
    total = number(value, "total")
    if total is not None and total > len(items(value, "entry")) and string(value, "type") == "searchset":
        return _Part(state="absent", resources=found, why="the EHR sent fewer entries than it has")
    return _Part(state="whole" if found else "none", resources=found)


def _fetched(parts: Mapping[str, _Part], queries: Mapping[str, str], source: _Source, until: float) -> dict[str, _Part]:
    """The parts that a reader can make whole, made as whole as it can."""
    if source.client is None:
        return {}
    open_keys = [key for key, part in parts.items() if part.more is not None or part.state == "absent"]
    covered = [key for key in open_keys if source.covers(queries[key], _key(key).category)]
    outcomes = fetch(source.client, {key: parts[key].more or queries[key] for key in covered}, until)
    outcomes |= _asked_again(
        source.client, {key: queries[key] for key in covered if parts[key].more is None}, outcomes, until
    )
    return {
        key: _after(parts[key], outcomes[key]) if key in outcomes else _not_covered(parts[key], queries[key])
        for key in open_keys
    }


def _asked_again(
    client: Reader, queries: Mapping[str, str], outcomes: Mapping[str, list[dict[str, Any]] | FhirError], until: float
) -> dict[str, list[dict[str, Any]] | FhirError]:
    """What the searches give in FHIR's other way to name a patient, where every one of them was empty in the first.

    A server that knows only patient=Patient/1 answers patient=1 with an empty Bundle (Medplum's in-memory one does):
    a whole chart would read as empty. One that refuses the second way has said all it has to say in the first.
    """
    searches = {key: query for key, query in queries.items() if _BARE.search(query)}
    if not searches or any(outcomes[key] != [] for key in searches):
        return {}
    again = fetch(client, {key: _BARE.sub(r"\1Patient/\2", query) for key, query in searches.items()}, until)
    return {key: found for key, found in again.items() if not isinstance(found, ServerRefused)}


def _not_covered(part: _Part, query: str) -> _Part:
    return replace(part, why=_no_scope(query), not_covered=_type(query))


def _no_scope(query: str) -> str:
    return f"the token's scopes do not include {_type(query)}, or not all that is needed of it"


def _type(query: str) -> str:
    return re.split("[/?]", query)[0]


def _after(part: _Part, outcome: list[dict[str, Any]] | FhirError) -> _Part:
    """A part once its reading came back."""
    if isinstance(outcome, IncompleteAnswer):
        return _Part(state="partial", resources=(*part.resources, *outcome.resources), why=str(outcome))
    if isinstance(outcome, FhirError):
        return _Part(state=part.state, resources=part.resources, why=str(outcome))
    found = (*part.resources, *outcome) if part.more is not None else tuple(outcome)
    return _Part(state="whole" if found else "none", resources=found)


def _medications(
    resources: tuple[dict[str, Any], ...], source: _Source, until: float
) -> tuple[tuple[dict[str, Any], ...], tuple[Finding, ...]]:
    """The Medications that administrations and orders refer to and that did not come with them, where they can be had.

    One that can not be had is said when the chart is read: its administration does not say what was given.
    """
    here = {reference_of(resource) for resource in resources}
    named = [local(string(resource, "medicationReference", "reference")) for resource in resources]
    lacking = [name for name in dict.fromkeys(named) if name.startswith("Medication/") and name not in here]
    if source.client is None or not lacking:
        return (), ()
    if not source.covers(lacking[0], ""):
        text = f"no description of the medications referred to could be had ({_no_scope(lacking[0])})."
        return (), (finding("not-available", "warning", text),)
    outcomes = fetch(source.client, {name: name for name in lacking[:_MEDICATIONS]}, until).values()
    return tuple(medication for found in outcomes if isinstance(found, list) for medication in found), ()


def _locations(resources: tuple[dict[str, Any], ...], source: _Source, until: float) -> tuple[dict[str, Any], ...]:
    """The places of the current encounters, where they can be had; without one its kind of unit is not read."""
    here = {reference_of(resource) for resource in resources}
    beds = [
        row
        for resource in resources
        if resource.get("resourceType") == "Encounter"
        for row in rows(resource, "location")
    ]
    named = dict.fromkeys(local(string(row, "location", "reference")) for row in beds)
    lacking = [name for name in named if name.startswith("Location/") and name not in here]
    if source.client is None or not lacking or not source.covers(lacking[0], ""):
        return ()
    outcomes = fetch(source.client, {name: name for name in lacking[:_PLACES]}, until).values()
    return tuple(place for found in outcomes if isinstance(found, list) for place in found)


def _completed(
    parts: Mapping[str, _Part], resources: tuple[dict[str, Any], ...], said: tuple[Finding, ...]
) -> Completed:
    lacking = {key: part for key, part in parts.items() if part.state in ("partial", "absent")}
    none = tuple(key for key, part in parts.items() if part.state == "none")
    missing = {key: part for key, part in lacking.items() if _key(key).needed}
    return Completed(
        resources=resources,
        findings=(*(_lacks(key, part) for key, part in lacking.items()), *_said_none(none), *said),
        missing=tuple(missing),
        not_covered=tuple(dict.fromkeys(part.not_covered for part in missing.values() if part.not_covered)),
        why=tuple(dict.fromkeys(part.why.rstrip(".") for part in missing.values() if part.why)),
        none=none,
    )


def _lacks(key: str, part: _Part) -> Finding:
    words = _key(key).words
    what = f"not every {words} could be had" if part.state == "partial" else f"no {words} could be had"
    why = part.why.rstrip(".") or "the EHR did not send it, and named no server it could be read from"
    text = f"{what} from the EHR ({why}); whether there is one is not known."
    return finding("not-available", "critical" if _key(key).needed else "warning", text)


def _said_none(keys: tuple[str, ...]) -> list[Finding]:
    """Where the EHR answered that it has nothing: said, as that is not the same as there being nothing."""
    said = [(key, _key(key)) for key in keys]
    return [finding("ehr-has-none", row.none, f"the EHR holds no {row.words}.") for _, row in said if row.none]


def _key(key: str) -> Key:
    return KEYS.get(key, Key(words=key, needed=True))
