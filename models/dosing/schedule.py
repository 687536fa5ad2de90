"""What has been given, when the next dose is due, and how the doses of a regimen follow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, floor

from models.dosing.advice import Regimen
from models.record import Dose, PatientRecord


def given(record: PatientRecord) -> PatientRecord:
    """The record with only the doses begun by now: what is merely planned would blur what a new regimen does."""
    doses = tuple(_until(dose, record.now) for dose in record.doses if dose.time <= record.now)
    return replace(record, doses=doses)


def _until(dose: Dose, now: float) -> Dose:
    if not dose.additional:
        return dose
    return replace(dose, additional=min(dose.additional, floor((now - dose.time) / dose.interval)))


def administrations(record: PatientRecord) -> Iterator[Dose]:
    """Each recorded administration on its own, trains unrolled; not in order where trains overlap."""
    for dose in record.doses:
        for k in range(dose.additional + 1):
            time = dose.time + k * dose.interval
            yield replace(dose, time=time, additional=0, interval=0.0, steady_state=False)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """last: h, of the last administration, None before the first. gap: h between doses now, None where not known."""

    now: float
    last: float | None
    gap: float | None

    def due(self, interval: float) -> float:
        """When the next dose is due, h: by the schedule in force, else `interval` after the last; never before now."""
        if self.last is None:
            return self.now
        return max(self.now, self.last + (self.gap or interval))


def schedule(record: PatientRecord, current: Regimen | None) -> Schedule:
    """From the doses given and the regimen in force; without one, the last two administrations say the gap."""
    times = sorted({dose.time for dose in administrations(given(record))})
    gap = current.interval if current else None
    if gap is None and times:
        trains = [dose.interval for dose in given(record).doses if dose.interval > 0]
        gap = times[-1] - times[-2] if len(times) > 1 else (trains[-1] if trains else None)
    return Schedule(now=record.now, last=times[-1] if times else None, gap=gap)


def doses_of(regimen: Regimen, *, until: float) -> tuple[Dose, ...]:
    """The regimen as one train of doses that ends before `until`, h; empty where it starts later."""
    if regimen.start >= until:
        return ()
    count = ceil((until - regimen.start) / regimen.interval)
    return (
        Dose(
            time=regimen.start,
            amount=regimen.amount,
            route=regimen.route,
            duration=regimen.duration,
            interval=regimen.interval,
            additional=count - 1,
        ),
    )
