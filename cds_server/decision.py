"""What a user decided on a card, as numbers: the dose they took beside the dose proposed, by the same calculation."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cds_server.advise import Case, advise
from cds_server.issued import IssuedAdvice
from cds_server.parts import Parts
from fhir.ordered.orders import read_order
from models.dosing.advice import Recommendation, Regimen, RegimenOutcome

log = logging.getLogger(__name__)

SUGGESTED = ("proposed", "alternative")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A regimen (mg, h, h of infusion) and what the advice expected of it: median of the metric, attainment 0 to 1."""

    amount: float
    interval: float
    duration: float
    route: str
    exposure: float
    unit: str
    attainment: float

    @property
    def daily(self) -> float:
        """mg in 24 h."""
        return self.amount * 24.0 / self.interval


@dataclass(frozen=True, kw_only=True)
class Decision:
    """origin: where the dose taken was read: an accepted suggestion, the draft that stood, or the order placed."""

    origin: Literal["suggestion", "draft", "order"]
    taken: Judged
    proposed: Judged

    @property
    def changed(self) -> bool:
        """Whether anything but the proposed regimen was taken."""
        mine, theirs = self.proposed, self.taken
        return (mine.amount, mine.interval, mine.route) != (theirs.amount, theirs.interval, theirs.route)


def decided(
    issued: IssuedAdvice, outcome: str, place: int | None, placed: Mapping[str, Any] | None, parts: Parts
) -> Decision | None:
    """The decision behind one feedback item; None where the dose taken can not be told.

    place: which suggestion was accepted, from 0. placed: the order as it was placed, where the item carries it.
    """
    advice = issued.advice
    if not isinstance(advice, Recommendation):
        return None
    if placed is not None:
        found = _evaluated(issued, placed, parts)
        return _decision("order", found, advice) if found else None
    if outcome == "accepted":
        suggested = [item for item in advice.regimens if item.label in SUGGESTED]
        known = place is not None and place < len(suggested)
        return _decision("suggestion", suggested[place or 0], advice) if known else None
    draft = next((item for item in advice.regimens if item.label == "ordered"), None)
    return _decision("draft", draft, advice) if draft else None


def _evaluated(issued: IssuedAdvice, placed: Mapping[str, Any], parts: Parts) -> RegimenOutcome | None:
    """The order as the draft of the same case: the same chart, models, draws."""
    drug = parts.catalog.drugs.get(issued.drug)
    order = read_order(placed, drug) if drug else None
    if drug is None or order is None:
        return None
    try:
        advice = advise(Case(drug=drug, chart=issued.chart, ordered=order), parts).advice
    except Exception:
        # as in answer: whatever goes wrong in an estimation, what the user said is kept
        log.exception("the order placed instead could not be evaluated")
        return None
    if not isinstance(advice, Recommendation):
        return None
    wanted = (order.amount, order.interval, order.route)
    return next((item for item in advice.regimens if _of(item.regimen) == wanted), None)


def _of(regimen: Regimen) -> tuple[float | None, float | None, str | None]:
    return regimen.amount, regimen.interval, regimen.route


def _decision(
    origin: Literal["suggestion", "draft", "order"], taken: RegimenOutcome, advice: Recommendation
) -> Decision:
    return Decision(origin=origin, taken=_judged(taken), proposed=_judged(advice.regimens[0]))


def _judged(outcome: RegimenOutcome) -> Judged:
    regimen, exposure = outcome.regimen, outcome.exposure
    return Judged(
        amount=regimen.amount,
        interval=regimen.interval,
        duration=regimen.duration,
        route=regimen.route,
        exposure=exposure.median,
        unit=exposure.unit,
        attainment=outcome.attainment,
    )
