"""Independent estimators beside the fit, as card and page show them: a table, the verdict, a rule worked out. Pure."""

from dataclasses import dataclass
from math import log

from cds_server.hooks import words
from cds_server.hooks.markdown import bullets, escape, join, table
from models.beside.value import Beside, Opinion
from models.units import unit_words

NEVER = (
    "The dose proposed is that of the fit; these estimators support it or cast doubt on it. They were made from "
    "patients simulated from published models, as the fit's is one: all can agree and be wrong."
)
FITTED = ("fit", "single")
RIGHT = "The fit's interval takes its models to be right."


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where an estimate and its interval lie on a scale common to all, per cent of its width, logarithmic."""

    at: float
    left: float
    right: float


@dataclass(frozen=True, kw_only=True)
class OpinionRow:
    """exposure: the estimate (80 % interval), of the fit its median, or why there is none. against: over the fit's, ""
    for the fit itself.

    spot: None where the estimator is silent.
    """

    who: str
    exposure: str
    against: str
    dose: str
    signed: str
    working: tuple[str, ...]
    spot: Spot | None


def rows_of(beside: Beside) -> tuple[OpinionRow, ...]:
    """One row for each estimator, the fit first."""
    ends = [end for one in beside.opinions for end in (one.low, one.high, one.exposure) if end]
    return tuple(_row(one, beside, (min(ends), max(ends)) if ends else (1.0, 1.0)) for one in beside.opinions)


def _spot(one: Opinion, ends: tuple[float, float]) -> Spot | None:
    if one.exposure is None:
        return None
    low, high = (log(end) for end in ends)
    at, left, right = (
        2.0 + 96.0 * (log(value) - low) / ((high - low) or 1.0)
        for value in (one.exposure, one.low or one.exposure, one.high or one.exposure)
    )
    return Spot(at=at, left=left, right=right)


def _row(one: Opinion, beside: Beside, ends: tuple[float, float]) -> OpinionRow:
    fit = beside.opinions[0].exposure
    said = one.exposure is not None and one is not beside.opinions[0]
    return OpinionRow(
        who=one.words[:1].upper() + one.words[1:],
        exposure=_exposure(one),
        against=f"{one.exposure / fit:.2f}" if said and one.exposure and fit else "",
        dose=_dose(one, beside),
        signed="" if one.by in FITTED else one.signed or "not signed into use here",
        working=one.working,
        spot=_spot(one, ends),
    )


def _dose(one: Opinion, beside: Beside) -> str:
    """In three figures: it is no product's dose."""
    if one.dose is None:
        return ""
    return f"{words.amount(float(f'{one.dose:.3g}'))} every {words.every(beside.interval)}"


def _exposure(one: Opinion) -> str:
    if one.exposure is None:
        return f"silent: {'; '.join(reason.rstrip('.') for reason in one.silent)}"
    if one.low is None or one.high is None:
        return words.number(one.exposure)
    return f"{words.number(one.exposure)} ({words.number(one.low)}–{words.number(one.high)})"


def regimen_of(beside: Beside) -> str:
    """ "1000 mg every 12 h"."""
    return f"{words.amount(beside.amount)} every {words.every(beside.interval)}"


def others_in(beside: Beside) -> bool:
    """Whether there is anything beside the fit and what it is made of."""
    return any(one.by not in FITTED for one in beside.opinions)


def on_card(beside: Beside | None) -> str:
    """The section of a card; "" where there is nothing beside the fit."""
    if beside is None or not others_in(beside):
        return ""
    unit = unit_words(beside.unit)
    header = [
        "Estimator",
        f"{beside.metric} of {regimen_of(beside)}, {unit} (80 % interval)",
        "Over the fit's",
        "Signed into use",
    ]
    body = [[escape(row.who), escape(row.exposure), row.against, escape(row.signed)] for row in rows_of(beside)]
    return join(escape(introduced(beside)), table(header, body), _worked(beside))


def introduced(beside: Beside) -> str:
    """What stands above the table: the verdict, what they are, what their intervals are worth."""
    never = "" if beside.verdict == "alone" else NEVER
    return " ".join(text for text in (beside.text, never, RIGHT, beside.held) if text)


def _worked(beside: Beside) -> str:
    """The first rule that speaks, with the patient's numbers put in."""
    rule = next((one for one in beside.opinions if one.by == "rule" and one.working), None)
    if rule is None:
        return ""
    return join(f"{escape(rule.words.capitalize())}, worked out:", bullets([escape(line) for line in rule.working]))
