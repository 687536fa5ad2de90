"""Attainment as RiskAssessments: for each regimen judged, the probabilities of keeping, missing and exceeding."""

from fhir.ordered.write import words_of
from fhir.outcome.advised import MODEL, OUTCOME, Advised, Resource, basis, in_encounter, models_of, resource, service
from models.dosing.advice import Interval, Recommendation, RegimenOutcome
from models.target import metric_words, range_words
from models.units import unit_words


def risk_assessments(advised: Advised) -> tuple[Resource, ...]:
    """One a regimen, in the order of the advice; () where no dose is proposed."""
    advice = advised.advice
    if not isinstance(advice, Recommendation):
        return ()
    return tuple(_assessment(advised, advice, item, place) for place, item in enumerate(advice.regimens))


def _assessment(advised: Advised, advice: Recommendation, outcome: RegimenOutcome, place: int) -> Resource:
    codings = [
        {"system": MODEL, "code": key, "version": digest, "display": title}
        for key, digest, title in models_of(advised.advice)
    ]
    content: Resource = {
        "status": "final",
        "method": {"coding": codings, "text": "Bayesian population pharmacokinetics"},
        "code": {"text": f"{advised.drug.display} {outcome.label}: {words_of(outcome.regimen)}"},
        "subject": advised.subject,
        **in_encounter(advised),
        "occurrenceDateTime": advised.instant,
        "performer": service(advised),
        "prediction": _predictions(advice, outcome),
    }
    rests_on = basis(advised.chart)
    if rests_on:
        content["basis"] = rests_on
    if outcome.limits:
        content["note"] = [{"text": limit} for limit in outcome.limits]
    return resource(advised, "RiskAssessment", content, place)


def _predictions(advice: Recommendation, outcome: RegimenOutcome) -> list[Resource]:
    aim = f"{metric_words(advice.target)} {range_words(advice.target)}"
    aims = " and ".join([aim, *(f"{metric_words(also)} {range_words(also)}" for also in advice.also)])
    said = f"{metric_words(advice.target)} expected {_said(outcome.exposure)}"
    shares = (
        ("in-target", f"within target: {aims}", outcome.attainment),
        ("below-target", f"below target: {aims}", outcome.below),
        ("above-target", f"above target: {aims}", outcome.above),
    )
    return [
        {
            "outcome": {"coding": [{"system": OUTCOME, "code": code}], "text": text},
            "probabilityDecimal": _share(share),
            "rationale": said,
        }
        for code, text, share in shares
    ]


def _share(value: float) -> float:
    """A probability from 0 to 1, to the digits that the draws behind it bear."""
    return round(min(max(value, 0.0), 1.0), 4)


def _said(interval: Interval) -> str:
    return (
        f"{interval.median:.4g} {unit_words(interval.unit)} (90 % interval {interval.low:.4g} to {interval.high:.4g})"
    )
