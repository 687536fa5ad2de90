"""An issued advice as its page shows it: every number a text with its unit, every time a clock time. Pure."""

from dataclasses import dataclass

from cds_server.hooks import ahead, detail, shortly, words
from cds_server.hooks.others import OpinionRow, introduced, others_in, regimen_of, rows_of
from cds_server.issued import IssuedAdvice
from cds_server.smart.clock import ChartClock, clock_of, moment
from cds_server.smart.rows import (
    CovariateRow,
    DoseRow,
    LevelRow,
    ParameterRow,
    RegimenRow,
    by_severity,
    covariate_row,
    dose_rows,
    level_row,
    parameter_row,
    regimen_row,
    sentence,
)
from models.dosing.advice import Declined, ModelConsidered, ModelUsed, Recommendation
from models.findings import Finding
from models.target import metric_words
from models.units import unit_words


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
    metric_unit: str = ""
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
    considered: tuple[tuple[str, str, str], ...] = ()  # model, its share, why it has none
    next_level: tuple[str, ...] = ()
    loading: str = ""
    others: tuple[OpinionRow, ...] = ()
    others_said: str = ""
    others_of: str = ""
    no_level: str = ""
    why_proposed: str = ""


def advice_view(issued: IssuedAdvice) -> AdviceView:
    """The page's content for one issued advice."""
    clock = clock_of(issued.chart)
    if isinstance(issued.advice, Declined):
        return _declined(issued, issued.advice, clock)
    return _recommendation(issued, issued.advice, clock)


def _recommendation(issued: IssuedAdvice, advice: Recommendation, clock: ChartClock) -> AdviceView:
    unit = unit_words(advice.curve.unit)
    return AdviceView(
        **_common(issued, clock, advice.findings, advice.model),
        basis=_basis(issued, advice),
        no_level=detail.no_level(issued),
        why_proposed=f"{detail.WHY_PROPOSED} {detail.UNCERTAINTY}",
        starts=clock.text(advice.curve.change_at),
        metric=metric_words(advice.target),
        metric_unit=unit_words(advice.target.unit),
        target=words.target(advice.target),
        target_indication=sentence(advice.target.indication),
        target_source=advice.target.source,
        unit=unit,
        regimens=tuple(regimen_row(item) for item in advice.regimens),
        parameters=tuple(parameter_row(item) for item in advice.parameters),
        covariates=tuple(covariate_row(item, issued.chart, clock) for item in advice.covariates),
        levels=tuple(level_row(item, unit, issued.chart, clock) for item in advice.levels),
        differs=detail.differs(issued),
        drawn=f"{advice.draws} draws from the posterior, seed {advice.seed}",
        considered=_considered(advice.considered),
        next_level=ahead.next_level(advice, issued.chart, clock.text),
        loading=ahead.loading(advice),
        **_others(advice),
    )


def _others(advice: Recommendation) -> dict:
    found = advice.beside
    if found is None or not others_in(found):
        return {}
    of = f"{found.metric} of {regimen_of(found)}, {unit_words(found.unit)}"
    return {"others": rows_of(found), "others_said": introduced(found), "others_of": of}


def _declined(issued: IssuedAdvice, advice: Declined, clock: ChartClock) -> AdviceView:
    others = tuple(item for item in advice.findings if item not in advice.reasons)
    return AdviceView(
        **_common(issued, clock, others, advice.model),
        basis="No dose is proposed",
        reasons=tuple(shortly.text(item) for item in advice.reasons),
        would_help=advice.would_help,
        considered=_considered(advice.considered),
    )


def _considered(rows: tuple[ModelConsidered, ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple((row.title, detail.share(row), row.reason) for row in rows) if len(rows) > 1 else ()


def _common(issued: IssuedAdvice, clock: ChartClock, findings: tuple[Finding, ...], model: ModelUsed | None) -> dict:
    return {
        "drug": sentence(issued.drug),
        "issued": moment(issued.issued_at.astimezone(clock.zone)),
        "as_of": clock.text(issued.chart.record.now),
        "offset": clock.offset,
        "findings": by_severity(findings),
        "doses": dose_rows(issued.chart, clock),
        "model": model,
    }


def _basis(issued: IssuedAdvice, advice: Recommendation) -> str:
    if advice.basis == "covariates":
        refused = detail.no_level(issued) != "None"
        return f"From covariates alone: {'no charted level could be used' if refused else 'no level yet'}"
    count = len(advice.levels)
    return f"From {count} level{'' if count == 1 else 's'}, doses and covariates"
