"""An issued advice as its page shows it: every number a text with its unit, every time a clock time. Pure."""

from dataclasses import dataclass

from cds_server.hooks import words
from cds_server.issued import IssuedAdvice
from cds_server.smart.clock import ChartClock, clock_of, moment
from fhir.chart import Chart
from models.dosing.advice import (
    CovariateUsed,
    Declined,
    ModelUsed,
    ParameterEstimate,
    Recommendation,
    RegimenOutcome,
)
from models.findings import Finding
from models.fit.posterior import LevelFit

LABELS = {
    "proposed": "Highest probability",
    "alternative": "Alternative",
    "current": "Current",
    "ordered": "As ordered",
}
SEVERITIES = {"critical": "Critical", "warning": "Doubtful", "info": "Noted"}
NAMES = {
    "crcl": "Creatinine clearance",
    "cyp3a5_expresser": "CYP3A5 expresser",
    "days_after_transplant": "Days after transplantation",
    "free_prednisolone_cmax": "Free prednisolone, peak",
    "female": "Female",
    "dialysis": "On intermittent haemodialysis",
    "haematocrit": "Haematocrit (fraction)",
}
_YES_NO = ("cyp3a5_expresser", "female", "dialysis")


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


@dataclass(frozen=True, kw_only=True)
class AdviceView:
    """Everything on the page but the picture. Of a declined advice only the fields above `target` are filled."""

    drug: str
    issued: str
    as_of: str
    offset: str
    basis: str
    findings: tuple[tuple[str, str, str], ...]  # severity, its word, text
    doses: tuple[DoseRow, ...]
    model: ModelUsed | None
    reasons: tuple[str, ...] = ()
    would_help: tuple[str, ...] = ()
    starts: str = ""
    metric: str = ""
    target: str = ""
    target_indication: str = ""
    target_source: str = ""
    unit: str = ""
    regimens: tuple[RegimenRow, ...] = ()
    parameters: tuple[ParameterRow, ...] = ()
    covariates: tuple[CovariateRow, ...] = ()
    levels: tuple[LevelRow, ...] = ()
    differs: tuple[str, ...] = ()
    drawn: str = ""


def advice_view(issued: IssuedAdvice) -> AdviceView:
    """The page's content for one issued advice."""
    clock = clock_of(issued.chart)
    if isinstance(issued.advice, Declined):
        return _declined(issued, issued.advice, clock)
    return _recommendation(issued, issued.advice, clock)


def _recommendation(issued: IssuedAdvice, advice: Recommendation, clock: ChartClock) -> AdviceView:
    unit = words.unit(advice.curve.unit)
    return AdviceView(
        **_common(issued, clock, advice.findings, advice.model),
        basis=_basis(advice),
        starts=clock.text(advice.curve.change_at),
        metric=words.METRICS[advice.target.metric],
        target=words.target(advice.target),
        target_indication=sentence(advice.target.indication),
        target_source=advice.target.source,
        unit=unit,
        regimens=tuple(_regimen(item) for item in advice.regimens),
        parameters=tuple(_parameter(item) for item in advice.parameters),
        covariates=tuple(_covariate(item, issued.chart, clock) for item in advice.covariates),
        levels=tuple(_level(item, unit, issued.chart, clock) for item in advice.levels),
        differs=advice.differs,
        drawn=f"{advice.draws} draws from the posterior, seed {advice.seed}",
    )


def _declined(issued: IssuedAdvice, advice: Declined, clock: ChartClock) -> AdviceView:
    others = tuple(item for item in advice.findings if item not in advice.reasons)
    return AdviceView(
        **_common(issued, clock, others, advice.model),
        basis="No dose is proposed",
        reasons=tuple(item.text for item in advice.reasons),
        would_help=advice.would_help,
    )


def _common(issued: IssuedAdvice, clock: ChartClock, findings: tuple[Finding, ...], model: ModelUsed | None) -> dict:
    return {
        "drug": sentence(issued.drug),
        "issued": moment(issued.issued_at.astimezone(clock.zone)),
        "as_of": clock.text(issued.chart.record.now),
        "offset": clock.offset,
        "findings": _by_severity(findings),
        "doses": _doses(issued.chart, clock),
        "model": model,
    }


def _by_severity(findings: tuple[Finding, ...]) -> tuple[tuple[str, str, str], ...]:
    order = list(SEVERITIES)
    ranked = sorted(findings, key=lambda item: order.index(item.severity))
    return tuple((item.severity, SEVERITIES[item.severity], item.text) for item in ranked)


def _basis(advice: Recommendation) -> str:
    if advice.basis == "covariates":
        return "From covariates alone: no level yet"
    count = len(advice.levels)
    return f"From {count} level{'' if count == 1 else 's'}, doses and covariates"


def _regimen(outcome: RegimenOutcome) -> RegimenRow:
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
        limits=outcome.limits,
    )


def _parameter(item: ParameterEstimate) -> ParameterRow:
    return ParameterRow(
        name=item.name,
        unit=words.unit(item.unit),
        individual=figures(item.individual.median),
        interval=_spread(item),
        typical=figures(item.typical),
        reference=figures(item.reference),
        ratio=f"{item.individual.median / item.typical:.2f}" if item.typical else "",
    )


def _spread(item: ParameterEstimate) -> str:
    if item.individual.low == item.individual.high:
        return "not estimated"
    return f"{figures(item.individual.low)}–{figures(item.individual.high)}"


def _covariate(item: CovariateUsed, chart: Chart, clock: ChartClock) -> CovariateRow:
    source = chart.sources.get(item.source)
    return CovariateRow(
        name=NAMES.get(item.name, item.name.replace("_", " ").capitalize()),
        value=_covariate_value(item),
        when=clock.text(item.time) if item.time is not None else "",
        derivation=item.derivation,
        note=source.note if source else "",
    )


def _covariate_value(item: CovariateUsed) -> str:
    if item.name in _YES_NO and item.value in (0.0, 1.0):
        return "yes" if item.value else "no"
    return f"{figures(item.value)} {'' if item.unit == '1' else words.unit(item.unit)}".strip()


def _level(item: LevelFit, unit: str, chart: Chart, clock: ChartClock) -> LevelRow:
    source = chart.sources.get(item.source)
    return LevelRow(
        when=clock.text(item.time),
        observed=f"{'< ' if item.censored else ''}{figures(item.observed)} {unit}",
        individual=figures(item.individual),
        population=figures(item.population),
        wres=f"{item.wres:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0"),
        note=source.note if source else "",
    )


def _doses(chart: Chart, clock: ChartClock) -> tuple[DoseRow, ...]:
    return tuple(
        DoseRow(
            when=clock.text(dose.time),
            text=words.amount(dose.amount)
            + (f" over {60 * dose.duration:.0f} min" if dose.duration else "")
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
