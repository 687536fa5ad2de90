"""When a new regimen starts: as the schedule has it, later where too much is still in the body."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from models.dosing.case import Case
from models.dosing.schedule import Schedule
from models.findings import Finding
from models.pk import concentrations
from models.units import unit_words

# h; house figures: nurses' rounds, and how far a prediction without a new level is trusted
STEP = 6.0
LONGEST = 72.0


@dataclass(frozen=True, kw_only=True)
class Start:
    """time: h since origin, None where no start within 72 h from now is expected under the drug's limit."""

    time: float | None
    due: float
    finding: Finding | None = None


def starts_of(case: Case, plan: Schedule, intervals: Iterable[float]) -> dict[float, Start]:
    """The start of a regimen at each interval, h."""
    due = {interval: plan.due(interval) for interval in intervals}
    start = {time: _start(case, plan, time) for time in set(due.values())}
    return {interval: start[time] for interval, time in due.items()}


def _start(case: Case, plan: Schedule, due: float) -> Start:
    """The due time, moved in steps of 6 h until the predicted median concentration is at most the drug's limit."""
    limit, latest = _limit(case), case.record.now + LONGEST
    if due > latest:
        return Start(time=None, due=due, finding=_far(due - case.record.now))
    if limit is None or plan.last is None or _medians(case, np.array([due]))[0] <= limit:
        return Start(time=due, due=due)
    times = due + np.arange(0.0, latest - due + 1e-9, STEP)
    medians = _medians(case, times)
    under = np.flatnonzero(medians <= limit)
    if not under.size:
        return Start(time=None, due=due, finding=_never(case, float(times[-1]), float(medians[-1])))
    start = float(times[under[0]])
    return Start(time=start, due=due, finding=_hold(case, due, start, float(medians[0])))


def _limit(case: Case) -> float | None:
    """The drug's hold_above; where a plateau is aimed at, no less than the plateau's upper bound.

    A bag of a continuous infusion is not held because the level is where it is wanted.
    """
    above, target = case.drug.hold_above, case.target
    plateau = target.metric == "average" and target.unit == case.drug.concentration_unit and isfinite(target.high)
    return max(above, target.high) if above is not None and plateau else above


def _medians(case: Case, times: np.ndarray) -> np.ndarray:
    return np.median(case.over(lambda m: concentrations(m.model, m.subject, m.etas, times)), axis=0)


def _hold(case: Case, due: float, start: float, expected: float) -> Finding:
    unit = unit_words(case.drug.concentration_unit)
    usual = f"{_limit(case):g} {unit}"
    now = case.record.now
    when = f", {due - now:.0f} h from now," if due - now >= 1.0 else ""
    text = (
        f"When the next dose is due{when} {expected:.1f} {unit} is expected, above the {usual} "
        f"up to which a next dose is usual; the start is set {start - due:.0f} h later, {start - now:.0f} h from now, "
        f"where {usual} or less is expected."
    )
    return Finding(code="hold", severity="warning", text=text)


def _never(case: Case, time: float, last: float) -> Finding:
    unit, limit = case.drug.concentration_unit, _limit(case)
    text = (
        f"Even {time - case.record.now:.0f} h from now {last:.1f} {unit} is expected, above the {limit:g} {unit} up to "
        f"which a next dose is usual; no start is proposed more than {LONGEST:.0f} h ahead without a new level."
    )
    return Finding(code="hold-too-long", severity="critical", text=text)


def _far(hours: float) -> Finding:
    text = f"The next dose is due {hours:.0f} h from now; no start is proposed more than {LONGEST:.0f} h ahead."
    return Finding(code="due-too-late", severity="critical", text=text)
