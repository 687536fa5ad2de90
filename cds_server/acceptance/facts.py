"""One card with the last word on it: what every count of the report is made from. Nothing of the patient is in it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cds_server import encode
from cds_server.decision import Decision
from cds_server.hooks.overrides import hl7_reason
from cds_server.store.rows import CardRow, FeedbackRow

Answer = Literal["accepted", "changed", "overridden", "none"]


@dataclass(frozen=True, kw_only=True)
class CardFact:
    """kind: recommendation, declined, pending, ... answers: how many times anything was said on the card.

    answer: the last word: accepted as proposed; changed, as another suggestion or order was taken; overridden.
    reason: "system|code" as sent, hl7: the HL7 reason it stands for; "" without one. model: of highest weight.
    """

    card: str
    issued_at: datetime
    hook: str
    kind: str
    indicator: str
    drug: str
    model: str
    suggestions: int
    answers: int
    answer: Answer
    answered_at: datetime | None
    reason: str
    hl7: str
    decision: Decision | None


def card_facts(cards: Iterable[CardRow], feedback: Iterable[FeedbackRow]) -> Iterator[CardFact]:
    """A fact for each card, in the order of `cards`."""
    said: dict[str, list[FeedbackRow]] = defaultdict(list)
    for row in feedback:
        said[row.card_uuid].append(row)
    for card in cards:
        yield _fact(card, sorted(said[card.uuid], key=_moment))


def _moment(row: FeedbackRow) -> tuple[datetime, datetime]:
    """By when it happened, as the EHR says; then by when it came."""
    return row.outcome_at or row.received_at, row.received_at


def _fact(card: CardRow, history: list[FeedbackRow]) -> CardFact:
    content = json.loads(card.content)
    facts: dict[str, str] = next(iter(content.get("extension", {}).values()), {})
    last = history[-1] if history else None
    decision = encode.loads(Decision, last.decision) if last and last.decision else None
    code = (last.reason_code or "") if last else ""
    return CardFact(
        card=card.uuid,
        issued_at=card.issued_at,
        hook=card.hook,
        kind=card.kind,
        indicator=card.indicator,
        drug=facts.get("drug", ""),
        model=facts.get("model", ""),
        suggestions=len(content.get("suggestions", ())),
        answers=len(history),
        answer=_answer(last, decision),
        answered_at=_moment(last)[0] if last else None,
        reason=f"{last.reason_system or ''}|{code}" if last and code else "",
        hl7=(hl7_reason(last.reason_system or "", code) or "") if last and code else "",
        decision=decision,
    )


def _answer(last: FeedbackRow | None, decision: Decision | None) -> Answer:
    if last is None:
        return "none"
    if last.outcome == "overridden":
        return "overridden"
    return "changed" if decision and decision.changed else "accepted"
