"""The body of a card: the basis of an advice, complete enough that a clinician can review it without the page."""

from collections.abc import Iterable

from cds_server.hooks import ahead, others, shortly, words
from cds_server.hooks.markdown import bullets, escape, join, section, table
from cds_server.hooks.summary import held
from cds_server.issued import IssuedAdvice
from fhir.chart import Chart
from models.covariates import shown
from models.covariates import words as covariate_words
from models.dosing.advice import (
    CovariateUsed,
    Declined,
    ModelConsidered,
    ModelUsed,
    Recommendation,
    RegimenOutcome,
)
from models.dosing.optimise import INDIFFERENT
from models.drug import Drug
from models.findings import Finding
from models.record import Dose
from models.target import metric_words
from models.units import unit_words

SUPPORTS = (
    "This supports, and does not replace, the judgement of the clinician and the pharmacist who know the patient. "
    "It is a calculation from the charted data above, not suited to time-critical decisions."
)
WHY_PROPOSED = (
    f"Proposed: within {100 * INDIFFERENT:.0f} points of the highest probability found; ties by a median "
    "in the target, less often above it, the fewest preferences missed and the least change, see basis."
)
UNCERTAINTY = "The probabilities speak of this patient's parameters; assay error and day-to-day change are not in them."
_DOSES_SHOWN = 12  # the latest; a card is read in seconds, the page has them all


def recommendation(
    issued: IssuedAdvice, advice: Recommendation, drug: Drug, *, on_order: Iterable[Finding] = ()
) -> str:
    """The basis of a recommendation. on_order: what has to be said about the suggested orders."""
    chart = issued.chart
    return join(
        _regimens(advice),
        f"{WHY_PROPOSED} {UNCERTAINTY}",
        _start(advice, chart),
        section("The suggested order", _findings(on_order)),
        section("A loading dose to consider", escape(ahead.loading(advice))),
        _target(advice),
        section("Missing or doubtful", _findings(advice.findings)),
        section(
            "Where a next level would tell most", bullets([escape(line) for line in ahead.next_level(advice, chart)])
        ),
        section("Independent estimators", others.on_card(advice.beside)),
        section("How this patient differs from the population", bullets([escape(line) for line in differs(issued)])),
        section("Levels used", _levels(advice, chart) or f"{no_level(issued)}: this rests on covariates alone."),
        section("Doses used", _doses(chart)),
        section("Covariates used", _covariates(advice.covariates, chart)),
        section("Model", _model(advice.model, f"{advice.draws} draws, seed {advice.seed}")),
        section("Models considered", models_table(advice.considered)),
        section("Not verified", bullets([escape(line) for line in (*advice.model.not_verified, *drug.not_verified)])),
        SUPPORTS,
    )


def _target(advice: Recommendation) -> str:
    further = "".join(f", with {escape(words.target(aim))}" for aim in advice.also)
    source = f"{escape(advice.target.indication)} ({escape(advice.target.source)})"
    return f"Target: {escape(words.target(advice.target))} at steady state{further}; {source}."


def _start(advice: Recommendation, chart: Chart) -> str:
    first = advice.regimens[0].regimen
    when = words.stamp(words.at(first.start, chart))
    if held(first, advice, chart):
        return f"**First dose not before {when}**, later than the next dose would be due."
    return f"Reckoned with the next dose at {when}."


def no_level(issued: IssuedAdvice) -> str:
    """ "None", or that there are levels which could not be used."""
    found = issued.advice.findings
    refused = any(item.code.startswith("level-") and item.code != "level-pending" for item in found)
    return "None of the charted levels could be used" if refused and not issued.chart.record.levels else "None"


_NO_LEVEL_YET = "No level has been used yet"


def differs(issued: IssuedAdvice) -> tuple[str, ...]:
    """The advice's sentences on this patient; levels that were refused are not passed over as not there."""
    lines = getattr(issued.advice, "differs", ())
    said = no_level(issued)
    return tuple(line.replace(_NO_LEVEL_YET, said) if said != "None" else line for line in lines)


def declined(issued: IssuedAdvice, advice: Declined) -> str:
    """Why no dose is proposed, and what would change that."""
    return join(
        section("Why no dose is proposed", bullets([escape(shortly.text(item)) for item in advice.reasons])),
        section("What would help", bullets([escape(line) for line in advice.would_help])),
        section("Also noticed", _findings(_others(advice))),
        section("Doses read", _doses(issued.chart)),
        section("Model", _model(advice.model, "") if advice.model else ""),
        section("Models considered", models_table(advice.considered)),
        SUPPORTS,
    )


def _others(advice: Declined) -> Iterable[Finding]:
    return (item for item in advice.findings if item not in advice.reasons)


def _regimens(advice: Recommendation) -> str:
    metric = metric_words(advice.target)
    header = [
        "Regimen",
        "",
        f"{metric}, {unit_words(advice.target.unit)} (90 % interval)",
        "In target",
        "Below",
        "Above",
    ]
    extra = [] if advice.target.metric == "trough" else [f"Trough, {unit_words(advice.regimens[0].trough.unit)}"]
    rows = [_regimen(outcome, with_trough=bool(extra)) for outcome in advice.regimens]
    broken = [
        f"{escape(words.dose_in_full(one.regimen))}: {escape(words.readable(text))}"
        for one in advice.regimens
        for text in one.limits
    ]
    return join(table([*header, *extra], rows), section("Hard limits exceeded", bullets(broken)))


def _regimen(outcome: RegimenOutcome, *, with_trough: bool) -> list[str]:
    chances = [words.probability(value) for value in (outcome.attainment, outcome.below, outcome.above)]
    row = [
        escape(words.dose_in_full(outcome.regimen)),
        outcome.label,
        words.interval(outcome.exposure),
        *[escape(chance) for chance in chances],
    ]
    return [*row, words.interval(outcome.trough)] if with_trough else row


def _findings(findings: Iterable[Finding]) -> str:
    return bullets([f"**{shortly.mark(item)}:** {escape(shortly.text(item))}" for item in shortly.ordered(findings)])


def _levels(advice: Recommendation, chart: Chart) -> str:
    if not advice.levels:
        return ""
    unit = unit_words(advice.curve.unit)
    rows = [
        [
            words.moment(level.time, chart),
            f"{escape('< ') if level.censored else ''}{words.number(level.observed)}",
            words.number(level.individual),
            words.number(level.population),
        ]
        for level in advice.levels
    ]
    return table(["Drawn", f"Measured, {unit}", "This patient's fit", "Population"], rows)


def _doses(chart: Chart) -> str:
    doses = chart.record.doses
    earlier = [f"and {len(doses) - _DOSES_SHOWN} earlier"] if len(doses) > _DOSES_SHOWN else []
    return bullets([*(_dose(item, chart) for item in reversed(doses[-_DOSES_SHOWN:])), *earlier])


def _dose(dose: Dose, chart: Chart) -> str:
    text = f"{words.moment(dose.time, chart)}: {words.amount(dose.amount)}"
    text += f" over {words.duration(dose.duration)}" if dose.duration else ""
    text += f", then {dose.additional} more every {dose.interval:g} h" if dose.additional else ""
    text += f", taken to have been given every {dose.interval:g} h before" if dose.steady_state else ""
    note = chart.sources[dose.source].note if dose.source in chart.sources else ""
    return text + (f" ({escape(note)})" if note else "")


def _covariates(used: Iterable[CovariateUsed], chart: Chart) -> str:
    return bullets([_covariate(item, chart) for item in used])


_SEX = ("male", "female")


def _covariate(item: CovariateUsed, chart: Chart) -> str:
    name = escape(covariate_words(item.name))
    if item.name == "dialysis" and item.time is None and not item.value:
        return f"{name}: not charted; the model was run as without dialysis"
    if item.name == "age":
        return f"{name}: {escape(shown(item.name, item.value, item.unit))} (from the birth date)"
    if item.name == "female":
        return f"{name}: {_SEX[bool(item.value)]}"
    when = f", {words.moment(item.time, chart)}" if item.time is not None else ""
    return f"{name}: {escape(shown(item.name, item.value, item.unit))} ({escape(item.derivation)}{when})"


def models_table(considered: Iterable[ModelConsidered]) -> str:
    """The models with a share of the answer; how many of the drug have none, whose reasons the page has."""
    rows = list(considered)
    used = [row for row in rows if row.weight > 0.0]
    if len(rows) < 2:
        return ""
    rest = len(rows) - len(used)
    said = f"{rest} more of this drug do not hold this patient or were left out; the page says why." if rest else ""
    return join(table(["Model", "Share"], [[escape(row.title), share(row)] for row in used]) if used else "", said)


def share(row: ModelConsidered) -> str:
    """How much of the answer a model stands for: '62 %', 'none'."""
    return "none" if row.weight == 0.0 else escape(words.probability(row.weight))


def _model(model: ModelUsed, drawn: str) -> str:
    return bullets(
        [
            f"{escape(model.title)} ({escape(model.id)}, content {model.hash[:12]}{', ' if drawn else ''}{drawn})",
            escape(model.citation),
            f"Population: {escape(model.population)}",
        ]
    )
