"""FHIR R4 search over resources in memory: reference, token and date parameters, _id, _sort, _count, _offset."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Resource = Mapping[str, Any]
Pairs = Sequence[tuple[str, str]]  # a query string's parameters in order, repeats kept (a repeat means AND)
PAGE, LARGEST_PAGE = 20, 100


class FhirProblem(Exception):
    """A request the endpoint refuses. code: from the value set issue-type; the text goes into the OperationOutcome."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of matches; total counts all of them. next_offset is None on the last page."""

    resources: tuple[Resource, ...]
    total: int
    count: int
    next_offset: int | None


_SUBJECT = {"patient": ("reference", "subject"), "subject": ("reference", "subject")}
_COMMON = {"status": ("token", "status"), "code": ("token", "code"), "category": ("token", "category")} | _SUBJECT
PARAMETERS: dict[str, dict[str, tuple[str, str]]] = {
    "Patient": {"identifier": ("token", "identifier")},
    "Observation": _COMMON | {"date": ("date", "effective")},
    "MedicationAdministration": _SUBJECT
    | {
        "status": ("token", "status"),
        "code": ("token", "medicationCodeableConcept"),
        "effective-time": ("date", "effective"),
    },
    "MedicationRequest": _SUBJECT
    | {
        "status": ("token", "status"),
        "intent": ("token", "intent"),
        "category": ("token", "category"),
        "code": ("token", "medicationCodeableConcept"),
        "authoredon": ("date", "authoredOn"),
    },
    "Procedure": _COMMON | {"date": ("date", "performed")},
    "Condition": _SUBJECT | {"code": ("token", "code"), "clinical-status": ("token", "clinicalStatus")},
    "AllergyIntolerance": {"patient": ("reference", "patient"), "code": ("token", "code")},
    "Encounter": _SUBJECT | {"status": ("token", "status")},
    "MedicationStatement": _SUBJECT | {"status": ("token", "status")},
}


def search(kind: str, resources: Iterable[Resource], query: Pairs) -> Page:
    """The matching resources of one type; an unknown parameter is refused, since ignoring it would widen the answer."""
    known = PARAMETERS[kind]
    filters = [(name, value) for name, value in query if name not in ("_sort", "_count", "_offset", "_format")]
    tests = [_test(kind, known, name, value) for name, value in filters]
    found = [resource for resource in resources if all(test(resource) for test in tests)]
    for key in reversed(_last(query, "_sort", "").split(",")):
        found = _sorted(found, key, known) if key else found
    return _page(found, _whole(query, "_count", PAGE), _whole(query, "_offset", 0))


def _page(found: list[Resource], count: int, offset: int) -> Page:
    count = min(count, LARGEST_PAGE)
    end = offset + count
    more = end if count and end < len(found) else None
    return Page(resources=tuple(found[offset:end]), total=len(found), count=count, next_offset=more)


def _test(kind: str, known: Mapping[str, tuple[str, str]], name: str, text: str) -> Callable[[Resource], bool]:
    if name == "_id":
        return lambda resource: resource["id"] in text.split(",")
    if name not in known:
        offered = ", ".join(sorted(known))
        raise FhirProblem(
            400, "not-supported", f"{kind} can not be searched by {name!r} here; it can by _id, {offered}"
        )
    sort, path = known[name]
    wanted = text.split(",")
    return lambda resource: any(_MATCH[sort](resource, path, one) for one in wanted)


def _reference(resource: Resource, path: str, wanted: str) -> bool:
    if path not in resource:
        return False
    return resource.get("_filed", resource[path]["reference"]) in (wanted, f"Patient/{wanted}")


def _token(resource: Resource, path: str, wanted: str) -> bool:
    system, bar, code = wanted.rpartition("|")
    return any(
        (not code or code == have_code) and (not bar or system == have_system)
        for have_system, have_code in _tokens(resource.get(path))
    )


def _tokens(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, an Identifier, a CodeableConcept, or a list of them."""
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, list):
        for item in value:
            yield from _tokens(item)
    elif isinstance(value, Mapping):
        for coding in value.get("coding", [value] if "value" in value else []):
            yield coding.get("system", ""), coding.get("code", coding.get("value", ""))


def _date(resource: Resource, path: str, wanted: str) -> bool:
    """FHIR's comparison of periods: equal to seconds where the query gives a time, to the day where it gives a date."""
    prefix, text = (wanted[:2], wanted[2:]) if wanted[:2].isalpha() else ("eq", wanted)
    span = _span(resource, path)
    if prefix not in _COMPARE:
        raise FhirProblem(400, "not-supported", f"date prefix {prefix!r} is not supported; use eq, lt, gt, ge or le")
    return span is not None and _COMPARE[prefix](span, _asked(text))


_Span = tuple[datetime, datetime]
_COMPARE: dict[str, Callable[[_Span, _Span], bool]] = {
    "eq": lambda have, asked: have[0] >= asked[0] and have[1] <= asked[1],
    "lt": lambda have, asked: have[0] < asked[0],
    "gt": lambda have, asked: have[1] > asked[1],
    "ge": lambda have, asked: have[1] >= asked[0],
    "le": lambda have, asked: have[0] <= asked[1],
}
_MATCH: dict[str, Callable[[Resource, str, str], bool]] = {"reference": _reference, "token": _token, "date": _date}


def _span(resource: Resource, path: str) -> _Span | None:
    """The instant or period of a choice element (effectiveDateTime, effectivePeriod, ...), or of a plain one."""
    period = resource.get(f"{path}Period")
    if period:
        return datetime.fromisoformat(period["start"]), datetime.fromisoformat(period.get("end", period["start"]))
    text = resource.get(f"{path}DateTime", resource.get(path))
    return None if text is None else (datetime.fromisoformat(text), datetime.fromisoformat(text))


def _asked(text: str) -> _Span:
    try:
        # In a query string the "+" of an offset that was not escaped arrives as a blank.
        start = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise FhirProblem(400, "invalid", f"{text!r} is not a date or date-time as FHIR writes them") from None
    whole_day = len(text) == len("2026-01-31")
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    return start, start + (timedelta(days=1) if whole_day else timedelta(0))


def _sorted(found: list[Resource], key: str, known: Mapping[str, tuple[str, str]]) -> list[Resource]:
    name = key.removeprefix("-")
    if name == "_lastUpdated":
        return sorted(found, key=lambda resource: resource["meta"]["lastUpdated"], reverse=key.startswith("-"))
    if name not in known or known[name][0] != "date":
        raise FhirProblem(400, "not-supported", f"can not sort by {name!r} here; dates and _lastUpdated can")
    never = (datetime.min.replace(tzinfo=UTC),) * 2
    return sorted(found, key=lambda resource: _span(resource, known[name][1]) or never, reverse=key.startswith("-"))


def _last(query: Pairs, name: str, default: str) -> str:
    return next((value for key, value in reversed(query) if key == name), default)


def _whole(query: Pairs, name: str, default: int) -> int:
    text = _last(query, name, str(default))
    if not text.isdecimal():
        raise FhirProblem(400, "invalid", f"{name} is {text!r}: expected a whole number, 0 or above")
    return int(text)
