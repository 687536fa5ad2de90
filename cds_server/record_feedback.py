"""The use case of feedback: keep what can be kept, say what could not be understood."""

import logging
from typing import Any

from cds_server.audit.entry import feedback_entry
from cds_server.hooks.errors import outcome_of
from cds_server.hooks.feedback import COMMENT_LIMIT, Batch
from cds_server.parts import Parts
from cds_server.store import AuditRow

log = logging.getLogger(__name__)


def record_feedback(batch: Batch, parts: Parts) -> tuple[dict[str, Any], int]:
    """The answer and its HTTP status: 200 also for cards and suggestions this service never issued, as the
    specification has no other way to say "received" and a client would only send them again, but they are counted and
    named and not stored; 400 where an item can not be understood.
    """
    known = parts.store.known_feedback(batch.rows)
    audit = AuditRow(at=parts.clock(), event="feedback", entry=feedback_entry(known.rows)) if known.rows else None
    receipt = parts.store.record_feedback(batch.rows, audit)
    said: dict[str, Any] = {"stored": receipt.stored, "repeated": receipt.repeated}
    if receipt.unknown_cards:
        log.warning("feedback on cards never issued", extra={"cards": len(receipt.unknown_cards)})
        said["unknownCards"] = list(receipt.unknown_cards)
    if receipt.unknown_suggestions:
        log.warning("feedback on suggestions never issued", extra={"cards": len(receipt.unknown_suggestions)})
        said["unknownSuggestions"] = [{"card": card, "id": item} for card, item in receipt.unknown_suggestions]
    if batch.shortened:
        said |= {"shortenedComments": batch.shortened, "commentLimit": COMMENT_LIMIT}
    if not batch.problems:
        return said, 200
    return outcome_of(batch.problems), 400
