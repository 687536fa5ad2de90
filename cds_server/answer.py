"""One hook call answered: gather, advise on each drug, write the answer down, then hand out the cards."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from cds_server.advise import Outcome, advise
from cds_server.audit.entry import advice_entry, notice_entry
from cds_server.gather import Gathered, Question, case_of, gather
from cds_server.hooks import notices
from cds_server.hooks.cards import EXTENSION, Card, Occasion, card_of
from cds_server.hooks.errors import HookError
from cds_server.hooks.protocol import HookRequest
from cds_server.hooks.rows import card_row
from cds_server.issued import IssuedAdvice
from cds_server.links import page_url
from cds_server.parts import Parts
from cds_server.store import AdviceRow, AuditRow, advice_row
from fhir.chart import Chart
from models.dosing.advice import Advice

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One card with what has to be written before it may leave."""

    card: Card
    kind: str
    audit: Mapping[str, Any]
    advice: AdviceRow | None = None


def answer(request: HookRequest, service: str, parts: Parts) -> list[Card]:
    """The cards of one call; raises HookError where the call itself is at fault, and nothing else."""
    try:
        gathered = gather(request, parts)
    except HookError:
        raise
    except Exception:
        return _recorded([_failed(request, parts, None)], request, service, parts)
    return answer_from(gathered, request, service, parts)


def answer_from(gathered: Gathered, request: HookRequest, service: str, parts: Parts) -> list[Card]:
    """The cards for what has been gathered, written down before they are returned."""
    now = parts.clock()
    answered = [_on_question(item, gathered, request, parts, now) for item in gathered.questions]
    answered += [_notice(notices.uncoded(drug, _occasion(request, parts)), request) for drug in gathered.uncoded]
    return _recorded(answered, request, service, parts)


def _on_question(question: Question, gathered: Gathered, request: HookRequest, parts: Parts, now: datetime) -> Answered:
    if not parts.warmed():
        return _notice(notices.getting_ready(question.drug, _occasion(request, parts)), request)
    try:
        case = case_of(question, gathered, request, now)
        outcome = advise(case, parts)
        if outcome.advice is None:
            card = notices.on_its_way(question.drug, _occasion(request, parts))
            return _notice(card, request, reference=outcome.key or "")
        return _advised(outcome.advice, outcome, case.chart, question, request, parts, now)
    except Exception:
        return _failed(request, parts, question)


def _advised(
    advice: Advice,
    outcome: Outcome,
    chart: Chart,
    question: Question,
    request: HookRequest,
    parts: Parts,
    now: datetime,
) -> Answered:
    issued = IssuedAdvice(id=parts.new_id(), issued_at=now, drug=question.drug.name, advice=advice, chart=chart)
    link = page_url(parts.settings, issued.id)
    card = card_of(issued, question.drug, _occasion(request, parts, question.draft, link))
    row = advice_row(issued, estimate_key=outcome.key, salt=token_hex(32))
    entry = advice_entry(
        issued, drug=question.drug, request=request, row=row, cards=(card["uuid"],), settings=parts.settings
    )
    return Answered(card=card, kind=entry["kind"], audit=entry, advice=row)


def _notice(card: Card, request: HookRequest, reference: str = "") -> Answered:
    kind = card["extension"][EXTENSION]["kind"]
    entry = notice_entry(kind=kind, request=request, cards=(card["uuid"],), reference=reference)
    return Answered(card=card, kind=kind, audit=entry)


def _failed(request: HookRequest, parts: Parts, question: Question | None) -> Answered:
    """An unexpected error as an honest card. The log says where it happened, not what the chart held."""
    reference = token_hex(4)
    log.exception("no advice could be computed", extra={"reference": reference, "hook": request.hook})
    card = notices.failed(reference, _occasion(request, parts), question.drug if question else None)
    return _notice(card, request, reference)


def _recorded(answered: list[Answered], request: HookRequest, service: str, parts: Parts) -> list[Card]:
    """The cards, once everything about them is written; none with an advice where that fails."""
    if not answered:
        return []
    now = parts.clock()
    try:
        parts.store.issue(
            [item.advice for item in answered if item.advice],
            [card_row(item.card, item.kind, _advice_id(item), request, service, now) for item in answered],
            [AuditRow(at=now, event=item.kind, entry=dict(item.audit)) for item in answered],
        )
    except Exception:
        reference = token_hex(4)
        log.exception("an answer could not be recorded", extra={"reference": reference, "hook": request.hook})
        withheld = [notices.unrecorded(reference, _occasion(request, parts))]
        return [item.card for item in answered if item.kind == "failed"] or withheld
    return [item.card for item in answered]


def _advice_id(item: Answered) -> str | None:
    return item.advice.id if item.advice else None


def _occasion(request: HookRequest, parts: Parts, draft: Mapping[str, Any] | None = None, link: str = "") -> Occasion:
    return Occasion(
        patient=request.patient,
        draft=draft,
        link=link,
        service_url=parts.settings.public_url,
        new_uuid=parts.new_uuid,
    )
