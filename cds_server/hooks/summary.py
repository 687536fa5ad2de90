"""The one line of a card: dose, expected exposure, probability, and how that stands to the order at hand. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from cds_server.hooks import words
from cds_server.hooks.indicator import comparator
from cds_server.hooks.markdown import plain
from fhir.chart import Chart
from models.dosing.advice import Recommendation, Regimen, RegimenOutcome
from models.dosing.schedule import schedule
from models.drug import Drug
from models.target import metric_words
from models.units import unit_words

SUMMARY_LIMIT = 139  # the specification says "< 140"
_LATE_H = 1 / 60  # a start this much after the usual one is another time on the ward's clock
_SAME_H = 1 / 60  # infusions whose length differs by less are one to a pump
_OVER = re.compile(r"(?:An?|The)\s+(.+?) of \S+ \S+ is above the limit")


def summary(advice: Recommendation, drug: Drug, chart: Chart, draft: Mapping[str, Any] | None) -> str:
    """As much as fits; what warns is never what is left out."""
    best, metric = advice.regimens[0], metric_words(advice.target)
    dose = f"{drug.display} {words.dose(best.regimen)}{_from(best.regimen, advice, chart)}"
    chance = f"{words.probability(best.attainment)} probability of {words.bounds(advice.target)}"
    goal = f"{dose}: expected {metric} {words.number(best.exposure.median)} {unit_words(best.exposure.unit)}, {chance}"
    warned, told = _warning(advice, draft), _compared(advice, draft)
    if warned:
        return fitting(*(f"{head} ({text})" for head in (goal, f"{dose}: {chance}", dose) for text in warned))
    return fitting(*(f"{goal} ({text})" for text in told), goal)


def fitting(*texts: str) -> str:
    """The first that keeps the limit, else the last one cut at a word."""
    for text in map(plain, texts):
        if len(text) <= SUMMARY_LIMIT:
            return text
    return plain(texts[-1])[: SUMMARY_LIMIT - 1].rpartition(" ")[0] + "…"


def unread(advice: Recommendation, draft: Mapping[str, Any] | None) -> bool:
    """Whether there is an order at hand that is not among the regimens compared: it could not be read."""
    return draft is not None and all(item.label != "ordered" for item in advice.regimens)


def held(regimen: Regimen, advice: Recommendation, chart: Chart) -> bool:
    """Whether a regimen starts later than the next dose is usually due: too much is still in the body."""
    current = next((item.regimen for item in advice.regimens if item.label == "current"), None)
    if regimen.start > schedule(chart.record, current).due(regimen.interval) + _LATE_H:
        return True
    first = advice.regimens[0].regimen
    return regimen.start >= first.start > chart.record.now and any(item.code == "hold" for item in advice.findings)


def same(one: Regimen, other: Regimen) -> bool:
    """Whether two regimens are one to a prescriber: amount, interval, route and length of the infusion."""
    return same_dose(one, other) and abs(one.duration - other.duration) <= _SAME_H


def same_dose(one: Regimen, other: Regimen) -> bool:
    """Whether amount, interval and route agree."""
    return (one.amount, one.interval, one.route) == (other.amount, other.interval, other.route)


def _from(regimen: Regimen, advice: Recommendation, chart: Chart) -> str:
    return f" from {words.at(regimen.start, chart):%Y-%m-%d %H:%M}" if held(regimen, advice, chart) else ""


def _warning(advice: Recommendation, draft: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What of the order at hand must not be missed, the longest form first."""
    if unread(advice, draft):
        return ("the order at hand could not be read", "order not read")
    compared = comparator(advice)
    if compared is None or not compared.limits:
        return ()
    said = _broken(compared)
    return (f"{_other(compared)}; {said}", said)


def _broken(outcome: RegimenOutcome) -> str:
    """ "ordered infusion rate is above the limit", of the sentence that names the figures."""
    found = _OVER.match(outcome.limits[0])
    if found:
        return f"{outcome.label} {found[1]} is above the limit"
    if outcome.limits[0].startswith("A bolus"):
        return f"{outcome.label} bolus is faster than the limit"
    return f"{outcome.label} regimen is above a hard limit"


def _compared(advice: Recommendation, draft: Mapping[str, Any] | None) -> tuple[str, ...]:
    compared = comparator(advice)
    if compared is None:
        return ()
    best = advice.regimens[0].regimen
    if same(compared.regimen, best):
        return (f"as {compared.label}",)
    if same_dose(compared.regimen, best):
        lengths = f"infusion {_length(best)} instead of {_length(compared.regimen)}"
        return (f"same dose as {compared.label}, {lengths}", f"same dose, {lengths}")
    return (_other(compared),)


def _length(regimen: Regimen) -> str:
    return words.duration(regimen.duration) if regimen.duration else "as a bolus"


def _other(outcome: RegimenOutcome) -> str:
    return f"{outcome.label} {words.dose(outcome.regimen)}: {words.probability(outcome.attainment)}"
