"""What goes into the store and comes out: rows as values, without a database."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import rfc8785

from cds_server import encode
from cds_server.issued import IssuedAdvice


@dataclass(frozen=True, kw_only=True)
class AdviceRow:
    """An advice as it is written: content and chart as JSON. salt opens the commitments of its audit entry."""

    id: str
    issued_at: datetime
    drug: str
    estimate_key: str | None
    salt: str
    content: str
    chart: str
    tenant: str = ""


def advice_row(issued: IssuedAdvice, *, estimate_key: str | None, salt: str, tenant: str = "") -> AdviceRow:
    """The row of an issued advice."""
    return AdviceRow(
        id=issued.id,
        issued_at=issued.issued_at,
        drug=issued.drug,
        estimate_key=estimate_key,
        salt=salt,
        content=encode.dumps(issued.advice),
        chart=encode.dumps(issued.chart),
        tenant=tenant,
    )


@dataclass(frozen=True, kw_only=True)
class CardRow:
    """A card as it is written; content is JSON without draft orders. digest: see cds_server.again."""

    uuid: str
    advice_id: str | None
    kind: str
    service: str
    hook: str
    hook_instance: str
    issued_at: datetime
    indicator: str
    content: str
    digest: str | None = None
    tenant: str = ""


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """One event for the log; entry holds hashes, versions and numbers, never names, ids or tokens."""

    at: datetime
    event: str
    entry: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FeedbackRow:
    """What a user did with one card. decision: JSON of cds_server.decision.Decision, where the dose taken is known."""

    card_uuid: str
    service: str
    outcome: str
    outcome_at: datetime | None
    received_at: datetime
    accepted: tuple[str, ...] = ()
    reason_system: str | None = None
    reason_code: str | None = None
    comment: str | None = None
    decision: str | None = None
    tenant: str = ""

    @property
    def digest(self) -> str:
        """Hash of what was said, so that a repeat is recognised; when it was received does not count."""
        when = self.outcome_at.isoformat() if self.outcome_at else None
        said = [self.card_uuid, self.service, self.outcome, when, list(self.accepted)]
        return sha256(rfc8785.dumps([*said, self.reason_system, self.reason_code, self.comment])).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a batch of feedback: new rows, repeats of known ones, what names nothing this service issued.

    unknown_suggestions: (card, id) of suggestions that the card did not carry. Neither kind is stored.
    """

    stored: int
    repeated: int
    unknown_cards: tuple[str, ...]
    unknown_suggestions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class KnownFeedback:
    """rows: on cards and suggestions that were issued; the rest by name, see Receipt."""

    rows: tuple[FeedbackRow, ...]
    unknown_cards: tuple[str, ...]
    unknown_suggestions: tuple[tuple[str, str], ...]
