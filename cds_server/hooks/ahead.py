"""What could come first and next: a loading dose, and the level that would tell most. Sentences, pure."""

from collections.abc import Callable

from cds_server.hooks import words
from fhir.chart import Chart
from models.dosing.advice import Recommendation, SampleTime
from models.target import metric_words
from models.units import unit_words

Clock = Callable[[float], str]  # an hour of the record as people read it


def next_level(advice: Recommendation, chart: Chart, say: Clock | None = None) -> tuple[str, ...]:
    """When a level under the proposed regimen would narrow the target's metric most, and by how much; () where none.

    say: how times are written; as on cards where it is not given.
    """
    found = advice.next_sample
    if found is None:
        return ()
    say = say or (lambda hours: words.stamp(words.at(hours, chart)))
    lines = [f"{_capital(_when(found.best, say))}: {_gain(found.best, advice)}."]
    if found.soon.times != found.best.times:
        lines.append(f"Sooner, {_when(found.soon, say)}: {_gain(found.soon, advice)}.")
    if found.pair is not None:
        lines.append(f"Two levels, {_when(found.pair, say)}: {_gain(found.pair, advice)}.")
    return tuple(lines)


def _when(sample: SampleTime, say: Clock) -> str:
    times = " and ".join(say(time) for time in sample.times)
    return f"{sample.label} ({times})"


def _gain(sample: SampleTime, advice: Recommendation) -> str:
    today = advice.next_sample
    before = words.number(today.width) if today else ""
    after = f"{words.number(sample.width)} {unit_words(today.unit) if today else ''}".strip()
    metric = metric_words(advice.target)
    share = f"{100 * sample.reduction:.0f} %"
    return f"the spread of the expected {metric} is foreseen {share} narrower (90 % interval {before} to {after} wide)"


def loading(advice: Recommendation) -> str:
    """The loading dose with what it does at the start, beside doing without; '' where none is named."""
    found = advice.loading
    if found is None:
        return ""
    early = f"{metric_words(advice.target)} over {found.over}"
    return (
        f"{words.dose_once(found.regimen)}, the proposed regimen {found.regimen.interval:g} h later: {early} "
        f"{words.interval(found.early)} {unit_words(found.early.unit)}, "
        f"{words.probability(found.attainment)} in target; "
        f"without it {words.interval(found.early_without)}, {words.probability(found.attainment_without)}."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
