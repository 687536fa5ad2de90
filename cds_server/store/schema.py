"""The tables. Alembic migrations make them; this module is what queries are written against.

Where a patient can be read: advice.chart, advice.content and card.content (values, times, FHIR ids), feedback.comment.
Nowhere else: estimate rows hold relative times and numbers, audit entries hold hashes and salted commitments.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s"})


class Instant(TypeDecorator[datetime]):
    """Aware UTC in and out; SQLite keeps no zone, so one is never left to chance."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone: the store takes aware instants only")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


estimate = Table(
    "estimate",
    metadata,
    Column("key", String(64), primary_key=True),  # sha256 of the canonical request
    Column("status", String(8), nullable=False),  # queued, running, done, failed
    Column("request", Text, nullable=False),
    Column("posterior", Text),
    Column("message", Text),
    Column("attempts", Integer, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Index(None, "status"),
)

advice = Table(
    "advice",
    metadata,
    Column("id", String(32), primary_key=True),  # random 128 bits
    Column("issued_at", Instant, nullable=False),
    Column("drug", String(64), nullable=False),
    Column("estimate_key", String(64)),  # no foreign key: a prior needs no estimate row
    Column("salt", String(64), nullable=False),  # opens the commitments of the audit entry; erased with the row
    Column("content", Text, nullable=False),
    Column("chart", Text, nullable=False),
    Column("tenant", String(63), nullable=False, server_default=""),  # "" = callers without a JWT
    Index(None, "issued_at"),
)

card = Table(
    "card",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("advice_id", String(32), ForeignKey("advice.id", ondelete="CASCADE")),  # null: a card without an advice
    Column("kind", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("hook", String(32), nullable=False),
    Column("hook_instance", String(64), nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("indicator", String(8), nullable=False),
    Column("content", Text, nullable=False),  # without the drafts, which may carry names
    Column("digest", String(64)),  # keyed: who was shown what on which data; null where that is not asked
    Column("tenant", String(63), nullable=False, server_default=""),
    Index(None, "advice_id"),
    Index(None, "digest"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # of the canonical item: a repeat is the same row
    Column("card_uuid", String(64), nullable=False),  # no foreign key: feedback on an unknown card is kept too
    Column("known", Boolean, nullable=False),
    Column("service", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("outcome_at", Instant),
    Column("received_at", Instant, nullable=False),
    Column("accepted", Text, nullable=False),  # JSON array of suggestion uuids
    Column("reason_system", Text),
    Column("reason_code", Text),
    Column("comment", Text),
    Column("tenant", String(63), nullable=False, server_default=""),
    Column("decision", Text),  # JSON: the dose taken beside the dose proposed; numbers only
    Index(None, "card_uuid"),
)

used_token = Table(
    "used_token",
    metadata,
    Column("digest", String(64), primary_key=True),  # sha256 of iss and jti: refused the second time by every process
    Column("tenant", String(63), nullable=False),
    Column("iss", String(512), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "expires_at"),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3, ... without gaps
    Column("at", Instant, nullable=False),
    Column("event", String(16), nullable=False),
    Column("entry", Text, nullable=False),  # RFC 8785 canonical JSON
    Column("entry_hash", String(64), nullable=False),
)
