"""A feedback body as rows: batches, several outcomes for one card and repeats are all normal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cds_server.hooks.errors import BadRequest, TooLarge
from cds_server.store.rows import FeedbackRow

OUTCOMES = ("accepted", "overridden")
MOST_ITEMS = 1000  # in one POST: each is looked up
COMMENT_LIMIT = 2000  # characters of a user's comment that are kept
# An item may carry the MedicationRequest that was placed, as an extension of this name.
PLACED = "titrate.order-placed"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """rows: what was understood; problems: one for each item that was not. shortened: how many comments were cut.

    placed: by a row's digest, the order that its item says was placed.
    """

    rows: tuple[FeedbackRow, ...]
    problems: tuple[BadRequest, ...]
    shortened: int = 0
    placed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def parse(body: Any, *, service: str, now: datetime) -> Batch:
    """One POST; an item that can not be understood does not take the others with it. Raises BadRequest for no array."""
    items = body.get("feedback") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise BadRequest("feedback: expected an array of feedback items", where="feedback")
    if len(items) > MOST_ITEMS:
        text = f"feedback: {len(items)} items in one call: expected at most {MOST_ITEMS}; send them in several"
        raise TooLarge(text, where="feedback")
    rows, problems, placed = [], [], {}
    for n, item in enumerate(items):
        try:
            row = _row(item, f"feedback[{n}]", service, now)
        except BadRequest as problem:
            problems.append(problem)
            continue
        rows.append(row)
        if order := _placed(item):
            placed[row.digest] = order
    shortened = sum(map(_too_long, items))
    return Batch(rows=tuple(rows), problems=tuple(problems), shortened=shortened, placed=placed)


def _placed(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The order in the item's extension, where there is one; any other extension is passed over."""
    extension = item.get("extension")
    order = extension.get(PLACED) if isinstance(extension, dict) else None
    return order if isinstance(order, dict) and order.get("resourceType") == "MedicationRequest" else None


def _too_long(item: Any) -> bool:
    reason = item.get("overrideReason") if isinstance(item, dict) else None
    comment = reason.get("userComment") if isinstance(reason, dict) else None
    return isinstance(comment, str) and len(comment) > COMMENT_LIMIT


def _row(item: Any, where: str, service: str, now: datetime) -> FeedbackRow:
    if not isinstance(item, dict):
        raise BadRequest(f"{where}: expected an object", where=where)
    outcome = _text(item, "outcome", where)
    if outcome not in OUTCOMES:
        raise BadRequest(
            f"{where}.outcome: expected {' or '.join(OUTCOMES)}, found {outcome!r}", where=f"{where}.outcome"
        )
    system, code, comment = _reason(item, where)
    return FeedbackRow(
        card_uuid=_text(item, "card", where, limit=64),
        service=service,
        outcome=outcome,
        outcome_at=_instant(item, where),
        received_at=now,
        accepted=_accepted(item, where) if outcome == "accepted" else (),
        reason_system=system,
        reason_code=code,
        comment=comment,
    )


def _accepted(item: Mapping[str, Any], where: str) -> tuple[str, ...]:
    path = f"{where}.acceptedSuggestions"
    suggestions = item.get("acceptedSuggestions")
    if not isinstance(suggestions, list) or not suggestions:
        raise BadRequest(f"{path}: expected at least one {{id}}, as the outcome is accepted", where=path)
    return tuple(_text(one, "id", f"{path}[{n}]", limit=64) for n, one in enumerate(suggestions))


def _reason(item: Mapping[str, Any], where: str) -> tuple[str | None, str | None, str | None]:
    """(system, code, comment); each may be missing, and a reason's display is not needed."""
    reason = item.get("overrideReason") or {}
    if not isinstance(reason, dict) or not isinstance(reason.get("reason") or {}, dict):
        raise BadRequest(f"{where}.overrideReason: expected an object", where=f"{where}.overrideReason")
    coding = reason.get("reason") or {}
    found = (coding.get("system"), coding.get("code"), reason.get("userComment"))
    return tuple(value[:COMMENT_LIMIT] if isinstance(value, str) and value else None for value in found)  # type: ignore[return-value]


def _instant(item: Mapping[str, Any], where: str) -> datetime | None:
    """None where the client leaves the required field out: what happened is worth keeping without it."""
    text = item.get("outcomeTimestamp")
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        path = f"{where}.outcomeTimestamp"
        raise BadRequest(f"{path}: expected an RFC 3339 time such as 2026-01-31T09:30:00Z", where=path) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)  # the specification says UTC


def _text(item: Any, name: str, where: str, limit: int = 2000) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise BadRequest(f"{where}.{name}: expected a text of at most {limit} characters", where=f"{where}.{name}")
    return value
