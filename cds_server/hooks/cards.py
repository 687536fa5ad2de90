"""Advice as CDS Hooks cards: pure, from values to dicts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_server.hooks import detail, words
from cds_server.hooks.indicator import Indicator, comparator, indicator
from cds_server.hooks.markdown import bullets, escape, join, plain, section
from cds_server.hooks.overrides import override_reasons
from cds_server.issued import IssuedAdvice
from fhir.errors import BadResource
from fhir.write import draft_order
from models.dosing.advice import Declined, Recommendation, Regimen, RegimenOutcome
from models.drug import Drug

SUMMARY_LIMIT = 139  # the specification says "< 140"
EXTENSION = "titrate.dose-advice"
_SUGGESTED = ("proposed", "alternative")
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

Card = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """Where a card appears. draft: the order at hand, as it came; link: the curve page; new_uuid: a fresh one each."""

    patient: str
    draft: Mapping[str, Any] | None
    link: str
    service_url: str
    new_uuid: Callable[[], str]


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
    best, body = advice.regimens[0], detail.recommendation(issued, advice, drug)
    card = _card(_summary(advice, drug), body, indicator(advice), occasion, drug=drug)
    if occasion.draft is not None:
        card = _with_suggestions(card, advice, drug, occasion)
    return card | _link(occasion) | {"extension": {EXTENSION: _basis(issued, drug) | {"proposed": _figures(best)}}}


def _declined(issued: IssuedAdvice, advice: Declined, drug: Drug, occasion: Occasion) -> Card:
    why = advice.reasons[0].text if advice.reasons else "see the detail"
    summary = _fitting(f"{drug.display}: no dose is proposed. {why}")
    card = _card(summary, detail.declined(issued, advice), indicator(advice), occasion, drug=drug)
    reasons = [item.code for item in advice.reasons]
    return card | _link(occasion) | {"extension": {EXTENSION: _basis(issued, drug) | {"reasons": reasons}}}


def _card(summary: str, body: str, level: Indicator, occasion: Occasion, *, drug: Drug | None) -> Card:
    source: dict[str, Any] = {"label": "Titrate dose advice", "url": occasion.service_url}
    if drug and drug.rxnorm:
        source["topic"] = {"system": _RXNORM, "code": drug.rxnorm[0], "display": drug.display}
    return {
        "uuid": occasion.new_uuid(),
        "summary": _fitting(summary),
        "detail": body,
        "indicator": level,
        "source": source,
        "overrideReasons": list(override_reasons()),
    }


def _summary(advice: Recommendation, drug: Drug) -> str:
    best, metric = advice.regimens[0], words.METRICS[advice.target.metric]
    expected = f"{drug.display} {words.dose(best.regimen)}: expected {metric} {words.number(best.exposure.median)}"
    chance = f"{words.probability(best.attainment)} probability of {words.number(advice.target.low)}"
    goal = f"{expected} {words.unit(best.exposure.unit)}, {chance}–{words.number(advice.target.high)}"
    compared = comparator(advice)
    if compared is None:
        return _fitting(goal)
    if same(compared.regimen, best.regimen):
        return _fitting(f"{goal} (as {compared.label})", goal)
    return _fitting(f"{goal} ({compared.label} {words.dose(compared.regimen)}: {_chance(compared)})", goal)


def _chance(outcome: RegimenOutcome) -> str:
    return words.probability(outcome.attainment)


def _fitting(*texts: str) -> str:
    """The first that keeps the limit, else the last one cut at a word."""
    for text in map(plain, texts):
        if len(text) <= SUMMARY_LIMIT:
            return text
    return plain(texts[-1])[: SUMMARY_LIMIT - 1].rpartition(" ")[0] + "…"


def same(one: Regimen, other: Regimen) -> bool:
    """Whether two regimens are one to a prescriber: amount, interval and route."""
    return (one.amount, one.interval, one.route) == (other.amount, other.interval, other.route)


def _with_suggestions(card: Card, advice: Recommendation, drug: Drug, occasion: Occasion) -> Card:
    try:
        suggestions = _suggestions(advice, drug, occasion)
    except BadResource as error:
        return card | {"detail": join(card["detail"], f"The order itself can not be changed: {escape(str(error))}")}
    return card | {"suggestions": suggestions, "selectionBehavior": "at-most-one"}


def _suggestions(advice: Recommendation, drug: Drug, occasion: Occasion) -> list[dict[str, Any]]:
    outcomes = [item for item in advice.regimens if item.label in _SUGGESTED]
    return [_suggestion(item, advice, drug, occasion, recommended=n == 0) for n, item in enumerate(outcomes)]


def _suggestion(
    outcome: RegimenOutcome, advice: Recommendation, drug: Drug, occasion: Occasion, *, recommended: bool
) -> dict[str, Any]:
    text = words.dose_in_full(outcome.regimen)
    order = draft_order(occasion.draft, regimen=outcome.regimen, drug=drug, patient=occasion.patient, text=text)
    return {
        "label": f"{text} ({_chance(outcome)} in target)",
        "uuid": occasion.new_uuid(),
        "isRecommended": recommended,
        "actions": [{"type": "update", "description": f"The draft order with {text}", "resource": order}],
    }


def _link(occasion: Occasion) -> Card:
    label = "Concentration curve and the basis of this advice"
    return {"links": [{"label": label, "url": occasion.link, "type": "absolute"}]} if occasion.link else {}


def _basis(issued: IssuedAdvice, drug: Drug) -> dict[str, Any]:
    """What a program reads: the extension of each card."""
    advice = issued.advice
    kind = "declined" if isinstance(advice, Declined) else "recommendation"
    found = {"kind": kind, "drug": drug.name, "adviceId": issued.id, "findings": _codes(issued)}
    if advice.model:
        found |= {"model": advice.model.id, "modelHash": advice.model.hash}
    return {key: value for key, value in found.items() if value}


def _codes(issued: IssuedAdvice) -> list[str]:
    advice = issued.advice
    reasons: Iterable[Any] = advice.reasons if isinstance(advice, Declined) else ()
    return list(dict.fromkeys(item.code for item in (*reasons, *advice.findings)))


def _figures(outcome: RegimenOutcome) -> dict[str, Any]:
    regimen = outcome.regimen
    return {
        "amount_mg": regimen.amount,
        "interval_h": regimen.interval,
        "duration_h": regimen.duration,
        "route": regimen.route,
        "exposure": outcome.exposure.median,
        "attainment": outcome.attainment,
    }
