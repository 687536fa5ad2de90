"""The orders a card suggests in place of the draft, and what has to be said about them. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cds_server.hooks import words
from cds_server.hooks.summary import held
from fhir.chart import Chart
from fhir.errors import BadResource
from fhir.ordered.write import Draft
from fhir.ordered.write import draft as drafted
from models.dosing.advice import Recommendation, RegimenOutcome
from models.dosing.declining import unique
from models.drug import Drug
from models.findings import Finding

_SUGGESTED = ("proposed", "alternative")


@dataclass(frozen=True, kw_only=True)
class Suggested:
    """suggestions: as CDS Hooks has them. findings: what of the draft was dropped or kept, or why it stays as it is."""

    suggestions: tuple[dict[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()


def suggested(
    advice: Recommendation,
    drug: Drug,
    chart: Chart,
    draft: Mapping[str, Any] | None,
    *,
    patient: str,
    new_uuid: Callable[[], str],
) -> Suggested:
    """The proposed regimen and the alternatives as updates of the draft; nothing without one."""
    if draft is None:
        return Suggested()
    outcomes = [item for item in advice.regimens if item.label in _SUGGESTED]
    try:
        orders = [_order(item, advice, drug, chart, draft, patient) for item in outcomes]
    except BadResource as error:
        text = f"The order itself can not be changed by accepting a suggestion: {error}."
        return Suggested(findings=(Finding(code="draft-not-changed", severity="warning", text=text),))
    found = [
        _suggestion(item, order.resource, advice, chart, new_uuid=new_uuid, recommended=n == 0)
        for n, (item, order) in enumerate(zip(outcomes, orders, strict=True))
    ]
    return Suggested(suggestions=tuple(found), findings=unique(said for order in orders for said in order.findings))


def _order(
    outcome: RegimenOutcome, advice: Recommendation, drug: Drug, chart: Chart, draft: Mapping[str, Any], patient: str
) -> Draft:
    regimen = outcome.regimen
    first = words.at(regimen.start, chart) if held(regimen, advice, chart) else None
    text = words.dose_in_full(regimen)
    return drafted(draft, regimen=regimen, drug=drug, patient=patient, text=text, first=first)


def _suggestion(
    outcome: RegimenOutcome,
    order: dict[str, Any],
    advice: Recommendation,
    chart: Chart,
    *,
    new_uuid: Callable[[], str],
    recommended: bool,
) -> dict[str, Any]:
    text = f"{words.dose_in_full(outcome.regimen)}, {_first(outcome, advice, chart)}"
    return {
        "label": f"{text} ({words.probability(outcome.attainment)} in target)",
        "uuid": new_uuid(),
        "isRecommended": recommended,
        "actions": [{"type": "update", "description": f"The draft order with {text}", "resource": order}],
    }


def _first(outcome: RegimenOutcome, advice: Recommendation, chart: Chart) -> str:
    when = words.stamp(words.at(outcome.regimen.start, chart))
    if held(outcome.regimen, advice, chart):
        return f"first dose not before {when}"
    return f"reckoned with the first dose at {when}"
