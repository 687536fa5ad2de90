"""Advice as CDS Hooks cards: pure, from values to dicts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_server.hooks import detail, shortly, words
from cds_server.hooks.indicator import Indicator, indicator
from cds_server.hooks.markdown import bullets, escape, join, section
from cds_server.hooks.overrides import override_reasons
from cds_server.hooks.suggest import suggested
from cds_server.hooks.summary import fitting, summary, unread
from cds_server.issued import IssuedAdvice
from fhir.chart import Chart
from models.dosing.advice import Declined, Recommendation, RegimenOutcome
from models.drug import Drug
from models.findings import Finding

EXTENSION = "titrate.dose-advice"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

Card = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """Where a card appears. draft: the order at hand, as it came; link: the curve page; new_uuid: a fresh one each.

    remark: what has to be said before all else, in one sentence. version: of CDS Hooks.
    """

    patient: str
    draft: Mapping[str, Any] | None
    link: str
    service_url: str
    new_uuid: Callable[[], str]
    remark: str = ""
    version: str = "2.0"


def card_of(issued: IssuedAdvice, drug: Drug, occasion: Occasion) -> Card:
    """The card of one advice."""
    if isinstance(issued.advice, Declined):
        return _declined(issued, issued.advice, drug, occasion)
    return _recommendation(issued, issued.advice, drug, occasion)


def notice(
    *,
    kind: str,
    summary: str,
    text: str,
    level: Indicator,
    occasion: Occasion,
    help_lines: Sequence[str] = (),
    extension: Mapping[str, Any] | None = None,
) -> Card:
    """An honest card without an advice: on its way, not computed, not recorded."""
    body = join(escape(text), section("What would help", bullets([escape(line) for line in help_lines])))
    card = _card(summary, body, level, occasion, drug=None)
    return card | {"extension": {EXTENSION: {"kind": kind} | dict(extension or {})}}


def _recommendation(issued: IssuedAdvice, advice: Recommendation, drug: Drug, occasion: Occasion) -> Card:
    draft, best = occasion.draft, advice.regimens[0]
    found = suggested(advice, drug, issued.chart, draft, patient=occasion.patient, new_uuid=occasion.new_uuid)
    body = detail.recommendation(issued, advice, drug, on_order=found.findings)
    level = indicator(advice, unread=unread(advice, draft))
    card = _card(summary(advice, drug, issued.chart, draft), body, level, occasion, drug=drug)
    facts = _basis(issued, drug, on_order=found.findings) | {"proposed": _figures(best, issued.chart)}
    if found.suggestions:
        card |= {"suggestions": list(found.suggestions), "selectionBehavior": "at-most-one"}
    return card | _link(occasion) | {"extension": {EXTENSION: facts}}


def _declined(issued: IssuedAdvice, advice: Declined, drug: Drug, occasion: Occasion) -> Card:
    line = fitting(f"{drug.display}: no dose is proposed. {shortly.reason(advice.reasons)}")
    card = _card(line, detail.declined(issued, advice), indicator(advice), occasion, drug=drug)
    reasons = [item.code for item in advice.reasons]
    return card | _link(occasion) | {"extension": {EXTENSION: _basis(issued, drug) | {"reasons": reasons}}}


def _card(line: str, body: str, level: Indicator, occasion: Occasion, *, drug: Drug | None) -> Card:
    source: dict[str, Any] = {"label": "Titrate dose advice", "url": occasion.service_url}
    if drug and drug.rxnorm:
        source["topic"] = {"system": _RXNORM, "code": drug.rxnorm[0], "display": drug.display}
    return {
        "uuid": occasion.new_uuid(),
        "summary": fitting(line),
        "detail": join(escape(occasion.remark), body),
        "indicator": level,
        "source": source,
        "overrideReasons": list(override_reasons(drug.name if drug else "", version=occasion.version)),
    }


def _link(occasion: Occasion) -> Card:
    label = "Concentration curve and the basis of this advice"
    # 3.0: a page never takes the card's place; the choice is made with both in view
    further = {"autolaunchable": False} if occasion.version == "3.0" else {}
    return {"links": [{"label": label, "url": occasion.link, "type": "absolute"} | further]} if occasion.link else {}


def quieted(card: Card) -> Card:
    """The card of an order that another, more urgent card of the same answer speaks of too."""
    line = escape("Another card on the same order is as urgent or more so, and is marked in its place.")
    return card | {"indicator": "info", "detail": join(line, card["detail"])} if card["indicator"] != "info" else card


def reminded(card: Card, shown: datetime, chart: Chart, *, quieter: bool) -> Card:
    """The card of an advice that its user was shown before, on the same data; quieter: no warning a second time."""
    when = words.stamp(shown.astimezone(words.zone_of(chart)))
    facts = card["extension"][EXTENSION] | {"shownBefore": shown.isoformat()}
    level = "info" if quieter and card["indicator"] == "warning" else card["indicator"]
    detail = join(escape(f"Shown to you before, at {when}, on the same data."), card["detail"])
    return card | {"detail": detail, "indicator": level, "extension": {EXTENSION: facts}}


def _basis(issued: IssuedAdvice, drug: Drug, on_order: Iterable[Finding] = ()) -> dict[str, Any]:
    """What a program reads: the extension of each card."""
    advice = issued.advice
    kind = "declined" if isinstance(advice, Declined) else "recommendation"
    found = {"kind": kind, "drug": drug.name, "adviceId": issued.id, "findings": _codes(issued, on_order)}
    if advice.model:
        found |= {"model": advice.model.id, "modelHash": advice.model.hash}
    return {key: value for key, value in found.items() if value}


def _codes(issued: IssuedAdvice, on_order: Iterable[Finding]) -> list[str]:
    advice = issued.advice
    reasons: Iterable[Any] = advice.reasons if isinstance(advice, Declined) else ()
    return list(dict.fromkeys(item.code for item in (*reasons, *advice.findings, *on_order)))


def _figures(outcome: RegimenOutcome, chart: Chart) -> dict[str, Any]:
    regimen = outcome.regimen
    return {
        "amount_mg": regimen.amount,
        "interval_h": regimen.interval,
        "duration_h": regimen.duration,
        "route": regimen.route,
        "first_dose": words.at(regimen.start, chart).isoformat(),
        "exposure": outcome.exposure.median,
        "attainment": outcome.attainment,
    }
