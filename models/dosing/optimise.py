"""The regimens most likely to reach the target, among those that no hard limit forbids."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.attainment import Attainment, attainment, standard_error
from models.dosing.case import Case, metric_of
from models.dosing.limits import broken_limits
from models.drug import Preference
from models.pk import SteadyState

# regimens count as equally likely to reach the target within this many Monte Carlo standard errors of the best
EQUAL_WITHIN = 2.0
# ... and as equally central when their medians differ by less than this share of the target's width; house figure
EQUALLY_CENTRAL = 0.05
# doses on the target's edges differ by clock only; 36 h moves between day and night
_DAY = 24.0


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A candidate with what ranks it. off_centre: |median - middle of target| / width. demerits: soft bounds missed."""

    regimen: Regimen
    attainment: Attainment
    off_centre: float
    demerits: int


def scored(
    case: Case, regimens: Iterable[Regimen], state_of: Callable[[Regimen], SteadyState], weight: float | None
) -> tuple[Scored, ...]:
    """Every regimen that keeps the hard limits, scored on the same draws."""
    allowed = [regimen for regimen in regimens if not broken_limits(regimen, case.drug, weight)]
    return tuple(_score(case, regimen, state_of(regimen), weight) for regimen in allowed)


def ranked(found: tuple[Scored, ...], current: Regimen | None, draws: int) -> tuple[Scored, ...]:
    """The best, then the best at another interval, then the best other dose at the same interval.

    Best: highest attainment; among those within two Monte Carlo standard errors of it the most central median; among
    those equally central the fewest soft bounds missed, the fewest administrations, the smallest change from current.
    """
    if not found:
        return ()
    best = _best(found, current, draws)
    same = [item for item in found if item.regimen.interval == best.regimen.interval and item is not best]
    other = [item for item in found if item.regimen.interval != best.regimen.interval]
    return (best, *(_best(tuple(group), current, draws) for group in (other, same) if group))


def _best(found: tuple[Scored, ...], current: Regimen | None, draws: int) -> Scored:
    top = max(item.attainment.inside for item in found)
    likely = [item for item in found if item.attainment.inside >= top - EQUAL_WITHIN * standard_error(top, draws)]
    centre = min(item.off_centre for item in likely)
    central = [item for item in likely if item.off_centre <= centre + EQUALLY_CENTRAL]
    return min(central, key=lambda item: _preferred(item, current))


def _preferred(item: Scored, current: Regimen | None) -> tuple[float, ...]:
    regimen = item.regimen
    change = abs(regimen.amount - current.amount) if current else 0.0
    # the last two only make the order total, so that equal scores can not depend on how the list was built
    return (item.demerits, _DAY / regimen.interval, change, item.off_centre, regimen.amount)


def _score(case: Case, regimen: Regimen, state: SteadyState, weight: float | None) -> Scored:
    values = metric_of(state, case.target.metric)
    middle, width = (case.target.low + case.target.high) / 2, case.target.high - case.target.low
    return Scored(
        regimen=regimen,
        attainment=attainment(values, case.target),
        off_centre=abs(float(np.median(values)) - middle) / width,
        demerits=_demerits(case.drug.preference, regimen, state, weight),
    )


def _demerits(preference: Preference, regimen: Regimen, state: SteadyState, weight: float | None) -> int:
    trough = float(np.median(state.trough)) if preference.trough_low or preference.trough_high else None
    missed = [
        bool(_DAY % regimen.interval and regimen.interval % _DAY),
        trough is not None and preference.trough_low is not None and trough < preference.trough_low,
        trough is not None and preference.trough_high is not None and trough > preference.trough_high,
        weight is not None
        and preference.single_per_kg is not None
        and regimen.amount / weight > preference.single_per_kg * (1 + 1e-9),
    ]
    return sum(missed)
