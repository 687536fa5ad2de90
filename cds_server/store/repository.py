"""Advice, cards, feedback and audit entries: written together or not at all."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import rfc8785
from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from cds_server import encode
from cds_server.issued import IssuedAdvice
from cds_server.store.engine import StoreError, lock_audit_log, open_engine, writing
from cds_server.store.estimates import Estimates
from cds_server.store.migrate import is_current, upgrade
from cds_server.store.replay import UsedTokens
from cds_server.store.rows import AdviceRow, AuditRow, CardRow, FeedbackRow, KnownFeedback, Receipt
from cds_server.store.schema import advice, audit_entry, card, feedback
from fhir.chart import Chart
from models.dosing.advice import Advice


class Store:
    """The one door to the database."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = open_engine(url)
        self.estimates = Estimates(self.engine)
        self.used_tokens = UsedTokens(self.engine)

    def prepare(self) -> None:
        """Bring SQLite to the current schema; another database is upgraded on purpose (`titrate database upgrade`)."""
        if self.engine.dialect.name == "sqlite":
            self.upgrade()

    def upgrade(self) -> None:
        """Run the migrations that the database lacks."""
        try:
            upgrade(self.engine)
        except SQLAlchemyError as error:
            raise _unusable(error) from None

    def ready(self) -> bool:
        """Whether the database answers and has the current schema."""
        try:
            return is_current(self.engine)
        except SQLAlchemyError as error:
            raise _unusable(error) from None

    def close(self) -> None:
        self.engine.dispose()

    def issue(self, advices: Iterable[AdviceRow], cards: Iterable[CardRow], audits: Iterable[AuditRow]) -> None:
        """Write an answer with its audit entries in one transaction; raises where any row can not be written."""
        with writing(self.engine) as connection:
            for row in advices:
                connection.execute(insert(advice).values(vars(row)))
            for one in cards:
                connection.execute(insert(card).values(vars(one)))
            _append(connection, tuple(audits))

    def issued(self, advice_id: str) -> IssuedAdvice | None:
        """The advice of one id."""
        with self.engine.connect() as connection:
            row = connection.execute(select(advice).where(advice.c.id == advice_id)).mappings().first()
        if row is None:
            return None
        return IssuedAdvice(
            id=row["id"],
            issued_at=row["issued_at"],
            drug=row["drug"],
            advice=encode.loads(Advice, row["content"]),
            chart=encode.loads(Chart, row["chart"]),
        )

    def cards_of(self, advice_id: str) -> tuple[CardRow, ...]:
        """The cards that carried one advice, oldest first."""
        query = select(card).where(card.c.advice_id == advice_id).order_by(card.c.issued_at)
        with self.engine.connect() as connection:
            return tuple(CardRow(**row) for row in connection.execute(query).mappings())

    def card(self, uuid: str) -> CardRow | None:
        """The card of one uuid."""
        with self.engine.connect() as connection:
            row = connection.execute(select(card).where(card.c.uuid == uuid)).mappings().first()
        return CardRow(**row) if row else None

    def all_cards(self, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[CardRow]:
        """Every card issued from `since` on and before `until`, oldest first, without holding them all."""
        query = select(card).order_by(card.c.issued_at, card.c.uuid)
        query = query.where(card.c.issued_at >= since) if since else query
        query = query.where(card.c.issued_at < until) if until else query
        with self.engine.connect() as connection:
            for row in connection.execution_options(yield_per=500).execute(query).mappings():
                yield CardRow(**row)

    def shown(self, digest: str, *, since: datetime, indicator: str, not_in: str) -> CardRow | None:
        """The newest card of one digest and indicator since then that was shown in another hook instance."""
        same = (card.c.digest == digest, card.c.indicator == indicator, card.c.hook_instance != not_in)
        query = select(card).where(*same, card.c.issued_at >= since).order_by(card.c.issued_at.desc()).limit(1)
        with self.engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return CardRow(**row) if row else None

    def known_feedback(self, rows: Iterable[FeedbackRow]) -> KnownFeedback:
        """What of `rows` speaks of cards and suggestions that were issued to the same tenant."""
        rows = tuple(rows)
        cards = self._suggestions({(row.tenant, row.card_uuid) for row in rows})
        known, invented = [], []
        for row in rows:
            carried = cards.get((row.tenant, row.card_uuid))
            if carried is None:
                continue
            kept = tuple(item for item in row.accepted if item in carried)
            invented += [(row.card_uuid, item) for item in row.accepted if item not in kept]
            if len(kept) >= (row.outcome == "accepted"):
                known.append(replace(row, accepted=kept))
        strange = dict.fromkeys(row.card_uuid for row in rows if (row.tenant, row.card_uuid) not in cards)
        return KnownFeedback(
            rows=tuple(known), unknown_cards=tuple(strange), unknown_suggestions=tuple(dict.fromkeys(invented))
        )

    def record_feedback(self, rows: Iterable[FeedbackRow], audit: AuditRow | None = None) -> Receipt:
        """Keep each item on a card that was issued; the same item again changes nothing, a different one is history."""
        stored = repeated = 0
        known = self.known_feedback(rows)
        with writing(self.engine) as connection:
            for row in known.rows:
                if _exists(connection, feedback.c.digest, row.digest):
                    repeated += 1
                    continue
                connection.execute(insert(feedback).values(_feedback_values(row)))
                stored += 1
            _append(connection, (audit,) if audit and stored else ())
        return Receipt(
            stored=stored,
            repeated=repeated,
            unknown_cards=known.unknown_cards,
            unknown_suggestions=known.unknown_suggestions,
        )

    def _suggestions(self, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], frozenset[str]]:
        """The suggestion ids of each card that was issued, by its tenant and uuid."""
        asked = set(asked)
        query = select(card.c.tenant, card.c.uuid, card.c.content).where(card.c.uuid.in_({uuid for _, uuid in asked}))
        with self.engine.connect() as connection:
            found = connection.execute(query).all()
        return {
            (row.tenant, row.uuid): frozenset(one["uuid"] for one in json.loads(row.content).get("suggestions", ()))
            for row in found
            if (row.tenant, row.uuid) in asked
        }

    def feedback_for(self, advice_id: str) -> tuple[FeedbackRow, ...]:
        """All feedback on the cards of one advice, in the order it came."""
        query = select(feedback).join(card, card.c.uuid == feedback.c.card_uuid).where(card.c.advice_id == advice_id)
        return self._feedback(query.order_by(feedback.c.id))

    def all_feedback(self) -> tuple[FeedbackRow, ...]:
        """Everything said on any card, in the order it came."""
        return self._feedback(select(feedback).order_by(feedback.c.id))

    def audit_entries(self) -> tuple[tuple[int, str, dict[str, Any], str], ...]:
        """The log in order: (seq, event, entry, entry hash)."""
        query = select(audit_entry).order_by(audit_entry.c.seq)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return tuple((row.seq, row.event, json.loads(row.entry), row.entry_hash) for row in rows)

    def _feedback(self, query: Any) -> tuple[FeedbackRow, ...]:
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_feedback_row(dict(row)) for row in rows)


def _unusable(error: SQLAlchemyError) -> StoreError:
    name = type(error).__name__
    return StoreError(f"the database does not answer as it should ({name}): check TITRATE_DATABASE_URL and its server")


def _feedback_values(row: FeedbackRow) -> dict[str, Any]:
    return {**vars(row), "accepted": json.dumps(row.accepted), "digest": row.digest, "known": True}


def _feedback_row(row: dict[str, Any]) -> FeedbackRow:
    kept = {name: row[name] for name in FeedbackRow.__dataclass_fields__}
    return FeedbackRow(**{**kept, "accepted": tuple(json.loads(row["accepted"]))})


def _exists(connection: Connection, column: Any, value: str) -> bool:
    return connection.execute(select(column).where(column == value)).first() is not None


def _append(connection: Connection, audits: tuple[AuditRow, ...]) -> None:
    if not audits:
        return
    lock_audit_log(connection)
    last = connection.execute(select(func.coalesce(func.max(audit_entry.c.seq), 0))).scalar_one()
    for seq, row in enumerate(audits, start=last + 1):
        text = rfc8785.dumps(row.entry)
        values = {
            "seq": seq,
            "at": row.at,
            "event": row.event,
            "entry": text.decode(),
            "entry_hash": sha256(text).hexdigest(),
        }
        connection.execute(insert(audit_entry).values(values))
