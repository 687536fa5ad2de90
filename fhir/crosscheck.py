"""Values held against each other: repeats, levels drawn while a dose ran, and a history that can not be whole."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from fhir.clock import hours_between, say
from fhir.measured.growth import usual_at
from fhir.reading import Given, Measured, finding
from models.dosing.level_checks import LONG, running_for
from models.drug import Drug
from models.findings import Finding

Timed = TypeVar("Timed", Given, Measured)

# doses and levels older than this before now say nothing about today's dose, and would shift the age at hour 0
HISTORY = timedelta(days=366)
_LOOK_BACK = 20  # doses before a level that may still be running: infusions are at most two days long
_HUNG = timedelta(minutes=10)  # a sample drawn while the bag is hung is still one from before it (house figure)
_SWALLOWED_MIN = 60.0  # min in which a dose charted as planned and a trough drawn before it are most often one (house)
_JUMP = 1.5  # house figure: pounds for kilograms are 2.2, oedema and amputation stay below
_MONTH = timedelta(days=31)
# house figures: creatinine at most about doubles in two days even without any renal function
_CREATININE_JUMP = 5.0
_TWO_DAYS = timedelta(hours=48)
_SAME = 0.01  # two reports of one sample in two units differ by their rounding only


def without_repeats(measured: Iterable[Measured], words: str) -> tuple[list[Measured], list[Finding]]:
    """One value of each sample. Reports of one time that differ: levels are all kept, of a covariate the last; said."""
    kept: list[Measured] = []
    findings = []
    for item in sorted(measured, key=lambda value: (value.name, value.when, value.source.resource)):
        last = kept[-1] if kept and (kept[-1].name, kept[-1].when) == (item.name, item.when) else None
        if last is None:
            kept.append(item)
            continue
        same = item.limit == last.limit and abs(item.value - last.value) <= _SAME * abs(last.value)
        findings.append(_repeat(item, last, same, words))
        if not same and item.name == "level":
            kept.append(item)
        elif not same:
            kept[-1] = item
    return kept, findings


def _repeat(item: Measured, last: Measured, same: bool, words: str) -> Finding:
    name = words if item.name == "level" else item.name.replace("_", " ")
    slug = item.name.replace("_", "-")
    if same:
        text = f"the {name} of {say(item.when)} is charted twice ({item.charted}); it was used once."
        return finding(f"{slug}-repeated", "info", text)
    text = f"two values of {name} are charted for {say(item.when)}: {last.charted} and {item.charted}"
    if item.name == "level":
        return finding(f"{slug}-disagree", "critical", f"{text}; which of them is true the chart can not tell.")
    return finding(f"{slug}-disagree", "warning", f"{text}; the second was used, which should be checked.")


def recent(values: Iterable[Timed], now: datetime) -> tuple[list[Timed], int]:
    """Those within HISTORY of now, and how many were older."""
    found = list(values)
    kept = [item for item in found if item.when >= now - HISTORY]
    return kept, len(found) - len(kept)


def checked_levels(levels: list[Measured], doses: list[Given], drug: Drug) -> tuple[list[Measured], list[Finding]]:
    """Levels with remarks on how they stand to the doses; one drawn while a short infusion ran is not used.

    Then the chart can not tell an arm from the line, or a wrong time from a right one: read as charted, a trough of
    14 mg/L drawn just before a dose and charted half an hour into it makes a patient look fast, and a sample from the
    line makes one look slow.
    """
    kept, findings = [], []
    starts = [dose.when for dose in doses]
    for level in levels:
        before = doses[max(0, bisect_right(starts, level.when) - _LOOK_BACK) : bisect_right(starts, level.when)]
        running = next((dose for dose in before if _runs(dose, level.when)), None)
        if running is None:
            doubts = (*_early_trough(level, before, drug), *_just_swallowed(level, before, drug))
            kept.append(replace(level, remarks=(*level.remarks, *doubts)))
        elif _running_for(level.when, doses) >= LONG:
            kept.append(level)
        else:
            findings.append(_during(level, running, drug, newest=level is levels[-1]))
    return kept, findings


def _runs(dose: Given, moment: datetime) -> bool:
    return _HUNG < moment - dose.when < timedelta(hours=dose.duration)


def _running_for(moment: datetime, doses: list[Given]) -> float:
    starts = [hours_between(moment, dose.when) for dose in doses]
    return running_for([(start, start + dose.duration) for start, dose in zip(starts, doses, strict=True)], 0.0)


def _during(level: Measured, dose: Given, drug: Drug, *, newest: bool) -> Finding:
    """Critical for the newest level unless its label says what is wrong: older ones leave the newer to stand on."""
    trough = level.kind == "trough"
    told = "is labelled a trough but was drawn" if trough else "was drawn"
    why = "label or time is wrong" if trough else "a sample from the same line, or a time charted roughly, is likely"
    return finding(
        "level-during-infusion",
        "critical" if newest and not trough else "warning",
        f"the {drug.analyte} level {level.charted} of {say(level.when)} {told} while the dose of {say(dose.when)} was "
        f"running; {why}, so it was not used. A new level would help.",
    )


def _early_trough(level: Measured, before: list[Given], drug: Drug) -> Iterator[Finding]:
    if level.kind != "trough" or len(before) < 2:
        return
    since, gap = hours_between(before[-1].when, level.when), hours_between(before[-2].when, before[-1].when)
    if 0 < since < gap / 2:
        text = f"the {drug.analyte} level {level.charted} of {say(level.when)} is labelled a trough but was drawn"
        text = f"{text} {since:.1f} h after a dose; it was used at the time charted."
        yield finding("trough-label-doubtful", "warning", text)


def _just_swallowed(level: Measured, before: list[Given], drug: Drug) -> Iterator[Finding]:
    """A sample of the first hour after a charted dose: most often drawn before it, and the dose charted as planned."""
    last = before[-1] if before else None
    if last is None or last.route != "oral" or level.kind != "any" or "assumed" in last.source.note:
        return
    minutes = 60 * hours_between(last.when, level.when)
    if 0 < minutes <= _SWALLOWED_MIN:
        text = (
            f"the {drug.analyte} level {level.charted} of {say(level.when)} was drawn {minutes:.0f} min after a charted"
        )
        text = f"{text} dose, as most are before it; it was used at the time charted, and may have been a trough."
        yield finding("level-after-dose", "warning", text)


def history_gaps(levels: list[Measured], doses: list[Given], drug: Drug, ordered: bool) -> Iterator[Finding]:
    """What the doses can not explain: levels without any dose, or from before the first one."""
    if levels and not doses:
        text = (
            f"{len(levels)} {drug.analyte} level(s) but no administration of {drug.name} are charted, and no order for"
        )
        text = (
            f"{text} home (category outpatient, community or discharge) says what was taken. Charting them would help."
        )
        yield finding("no-administrations", "critical", text)
    elif ordered and not doses:
        text = f"{drug.name} is ordered, and no administration is charted; it was taken as not yet given."
        yield finding("no-administrations", "warning", text)
    early = [level for level in levels if doses and level.when < doses[0].when and level.limit != "<"]
    if early:
        text = (
            f"a {drug.analyte} level of {say(early[0].when)} ({early[0].charted}) is older than the first charted dose"
        )
        yield finding("doses-missing", "critical", f"{text}, {say(doses[0].when)}; earlier doses are missing here.")


def creatinine_jumps(covariates: list[Measured]) -> Iterator[Finding]:
    """Creatinine that changes fivefold within 48 h: a slip of unit or decimal place before it is the kidney."""
    values = sorted((item for item in covariates if item.name == "creatinine"), key=lambda item: item.when)
    for earlier, later in pairwise(values):
        fold = max(earlier.value, later.value) / min(earlier.value, later.value)
        if fold >= _CREATININE_JUMP and later.when - earlier.when <= _TWO_DAYS:
            text = f"creatinine is charted as {earlier.charted} on {say(earlier.when)} and as {later.charted} on"
            text = f"{text} {say(later.when)}, {fold:.1f} fold; a slip of unit or decimal place is likelier than such a"
            yield finding("creatinine-jump", "critical", f"{text} change. Both should be checked in the chart.")


def body_size(covariates: list[Measured], drug: Drug, born: date | None = None) -> Iterator[Finding]:
    """A body mass index, of the last weight and height, that few or no people have; of a child by its age."""
    last = {item.name: item for item in sorted(covariates, key=lambda item: item.when)}
    weight, height, usual = last.get("weight"), last.get("height"), drug.plausible.get("bmi")
    if weight is None or height is None or usual is None:
        return
    child = usual_at(usual, "bmi", born, max(weight.when, height.when).date())
    grown, usual = child is usual, child or usual
    bmi = weight.value / (height.value / 100.0) ** 2
    inside = usual.soft_low <= bmi <= usual.soft_high
    if inside:
        return
    text = f"weight {weight.charted} and height {height.charted} make a body mass index of {bmi:.0f} kg/m2"
    text = f"{text} (usually {usual.soft_low:g} to {usual.soft_high:g}{'' if grown else ' at this age'})"
    slip = not grown or usual.judge(bmi) == "impossible"
    yield finding("bmi-unusual", "critical" if slip else "warning", f"{text}; one of them may be a slip.")


def weight_jumps(covariates: list[Measured]) -> Iterator[Finding]:
    """Weights that differ by half again within a month: most often pounds charted as kilograms, or another person."""
    weights = sorted((item for item in covariates if item.name == "weight"), key=lambda item: item.when)
    for earlier, later in pairwise(weights):
        ratio = max(earlier.value, later.value) / min(earlier.value, later.value)
        if ratio >= _JUMP and later.when - earlier.when <= _MONTH:
            text = f"the weight is charted as {earlier.charted} on {say(earlier.when)} and as {later.charted} on"
            text = f"{text} {say(later.when)}; one of the two can not be true (pounds charted as kg?)."
            yield finding("weight-jump", "critical", text)
