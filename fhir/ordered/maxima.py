"""The largest doses that an order allows itself: of one administration, in a period, in a lifetime."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir.errors import Unreadable
from fhir.medicine.contents import Contents
from fhir.ordered.schedule import DAY_H, Schedule
from fhir.quantity import read_quantity, said
from fhir.wire import mapping, rows


@dataclass(frozen=True, kw_only=True)
class Maxima:
    """dose, lifetime: mg. period: (mg, h). None = not said. unread: those that can not be read, in words."""

    dose: float | None = None
    period: tuple[float, float] | None = None
    lifetime: float | None = None
    unread: tuple[str, ...] = ()


def read_maxima(row: Mapping[str, Any], contents: Contents) -> Maxima:
    """The maxima of one Dosage, in mg of the drug; one in doses or per m2 is kept in words only."""
    unread: list[str] = []
    ratios = list(rows(row, "maxDosePerPeriod"))  # one in R4, several from R5 on
    return Maxima(
        dose=_mg(mapping(row, "maxDosePerAdministration"), contents, unread),
        period=_period(ratios[0], contents, unread) if ratios else None,
        lifetime=_mg(mapping(row, "maxDosePerLifetime"), contents, unread),
        unread=tuple(unread),
    )


def exceeded(amount: float | None, schedule: Schedule | None, maxima: Maxima) -> Iterator[str]:
    """Each maximum that a regimen goes beyond, in words."""
    if amount is None:
        return
    if maxima.dose is not None and amount > maxima.dose:
        yield f"one dose of {amount:g} mg is over its own maximum of {maxima.dose:g} mg"
    if maxima.period is not None and schedule is not None:
        largest, hours = maxima.period
        given = amount * _doses_in(schedule, hours)
        if given > largest * (1 + 1e-9):
            yield f"{given:g} mg in {hours:g} h are over its own maximum of {largest:g} mg"
    if maxima.lifetime is not None and amount > maxima.lifetime:
        yield f"one dose of {amount:g} mg is over its own maximum of {maxima.lifetime:g} mg in a lifetime"


def _doses_in(schedule: Schedule, hours: float) -> float:
    """How many doses a period holds: the mean, and at least one."""
    a_day = None if schedule.once else schedule.pattern.a_day
    return max(1.0, (a_day or 0.0) * hours / DAY_H)


def _mg(quantity: Mapping[str, Any], contents: Contents, unread: list[str]) -> float | None:
    if not quantity:
        return None
    try:
        return contents.read(quantity).mg
    except Unreadable:
        unread.append(said(quantity))
        return None


def _period(ratio: Mapping[str, Any], contents: Contents, unread: list[str]) -> tuple[float, float] | None:
    above, below = mapping(ratio, "numerator"), mapping(ratio, "denominator")
    try:
        mg, hours = contents.read(above).mg, read_quantity(below, "h")
    except Unreadable:
        unread.append(f"{said(above)} in {said(below)}")
        return None
    return (mg, hours) if hours > 0 else None
