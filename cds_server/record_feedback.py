"""The use case of feedback: keep what can be kept, say what could not be understood, work out what dose was taken."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from cds_server import encode
from cds_server.audit.entry import feedback_entry
from cds_server.decision import decided
from cds_server.hooks.errors import outcome_of
from cds_server.hooks.feedback import COMMENT_LIMIT, Batch
from cds_server.issued import IssuedAdvice
from cds_server.parts import Parts
from cds_server.store import AuditRow, CardRow, FeedbackRow

log = logging.getLogger(__name__)

# An order placed instead is evaluated like a draft, some 50 ms each: one POST shall not hold a thread for long.
MOST_EVALUATED = 20


def record_feedback(batch: Batch, parts: Parts, tenant: str = "") -> tuple[dict[str, Any], int]:
    """The answer and its HTTP status: 200 also for cards and suggestions this service never issued, as the
    specification has no other way to say "received" and a client would only send them again, but they are counted and
    named and not stored; 400 where an item can not be understood. Another tenant's card is as unknown as a made-up one.
    """
    rows, unevaluated = _with_decisions(batch, parts, tenant)
    known = parts.store.known_feedback(rows)
    audit = AuditRow(at=parts.clock(), event="feedback", entry=feedback_entry(known.rows)) if known.rows else None
    receipt = parts.store.record_feedback(rows, audit)
    said: dict[str, Any] = {"stored": receipt.stored, "repeated": receipt.repeated}
    if receipt.unknown_cards:
        log.warning("feedback on cards never issued", extra={"cards": len(receipt.unknown_cards)})
        said["unknownCards"] = list(receipt.unknown_cards)
    if receipt.unknown_suggestions:
        log.warning("feedback on suggestions never issued", extra={"cards": len(receipt.unknown_suggestions)})
        said["unknownSuggestions"] = [{"card": card, "id": item} for card, item in receipt.unknown_suggestions]
    if unevaluated:
        said |= {"ordersNotEvaluated": unevaluated, "ordersEvaluatedAtMost": MOST_EVALUATED}
    if batch.shortened:
        said |= {"shortenedComments": batch.shortened, "commentLimit": COMMENT_LIMIT}
    if not batch.problems:
        return said, 200
    return outcome_of(batch.problems), 400


def _with_decisions(batch: Batch, parts: Parts, tenant: str) -> tuple[list[FeedbackRow], int]:
    """The rows with the dose taken where it can be told, and how many placed orders were too many to evaluate."""
    rows, left = [], MOST_EVALUATED
    behind = cache(lambda uuid: _behind(uuid, parts, tenant))
    for row in batch.rows:
        placed = batch.placed.get(row.digest)
        row = replace(row, tenant=tenant)
        rows.append(_with_decision(row, behind(row.card_uuid), placed if left > 0 else None, parts))
        left -= placed is not None
    return rows, max(0, -left)


def _behind(uuid: str, parts: Parts, tenant: str) -> tuple[CardRow, IssuedAdvice] | None:
    """A card with its advice; None where the tenant has no such card, or it carried none."""
    card = parts.store.card(uuid)
    own = card is not None and card.tenant == tenant
    issued = parts.store.issued(card.advice_id) if card and own and card.advice_id else None
    return (card, issued) if card and issued else None


def _with_decision(
    row: FeedbackRow, behind: tuple[CardRow, IssuedAdvice] | None, placed: Mapping[str, Any] | None, parts: Parts
) -> FeedbackRow:
    if behind is None:
        return row
    card, issued = behind
    found = decided(issued, row.outcome, _place(card.content, row.accepted), placed, parts)
    return replace(row, decision=encode.dumps(found)) if found else row


def _place(content: str, accepted: tuple[str, ...]) -> int | None:
    """Which of the card's suggestions was accepted, from 0; None for none or several."""
    known = [item["uuid"] for item in json.loads(content).get("suggestions", ())]
    places = [known.index(item) for item in accepted if item in known]
    return places[0] if len(places) == 1 else None
