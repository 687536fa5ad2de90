"""Times at which a ward can draw a level under a regimen, with the words for them."""

from dataclasses import dataclass
from math import ceil, floor

from models.dosing.advice import Regimen

# h: how far ahead, unless a dosing interval is longer; nobody plans a sample later than that from today's estimate
AHEAD = 48.0
# h after an infusion in which distribution goes on, and what is left in the line spoils the sample (level_checks)
DISTRIBUTION = 1.0
# h after a swallowed or injected dose: before, absorption makes the level change too fast to be read
ABSORPTION = 1.0
MOST = 60  # times; a long grid is thinned to whole steps of 1, 2, 4 ... h
ORDINAL = ("next", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, kw_only=True)
class GridTime:
    """time: h since origin. trough: just before a dose, when a nurse comes anyway."""

    time: float
    label: str
    trough: bool


def sample_grid(regimen: Regimen, now: float, *, given: bool) -> tuple[GridTime, ...]:
    """Times from now on, in order: just before each dose, an hour after its infusion, its middle, whole hours after it.

    given: doses have been given before, so that a level before the regimen's start tells something too.
    """
    end = regimen.start + max(AHEAD, regimen.interval)
    doses = max(floor((end - regimen.start) / regimen.interval + 1e-9), 1)
    found = [*_before_start(regimen, now)] if given else []
    for k in range(doses):
        found += _after_dose(regimen, k)
    found += [_trough(regimen, k) for k in range(0 if given else 1, doses + 1)]
    once = {round(item.time, 6): item for item in found if now < item.time <= end + 1e-9 or _is_now(item, now)}
    return tuple(once[time] for time in sorted(once))


def _is_now(item: GridTime, now: float) -> bool:
    return item.trough and item.time == now


def _before_start(regimen: Regimen, now: float) -> list[GridTime]:
    ahead = regimen.start - now
    step = _step(ahead, regimen)
    hours = [step * k for k in range(1, ceil(ahead / step))]
    return [GridTime(time=now + h, label=f"{h:g} h from now, before the next dose", trough=False) for h in hours]


def _trough(regimen: Regimen, k: int) -> GridTime:
    return GridTime(time=regimen.start + k * regimen.interval, label=f"just before the {_dose(k)}", trough=True)


def _after_dose(regimen: Regimen, k: int) -> list[GridTime]:
    start, interval = regimen.start + k * regimen.interval, regimen.interval
    first = regimen.duration + DISTRIBUTION if regimen.duration else ABSORPTION
    step = _step(max(AHEAD, interval), regimen)
    since = {first, interval / 2.0} | {step * n for n in range(ceil(first / step), ceil(interval / step))}
    if regimen.duration >= interval:  # a continuous infusion has no end and no trough
        since = {step * n for n in range(1, ceil(interval / step))}
        first = 0.0
    inside = [hours for hours in sorted(since) if first <= hours < interval]
    return [GridTime(time=start + hours, label=_after(regimen, k, hours, first), trough=False) for hours in inside]


def _after(regimen: Regimen, k: int, hours: float, first: float) -> str:
    if regimen.duration and hours == first:
        return f"{DISTRIBUTION:g} h after the end of the {_dose(k)}'s infusion"
    return f"{hours:g} h after the start of the {_dose(k)}" if regimen.duration else f"{hours:g} h after the {_dose(k)}"


def _dose(k: int) -> str:
    return f"{ORDINAL[k]} dose" if k < len(ORDINAL) else f"dose {k + 1} from now"


def _step(hours: float, regimen: Regimen) -> float:
    """Half hours where doses follow each other within 8 h, else whole hours, doubled until the grid is short enough."""
    step = 0.5 if regimen.interval <= 8.0 else 1.0
    while max(hours, 1.0) / step > MOST:
        step *= 2.0
    return step
