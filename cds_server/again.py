"""Whether a card was shown to this user a short while ago on the same data: by a keyed digest, which names nobody."""

import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from cds_server.advise import Case
from cds_server.config import Settings
from cds_server.hooks.cards import Card
from cds_server.hooks.protocol import HookRequest
from cds_server.parts import Parts
from cds_server.store import CardRow
from fhir.chart import Chart, OrderedRegimen
from models.dosing.advice import Advice, Declined
from models.record import Dose, Level

_USE = b"titrate repeated card"  # separates this use of the key from any other


def digest(
    request: HookRequest, service: str, case: Case, draft: Any, advice: Advice, settings: Settings
) -> str | None:
    """HMAC-SHA-256 over who is shown what on which data; None where the call does not say who is at the screen.

    The clock is not in it, and neither is what moves with the clock alone: when a dose would start, probabilities.
    """
    if not request.user or not settings.repeat_minutes:
        return None
    base = request.access.base if request.access else ""
    who = [request.tenant, base, request.patient, request.user, service, request.hook]
    told = [*who, case.drug.name, draft, list(_data(case.chart)), list(_said(advice))]
    text = json.dumps(told, sort_keys=True, default=str)
    key = hmac.digest(settings.secret_key.encode(), _USE, sha256)
    return hmac.new(key, text.encode(), sha256).hexdigest()


def shown_before(digest: str | None, card: Card, request: HookRequest, parts: Parts, now: datetime) -> CardRow | None:
    """The newest card of this digest and as urgent as this one, unless this call is only sent again."""
    if digest is None:
        return None
    since = now - timedelta(minutes=parts.settings.repeat_minutes)
    return parts.store.shown(digest, since=since, indicator=card["indicator"], not_in=request.hook_instance)


def _data(chart: Chart) -> Iterator[Any]:
    """The record with times on the clock, and the order in force."""
    record = chart.record

    def at(hours: float) -> str:
        return (chart.origin + timedelta(hours=hours)).isoformat(timespec="minutes")

    events: tuple[Dose | Level, ...] = (*record.doses, *record.levels)
    for item in events:
        yield [at(item.time), {name: value for name, value in vars(item).items() if name != "time"}]
    # four figures: an age grows by the minute
    yield from ([item.name, f"{item.value:.4g}"] for item in record.covariates)
    yield _order(chart.current)


def _order(order: OrderedRegimen | None) -> Any:
    return [order.source, order.amount, order.interval, order.duration, order.route] if order else None


def _said(advice: Advice) -> Iterator[Any]:
    yield type(advice).__name__
    yield advice.model.hash if advice.model else None
    yield sorted(item.code for item in advice.findings)
    if isinstance(advice, Declined):
        yield sorted(item.code for item in advice.reasons)
        return
    for outcome in advice.regimens:
        regimen = outcome.regimen
        yield [outcome.label, regimen.amount, regimen.interval, regimen.duration, regimen.route, len(outcome.limits)]
