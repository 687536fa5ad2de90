"""Which of a chart's levels are those of a sampling scheme: by when they were drawn within which interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from models.cohorts.design import Sample, Scheme
from models.record import Dose, Level

# h by which a draw may be off the scheme's window. A dose that is not charted yet is expected at the interval's end,
# where doses come an hour late or early.
OFF, OFF_PLANNED = 0.25, 1.0


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A level in its interval. number: of the dose before it, from 1. following: h, of the next dose, where charted."""

    level: Level
    number: int
    start: float
    end: float
    following: float
    charted: bool


def matched(
    scheme: Scheme, doses: Sequence[Dose], levels: Sequence[Level], interval: float
) -> tuple[Placed, ...] | None:
    """The latest levels that are the scheme's samples, in their order; None where there are none.

    doses: one by one, in order of time. interval: h, of the regimen, for the dose that is not charted yet. A level
    drawn when a dose is given comes before it.
    """
    placed = [item for level in levels if (item := _placed(level, doses, interval)) is not None]
    for number in range(len(doses) + 1, scheme.dose[0] - 1, -1):
        fitting = [_latest_first(placed, sample, number + sample.plus) for sample in scheme.samples]
        for found in product(*fitting):
            if len({id(item) for item in found}) == len(found):
                return tuple(sorted(found, key=lambda item: item.level.time))
    return None


def _placed(level: Level, doses: Sequence[Dose], interval: float) -> Placed | None:
    number = sum(dose.time < level.time for dose in doses)
    if number == 0:
        return None
    dose, charted = doses[number - 1], number < len(doses)
    if level.time < dose.time + dose.duration:
        return None  # drawn while it ran
    following = doses[number].time if charted else dose.time + interval
    return Placed(
        level=level,
        number=number,
        start=dose.time,
        end=dose.time + dose.duration,
        following=following,
        charted=charted,
    )


def _latest_first(placed: Sequence[Placed], sample: Sample, number: int) -> list[Placed]:
    """One level can fit two samples, as windows touch: whose it is, the others decide."""
    fits = [item for item in placed if _fits(item, sample, number)]
    return sorted(fits, key=lambda item: item.level.time, reverse=True)


def _fits(item: Placed, sample: Sample, number: int) -> bool:
    time = item.level.time
    if sample.since == "before":
        ahead = item.following - time
        if item.number != number - 1:
            return False
        off = OFF if item.charted else OFF_PLANNED
        return -off <= ahead <= sample.high + off
    if item.number != number:
        return False
    if sample.since == "share":
        whole = item.following - item.end
        share = (time - item.end) / whole if whole > 0 else -1.0
        return sample.low - OFF / max(whole, OFF) <= share <= sample.high + OFF / max(whole, OFF)
    since = time - (item.start if sample.since == "start" else item.end)
    return sample.low - OFF <= since <= sample.high + OFF
