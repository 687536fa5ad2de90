"""Concentration against time, past and expected, for the picture."""

from math import ceil

import numpy as np

from models.dosing.advice import Curve, Regimen
from models.dosing.case import Case
from models.dosing.member import Member
from models.dosing.schedule import administrations, doses_of
from models.pk import concentrations
from models.record import Dose
from models.subject import Subject, subject_from_record

BEFORE, AFTER = 48.0, 48.0  # h shown before now and after the change
MOST_POINTS = 180
# of a picture: with 200 draws the 5 % line stands between the true 2.5 and 8 % lines (binomial, 95 %)
BAND_DRAWS = 200


def curve(case: Case, regimen: Regimen, *, doses: tuple[Dose, ...] | None = None) -> Curve:
    """Population (eta = 0) and individual (mode) of the leading model, central 90 % band of all models in use.

    The regimen is given from its start on. doses: what is given in its place, where that differs.
    """
    end = regimen.start + AFTER
    extra = doses_of(regimen, until=end) if doses is None else doses
    times = _times(case, regimen, end)

    def expected(member: Member) -> np.ndarray:
        few = member.etas[: ceil(BAND_DRAWS * len(member.etas) / case.draws)]
        return concentrations(member.model, _treated(member, extra), few, times)

    band = np.quantile(case.over(expected), (0.05, 0.95), axis=0)
    lead = case.lead
    eta = np.vstack([np.zeros_like(lead.posterior.eta), lead.posterior.eta])
    population, individual = concentrations(lead.model, _treated(lead, extra), eta, times)
    return Curve(
        unit=case.drug.concentration_unit,
        times=_floats(times),
        population=_floats(population),
        individual=_floats(individual),
        low=_floats(band[0]),
        high=_floats(band[1]),
        change_at=regimen.start,
    )


def _treated(member: Member, extra: tuple[Dose, ...]) -> Subject:
    return subject_from_record(member.model, member.record, extra_doses=extra)


def _times(case: Case, regimen: Regimen, end: float) -> np.ndarray:
    """An even grid with the times at which the curve bends or was measured; thinned to 180 points."""
    given = list(administrations(case.record))
    first = min((dose.time for dose in given), default=case.record.now)
    start = max(first, case.record.now - BEFORE)
    new = [regimen.start + k * regimen.interval for k in range(int(AFTER // regimen.interval) + 1)]
    bends = [dose.time for dose in given] + [dose.time + dose.duration for dose in given]
    bends += new + [time + regimen.duration for time in new]
    bends += [level.time for level in case.record.levels] + [case.record.now, start, end]
    inside = np.unique([time for time in bends if start <= time <= end])[:MOST_POINTS]
    grid = np.linspace(start, end, max(MOST_POINTS - inside.size, 0) or 1)
    return np.unique(np.concatenate([inside, grid]))[:MOST_POINTS] if inside.size < MOST_POINTS else inside


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
