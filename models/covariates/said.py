"""What is said aloud on the way from a chart to the covariates of a model."""

from collections.abc import Mapping

import numpy as np

from models.covariates.need import CovariateNeed
from models.covariates.words import capital, shown, slug, words
from models.findings import Finding, Severity
from models.formulas import FORMULAS, floored_creatinine
from models.record import Covariate, PatientRecord
from models.terms import TERMS
from models.units import COVARIATES

SAID_FROM_H = 1.0  # an entry an hour late is none (house figure)


def defaulted(need: CovariateNeed, missing: list[str]) -> Finding:
    lacking = capital(" and ".join(words(name) for name in missing))
    term = TERMS.get(need.name)
    if term and term.flag and term.nature == "charted" and not need.default:
        text = f"{lacking}: not charted; the model was run as without."
        return Finding(code=f"{slug(need.name)}-defaulted", severity="info", text=text)
    value = shown(need.name, need.default or 0.0, need.unit)
    text = f"{lacking}: not in the chart; {value} was used, the model file's default."
    # what no chart carries, or is charted only where it is so, is no omission of the ward's
    quiet = need.name not in TERMS or TERMS[need.name].nature in ("charted", "derived")
    return Finding(code=f"{slug(need.name)}-defaulted", severity="info" if quiet else "warning", text=text)


def missing_text(need: CovariateNeed, missing: list[str]) -> str:
    lacking = " and ".join(f"{words(name)} ({COVARIATES.get(name, need.unit)})" for name in missing)
    purpose = "" if need.formula == "measured" else f" for {words(need.name)} ({FORMULAS[need.formula].words})"
    return f"The chart has no {lacking}, which the model needs{purpose}."


def carried_back(
    need: CovariateNeed, series: tuple[Covariate, ...], at: np.ndarray, begun: float
) -> tuple[Finding, ...]:
    """Said where the first entry stands for a time before it; not of what is fixed or grows by itself.

    begun: h of the first dose or level; nothing before it is reckoned with, however old the oldest entry is.
    """
    first = series[0]
    wait = first.time - max(float(at.min()), begun)
    term = TERMS.get(first.name)
    if wait < SAID_FROM_H or (term and (term.nature in ("fixed", "derived") or term.advance)):
        return ()
    value = shown(first.name, first.value, COVARIATES.get(first.name, need.unit))
    name = words(first.name)
    text = f"No {name} was charted in the first {wait:.0f} h of treatment; the first one ({value}) stands for it too."
    return (Finding(code=f"{slug(first.name)}-carried-back", severity="info", text=text, sources=sources(first)),)


def floored(need: CovariateNeed, record: PatientRecord, series: Mapping[str, np.ndarray]) -> tuple[Finding, ...]:
    floor = need.options.get("creatinine_floor", 0.0)
    if not floor:
        return ()
    age, creatinine = series["age"][-1], series["creatinine"][-1]
    above = need.options.get("creatinine_floor_age", 0.0)
    if floored_creatinine(age, creatinine, floor, above) == creatinine:
        return ()
    text = (
        f"Creatinine {creatinine:.2f} mg/dL was raised to {floor:.2f} mg/dL for the clearance formula, "
        f"as the model's authors did in patients over {above:.0f} years."
    )
    return (
        Finding(code="creatinine-floored", severity="info", text=text, sources=sources(*record.series("creatinine"))),
    )


def truncated(need: CovariateNeed, value: float, limit: float) -> Finding:
    was, became = shown(need.name, value, need.unit), shown(need.name, limit, need.unit)
    side = "above" if value > limit else "below"
    text = f"{capital(words(need.name))} of {was} is {side} the range that the model takes; {became} was used."
    grows = need.name in TERMS and TERMS[need.name].advance > 0
    severity: Severity = "info" if grows else "warning"
    return Finding(code=f"{slug(need.name)}-truncated", severity=severity, text=text)


def sources(*items: Covariate) -> tuple[str, ...]:
    return tuple(item.source for item in items if item.source)
