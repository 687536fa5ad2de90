"""One hook call answered: gather, advise on each drug, write the answer down, then hand out the cards."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from time import monotonic
from typing import Any

from cds_server.advise import Case, Outcome, advise, prime
from cds_server.again import digest, shown_before
from cds_server.audit.entry import advice_entry, notice_entry
from cds_server.gather import Gathered, Question, case_of, gather
from cds_server.hooks import discharge, notices
from cds_server.hooks.cards import EXTENSION, Card, Occasion, card_of, quieted, reminded
from cds_server.hooks.contexts import context_of
from cds_server.hooks.errors import HookError
from cds_server.hooks.indicator import urgency
from cds_server.hooks.protocol import HookRequest
from cds_server.hooks.rows import card_row
from cds_server.issued import IssuedAdvice
from cds_server.links import page_url
from cds_server.parts import Parts
from cds_server.store import AdviceRow, AuditRow, CardRow, advice_row
from models.dosing.advice import Advice

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Call:
    """One hook call and what it is answered with."""

    request: HookRequest
    service: str
    parts: Parts
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One card with what has to be written before it may leave; card None: nothing is shown, and that is on record."""

    card: Card | None
    kind: str
    audit: Mapping[str, Any]
    advice: AdviceRow | None = None
    digest: str | None = None
    draft: Mapping[str, Any] | None = None


def answer(request: HookRequest, service: str, parts: Parts) -> list[Card]:
    """The cards of one call; raises HookError where the call itself is at fault, and nothing else."""
    try:
        gathered = gather(request, parts)
    except HookError:
        raise
    except Exception:
        call = _Call(request=request, service=service, parts=parts, now=parts.clock())
        return _recorded([_failed(call, None)], call)
    return answer_from(gathered, request, service, parts)


def answer_from(gathered: Gathered, request: HookRequest, service: str, parts: Parts) -> list[Card]:
    """The cards for what has been gathered, written down before they are returned."""
    call = _Call(request=request, service=service, parts=parts, now=parts.clock())
    started = monotonic()
    cases = [(question, _case(question, gathered, call)) for question in gathered.questions]
    answered = [_on_question(question, case, call, started) for question, case in cases]
    answered += [_notice(notices.uncoded(drug, _occasion(call)), call) for drug in gathered.uncoded]
    return _recorded(_one_interruption([item for item in answered if item]), call)


def _case(question: Question, gathered: Gathered, call: _Call) -> Case | Answered:
    """The case of one drug, its estimate asked for at once where there are others to ask for."""
    if not call.parts.warmed():
        return _notice(notices.getting_ready(question.drug, _occasion(call)), call)
    try:
        case = case_of(question, gathered, call.request, call.now)
        if len(gathered.questions) > 1:
            prime(case, call.parts)
        return case
    except Exception:
        return _failed(call, question)


def _on_question(question: Question, case: Case | Answered, call: _Call, started: float) -> Answered | None:
    if isinstance(case, Answered):
        return case
    if discharge.is_one(call.request) and not discharge.continues(case.chart):
        return None
    try:
        outcome = advise(case, call.parts, spent_s=monotonic() - started)
        if outcome.advice is None:
            card = notices.on_its_way(question.drug, _occasion(call))
            return _notice(card, call, reference=outcome.key or "")
        return _advised(outcome.advice, outcome, case, question, call)
    except Exception:
        return _failed(call, question)


def _advised(advice: Advice, outcome: Outcome, case: Case, question: Question, call: _Call) -> Answered:
    if discharge.is_one(call.request) and not discharge.worth_saying(advice):
        return _left_out("nothing-to-say", call)
    new_id = call.parts.new_id()
    issued = IssuedAdvice(id=new_id, issued_at=call.now, drug=question.drug.name, advice=advice, chart=case.chart)
    link = page_url(call.parts.settings, issued.id)
    card = card_of(issued, question.drug, _occasion(call, question.draft, link))
    same = digest(call.request, call.service, case, question.draft, advice, call.parts.settings)
    earlier = shown_before(same, card, call.request, call.parts, call.now)
    if earlier and _may_be_left_out(card, call):
        return _left_out("repeated", call, reference=earlier.uuid)
    card = _reminded(card, earlier, issued, call)
    row = advice_row(issued, estimate_key=outcome.key, salt=token_hex(32), tenant=call.request.tenant)
    entry = advice_entry(
        issued,
        drug=question.drug,
        request=call.request,
        row=row,
        cards=(card["uuid"],),
        settings=call.parts.settings,
    )
    entry |= {"shownBefore": earlier.uuid} if earlier else {}
    return Answered(card=card, kind=entry["kind"], audit=entry, advice=row, digest=same, draft=question.draft)


def _may_be_left_out(card: Card, call: _Call) -> bool:
    return context_of(call.request.hook).repeated == "left-out" and card["indicator"] != "critical"


def _reminded(card: Card, earlier: CardRow | None, issued: IssuedAdvice, call: _Call) -> Card:
    if earlier is None:
        return card
    return reminded(card, earlier.issued_at, issued.chart, quieter=context_of(call.request.hook).repeated == "quieter")


def _one_interruption(answered: list[Answered]) -> list[Answered]:
    """Where one order is answered with several cards, only the most urgent of them interrupts."""
    loudest: dict[int, Answered] = {}
    for item in answered:
        if item.card and item.draft is not None:
            first = loudest.setdefault(id(item.draft), item)
            louder = first.card and urgency(item.card["indicator"]) > urgency(first.card["indicator"])
            loudest[id(item.draft)] = item if louder else first
    return [_beside(item, loudest.get(id(item.draft), item)) for item in answered]


def _beside(item: Answered, loudest: Answered) -> Answered:
    return item if item is loudest or item.card is None else replace(item, card=quieted(item.card))


def _notice(card: Card, call: _Call, reference: str = "") -> Answered:
    kind = card["extension"][EXTENSION]["kind"]
    entry = notice_entry(kind=kind, request=call.request, cards=(card["uuid"],), reference=reference)
    return Answered(card=card, kind=kind, audit=entry)


def _left_out(kind: str, call: _Call, reference: str = "") -> Answered:
    entry = notice_entry(kind=kind, request=call.request, cards=(), reference=reference)
    return Answered(card=None, kind=kind, audit=entry)


def _failed(call: _Call, question: Question | None) -> Answered:
    """An unexpected error as an honest card. The log says where it happened, not what the chart held."""
    reference = token_hex(4)
    log.exception("no advice could be computed", extra={"reference": reference, "hook": call.request.hook})
    card = notices.failed(reference, _occasion(call), question.drug if question else None)
    return _notice(card, call, reference)


def _recorded(answered: list[Answered], call: _Call) -> list[Card]:
    """The cards, once everything about them is written; none with an advice where that fails."""
    if not answered:
        return []
    shown = [(item, item.card) for item in answered if item.card is not None]
    try:
        call.parts.store.issue(
            [item.advice for item in answered if item.advice],
            [_card_row(item, card, call) for item, card in shown],
            [AuditRow(at=call.now, event=item.kind, entry=dict(item.audit)) for item in answered],
        )
    except Exception:
        reference = token_hex(4)
        log.exception("an answer could not be recorded", extra={"reference": reference, "hook": call.request.hook})
        withheld = [notices.unrecorded(reference, _occasion(call))] if shown else []
        return [card for item, card in shown if item.kind == "failed"] or withheld
    return [card for _, card in shown]


def _card_row(item: Answered, card: Card, call: _Call) -> CardRow:
    advice_id = item.advice.id if item.advice else None
    return card_row(card, item.kind, advice_id, call.request, call.service, call.now, item.digest)


def _occasion(call: _Call, draft: Mapping[str, Any] | None = None, link: str = "") -> Occasion:
    return Occasion(
        patient=call.request.patient,
        draft=draft,
        link=link,
        service_url=call.parts.settings.public_url,
        new_uuid=call.parts.new_uuid,
        remark=discharge.REMARK if discharge.is_one(call.request) else "",
        version=call.parts.settings.cds_hooks_version,
    )
