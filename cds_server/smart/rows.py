"""The tables of the page behind a card: one dataclass a row, every number a text with its unit. Pure."""

from dataclasses import dataclass
from math import isfinite

from cds_server.hooks import shortly, words
from cds_server.smart.clock import ChartClock
from fhir.chart import Chart
from models.covariates import shown
from models.covariates import words as covariate_words
from models.dosing.advice import CovariateUsed, ParameterEstimate, RegimenOutcome
from models.findings import Finding
from models.fit.posterior import LevelFit
from models.units import unit_words

LABELS = {
    "proposed": "Proposed",
    "alternative": "Alternative",
    "current": "Current",
    "ordered": "As ordered",
}


@dataclass(frozen=True, kw_only=True)
class RegimenRow:
    """below, within, above: probabilities, per cent, for the bar; the same as texts stand in chances."""

    label: str
    mark: str
    text: str
    daily: str
    exposure: str
    below: float
    within: float
    above: float
    chances: tuple[str, str, str]
    trough: str
    peak: str
    first_day: str
    limits: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ParameterRow:
    name: str
    unit: str
    individual: str
    interval: str
    typical: str
    reference: str
    ratio: str


@dataclass(frozen=True, kw_only=True)
class CovariateRow:
    name: str
    value: str
    when: str
    derivation: str
    note: str


@dataclass(frozen=True, kw_only=True)
class LevelRow:
    when: str
    observed: str
    individual: str
    population: str
    wres: str
    note: str


@dataclass(frozen=True, kw_only=True)
class DoseRow:
    when: str
    text: str
    note: str


def regimen_row(outcome: RegimenOutcome) -> RegimenRow:
    regimen = outcome.regimen
    chances = (outcome.below, outcome.attainment, outcome.above)
    return RegimenRow(
        label=LABELS[outcome.label],
        mark=outcome.label,
        text=words.dose_in_full(regimen),
        daily=f"{words.amount(regimen.amount * 24 / regimen.interval)}/d",
        exposure=words.interval(outcome.exposure),
        below=100 * outcome.below,
        within=100 * outcome.attainment,
        above=100 * outcome.above,
        chances=(words.probability(chances[0]), words.probability(chances[1]), words.probability(chances[2])),
        trough=words.interval(outcome.trough),
        peak=words.interval(outcome.peak),
        first_day=words.interval(outcome.first_day),
        limits=tuple(words.readable(text) for text in outcome.limits),
    )


def parameter_row(item: ParameterEstimate) -> ParameterRow:
    return ParameterRow(
        name=item.name,
        unit=unit_words(item.unit),
        individual=figures(item.individual.median),
        interval=_spread(item),
        typical=figures(item.typical),
        reference=figures(item.reference) if isfinite(item.reference) else "",
        ratio=f"{item.individual.median / item.typical:.2f}" if item.typical else "",
    )


def _spread(item: ParameterEstimate) -> str:
    if item.individual.low == item.individual.high:
        return "not estimated"
    return f"{figures(item.individual.low)}–{figures(item.individual.high)}"


_FIXED = {"age": "from the birth date", "female": "as charted"}
_SEX = ("male", "female")


def covariate_row(item: CovariateUsed, chart: Chart, clock: ChartClock) -> CovariateRow:
    """One covariate; flags say yes or no, and sex the word."""
    name, source = sentence(covariate_words(item.name)), chart.sources.get(item.source)
    value = _SEX[bool(item.value)] if item.name == "female" else shown(item.name, item.value, item.unit)
    if item.name in _FIXED:
        return CovariateRow(name=name, value=value, when="", derivation=_FIXED[item.name], note="")
    if item.name == "dialysis" and item.time is None and not item.value:
        how = "the model was run as without dialysis"
        return CovariateRow(name=name, value="not charted", when="", derivation=how, note="")
    return CovariateRow(
        name=name,
        value=value,
        when=clock.text(item.time) if item.time is not None else "",
        derivation=item.derivation,
        note=source.note if source else "",
    )


def level_row(item: LevelFit, unit: str, chart: Chart, clock: ChartClock) -> LevelRow:
    source = chart.sources.get(item.source)
    return LevelRow(
        when=clock.text(item.time),
        observed=f"{'< ' if item.censored else ''}{figures(item.observed)} {unit}",
        individual=figures(item.individual),
        population=figures(item.population),
        wres=f"{item.wres:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0"),
        note=source.note if source else "",
    )


def dose_rows(chart: Chart, clock: ChartClock) -> tuple[DoseRow, ...]:
    return tuple(
        DoseRow(
            when=clock.text(dose.time),
            text=words.amount(dose.amount)
            + (f" over {words.duration(dose.duration)}" if dose.duration else "")
            + (f", then {dose.additional} more every {dose.interval:g} h" if dose.additional else "")
            + (f", taken to have been given every {dose.interval:g} h before" if dose.steady_state else ""),
            note=chart.sources[dose.source].note if dose.source in chart.sources else "",
        )
        for dose in reversed(chart.record.doses)
    )


def sentence(text: str) -> str:
    """The text with its first letter large and all others as they are."""
    return text[:1].upper() + text[1:]


def figures(value: float) -> str:
    """Three figures, never an exponent: 0.0213, 3.93, 13.7, 512."""
    if value == 0:
        return "0"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.1 else 4
    return f"{value:.{digits}f}"


def by_severity(findings: tuple[Finding, ...]) -> tuple[tuple[str, str, str], ...]:
    """(severity, mark, text), as on the card."""
    return tuple((item.severity, shortly.mark(item), shortly.text(item)) for item in shortly.ordered(findings))
