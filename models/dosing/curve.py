"""Concentration against time, past and expected, for the picture."""

import numpy as np

from models.dosing.advice import Curve, Regimen
from models.dosing.case import Case
from models.dosing.schedule import administrations, doses_of
from models.pk import concentrations
from models.subject import subject_from_record

BEFORE, AFTER = 48.0, 48.0  # h shown before now and after the change
MOST_POINTS = 180
# of a picture: with 200 draws the 5 % line stands between the true 2.5 and 8 % lines (binomial, 95 %)
BAND_DRAWS = 200


def curve(case: Case, regimen: Regimen) -> Curve:
    """Population (eta = 0), individual (mode) and central 90 % band; the regimen is given from its start on."""
    end = regimen.start + AFTER
    extra = doses_of(regimen, until=end)
    subject = subject_from_record(case.model, case.record, extra_doses=extra)
    times = _times(case, regimen, end)
    band = np.quantile(concentrations(case.model, subject, case.etas[:BAND_DRAWS], times), (0.05, 0.95), axis=0)
    eta = np.vstack([np.zeros_like(case.posterior.eta), case.posterior.eta])
    population, individual = concentrations(case.model, subject, eta, times)
    return Curve(
        unit=case.drug.concentration_unit,
        times=_floats(times),
        population=_floats(population),
        individual=_floats(individual),
        low=_floats(band[0]),
        high=_floats(band[1]),
        change_at=regimen.start,
    )


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
