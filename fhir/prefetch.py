"""The completion of what the EHR sent with a hook by reads of our own.

A key can arrive in six states: present, absent, null, an empty Bundle, an OperationOutcome, or paged. Absent and failed
ones are fetched, paged ones followed; null and empty mean "the EHR has none": said, and no clinical negative.
"""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal, Protocol

from fhir.answer import next_link, resources_of, troubles
from fhir.bundle import local, reference_of
from fhir.errors import BadResource, FhirError, IncompleteAnswer, ServerUnreachable
from fhir.reading import finding
from fhir.templates import KEYS, PATIENT, TEMPLATES, Key, Templates, templates
from fhir.wire import items, number, string
from models.findings import Finding

__all__ = ["TEMPLATES", "Completed", "Reader", "complete", "templates"]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_WORKERS = 8
_MEDICATIONS = 20  # how many referenced Medications are read one by one


class Reader(Protocol):
    """What FhirClient offers."""

    def read(self, path: str) -> dict[str, Any]: ...
    def search(self, query: str) -> list[dict[str, Any]]: ...
    def follow(self, bundle: Mapping[str, Any]) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, kw_only=True)
class Completed:
    """resources: all that could be had. missing: needed keys of which some or all could not be had: no dose without.

    none: keys for which the EHR has nothing. What could not be had and is not needed is in the findings only.
    """

    resources: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    none: tuple[str, ...] = ()


# whole: all there is. none: the EHR has none. partial: some. absent: nothing yet, to be fetched.
State = Literal["whole", "none", "partial", "absent"]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What is known of one key. more: a Bundle whose further pages are still to be had. why: what went wrong."""

    state: State
    resources: tuple[dict[str, Any], ...] = ()
    more: Mapping[str, Any] | None = None
    why: str = ""


def complete(
    hook: str,
    context: Mapping[str, Any],
    prefetch: Mapping[str, Any] | None,
    client: Reader | None,
    *,
    asked: Templates | None = None,
    deadline_s: float = 5.0,
) -> Completed:
    """All that the hook's templates ask for: from the prefetch where it is there, else by reads within deadline_s.

    client: None where the EHR named no FHIR server that may be read. asked: templates, by default the catalog's.
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
    parts |= _fetched(client, parts, queries, until)
    resources = tuple(resource for part in parts.values() for resource in part.resources)
    resources += _medications(client, resources, until)
    return _completed(parts, resources)


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


def _fetched(
    client: Reader | None, parts: Mapping[str, _Part], queries: Mapping[str, str], until: float
) -> dict[str, _Part]:
    """The parts that a reader can make whole, made as whole as it can."""
    if client is None:
        return {}
    jobs: dict[str, Callable[[], list[dict[str, Any]]]] = {}
    for key, part in parts.items():
        if part.more is not None:
            jobs[key] = _job(client.follow, part.more)
        elif part.state == "absent":
            jobs[key] = _job(_read_or_search, client, queries[key])
    outcomes = _in_parallel(jobs, until)
    return {key: _after(parts[key], outcome) for key, outcome in outcomes.items()}


def _job(function: Callable[..., list[dict[str, Any]]], *arguments: Any) -> Callable[[], list[dict[str, Any]]]:
    return lambda: function(*arguments)


def _read_or_search(client: Reader, query: str) -> list[dict[str, Any]]:
    return [client.read(query)] if "?" not in query else client.search(query)


def _in_parallel(
    jobs: Mapping[str, Callable[[], list[dict[str, Any]]]], until: float
) -> dict[str, list[dict[str, Any]] | FhirError]:
    """Each job's result or error; one that is not done by the deadline has the error that says so."""
    if not jobs:
        return {}
    pool = ThreadPoolExecutor(max_workers=min(_WORKERS, len(jobs)), thread_name_prefix="fhir")
    try:
        futures = {key: pool.submit(job) for key, job in jobs.items()}
        wait(futures.values(), timeout=max(until - monotonic(), 0.0))
        return {key: _outcome(future) for key, future in futures.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[list[dict[str, Any]]]) -> list[dict[str, Any]] | FhirError:
    if not future.done() or future.cancelled():
        return ServerUnreachable("the FHIR server did not answer in time")
    error = future.exception()
    if isinstance(error, FhirError):
        return error
    return future.result()


def _after(part: _Part, outcome: list[dict[str, Any]] | FhirError) -> _Part:
    """A part once its reading came back."""
    if isinstance(outcome, IncompleteAnswer):
        return _Part(state="partial", resources=(*part.resources, *outcome.resources), why=str(outcome))
    if isinstance(outcome, FhirError):
        return _Part(state=part.state, resources=part.resources, why=str(outcome))
    found = (*part.resources, *outcome) if part.more is not None else tuple(outcome)
    return _Part(state="whole" if found else "none", resources=found)


def _medications(
    client: Reader | None, resources: tuple[dict[str, Any], ...], until: float
) -> tuple[dict[str, Any], ...]:
    """The Medications that administrations and orders refer to and that did not come with them, where they can be had.

    One that can not be had is said when the chart is read: its administration does not say what was given.
    """
    here = {reference_of(resource) for resource in resources}
    named = [local(string(resource, "medicationReference", "reference")) for resource in resources]
    lacking = [name for name in dict.fromkeys(named) if name.startswith("Medication/") and name not in here]
    if client is None:
        return ()
    jobs = {name: _job(_read_or_search, client, name) for name in lacking[:_MEDICATIONS]}
    outcomes = _in_parallel(jobs, until).values()
    return tuple(medication for found in outcomes if isinstance(found, list) for medication in found)


def _completed(parts: Mapping[str, _Part], resources: tuple[dict[str, Any], ...]) -> Completed:
    lacking = {key: part for key, part in parts.items() if part.state in ("partial", "absent")}
    none = tuple(key for key, part in parts.items() if part.state == "none")
    return Completed(
        resources=resources,
        findings=(*(_lacks(key, part) for key, part in lacking.items()), *_said_none(none)),
        missing=tuple(key for key in lacking if _key(key).needed),
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
