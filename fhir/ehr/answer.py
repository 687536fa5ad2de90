"""What a FHIR server's HTTP answer says: a resource, a page of a search, or an error; never quoted in a message."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from fhir.errors import BadResource, NotAllowedServer, ServerRefused
from fhir.wire import number, rows, string


def parsed(status: int, body: bytes) -> dict[str, Any]:
    """The resource in an answer; raises ServerRefused for an error or OperationOutcome, BadResource for no resource."""
    if 300 <= status < 400:
        raise NotAllowedServer("The FHIR server answered with a redirect; it was not followed.")
    if status != 200:
        raise ServerRefused(f"The FHIR server answered with HTTP {status}{_issue(body)}.", status=status)
    resource = _json(body)
    if not isinstance(resource, dict) or not string(resource, "resourceType"):
        raise BadResource("The FHIR server's answer is not a FHIR resource.")
    if resource["resourceType"] == "OperationOutcome":
        raise ServerRefused(f"The FHIR server answered with an OperationOutcome{_codes(resource)}.", status=status)
    return resource


def resources_of(bundle: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources in a Bundle's entries; what the server says about its search (outcome entries) is left out."""
    for entry in rows(bundle, "entry"):
        resource = entry.get("resource")
        if isinstance(resource, dict) and resource.get("resourceType") != "OperationOutcome":
            yield resource


def next_link(bundle: Mapping[str, Any]) -> str:
    """The URL of the next page, "" on the last."""
    return next((string(link, "url") for link in rows(bundle, "link") if link.get("relation") == "next"), "")


def troubles(bundle: Mapping[str, Any]) -> bool:
    """Whether a searchset holds an outcome of severity error or fatal: it is then not the whole answer."""
    outcomes = [entry.get("resource") for entry in rows(bundle, "entry")]
    return any(
        issue.get("severity") in ("error", "fatal")
        for outcome in outcomes
        if string(outcome, "resourceType") == "OperationOutcome"
        for issue in rows(outcome, "issue")
    )


def total_of(bundle: Mapping[str, Any]) -> float:
    """How many matches the server says there are, 0 where it does not say."""
    return number(bundle, "total") or 0.0


def seconds(retry_after: str | None, date: str | None = None) -> float:
    """Retry-After in seconds, its date counted from the server's own Date, so that no clock is compared with another.

    0 for none and for what can not be read.
    """
    if not retry_after:
        return 0.0
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after)
    then, now = _instant(retry_after), _instant(date)
    return max((then - now).total_seconds(), 0.0) if then and now else 0.0


def _instant(http_date: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(http_date or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadResource("The FHIR server's answer is not JSON.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _issue(body: bytes) -> str:
    try:
        return _codes(_json(body))
    except BadResource:
        return ""


def _codes(outcome: Any) -> str:
    """The issue codes (a fixed vocabulary); details and diagnostics may name people."""
    codes = sorted({string(issue, "code") for issue in rows(outcome, "issue")} & _ISSUE_CODES)
    return f" ({', '.join(codes)})" if codes else ""


# FHIR R4 IssueType, the ones a reader can meet
_ISSUE_CODES = frozenset(
    {
        "invalid",
        "security",
        "login",
        "unknown",
        "expired",
        "forbidden",
        "suppressed",
        "processing",
        "not-supported",
        "not-found",
        "deleted",
        "too-costly",
        "business-rule",
        "conflict",
        "transient",
        "lock-error",
        "exception",
        "timeout",
        "incomplete",
        "throttled",
    }
)
