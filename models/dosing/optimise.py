"""The regimens most likely to reach the target, among those that no hard limit forbids."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.attainment import Attainment, attainment, standard_error
from models.dosing.case import Case, StateOf, metrics
from models.dosing.limits import broken_limits
from models.pk import SteadyState

# regimens count as equally likely to reach the target within this many Monte Carlo standard errors of the best
EQUAL_WITHIN = 2.0
# ... and as equally central when their medians differ by less than this share of the target's width; house figure
EQUALLY_CENTRAL = 0.05
DAY = 24.0


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A candidate with what ranks it. off_centre: |median - middle of target| / width."""

    regimen: Regimen
    attainment: Attainment
    off_centre: float


def ranked(
    case: Case,
    regimens: Iterable[Regimen],
    state_of: StateOf,
    *,
    weight: float | None,
    current: Regimen | None,
) -> tuple[Scored, ...]:
    """The best that keeps the hard limits, then the best at another interval, then the best other dose at its interval.

    Best: highest attainment; among those within two Monte Carlo standard errors of it the most central median; among
    those equally central the fewest soft bounds missed, the fewest administrations, the smallest change from current.
    """
    metric = metrics(case, state_of, current)
    found = [
        _score(case, regimen, metric(regimen)) for regimen in regimens if not broken_limits(regimen, case.drug, weight)
    ]

    def best(group: list[Scored]) -> tuple[Scored, ...]:
        equals = _equals(group, len(case.etas))
        if len(equals) < 2:
            return tuple(equals)
        return (min(equals, key=lambda item: _preferred(case, item, state_of(item.regimen), weight, current)),)

    first = best(found)
    if not first:
        return ()
    interval = first[0].regimen.interval
    same = [item for item in found if item.regimen.interval == interval and item is not first[0]]
    return first + best([item for item in found if item.regimen.interval != interval]) + best(same)


def _score(case: Case, regimen: Regimen, values: np.ndarray) -> Scored:
    middle, width = (case.target.low + case.target.high) / 2, case.target.high - case.target.low
    return Scored(
        regimen=regimen,
        attainment=attainment(values, case.target),
        off_centre=abs(float(np.median(values)) - middle) / width,
    )


def _equals(group: list[Scored], draws: int) -> list[Scored]:
    """Those as likely as the best, within Monte Carlo error, and of these the most central ones."""
    if not group:
        return []
    top = max(item.attainment.inside for item in group)
    likely = [item for item in group if item.attainment.inside >= top - EQUAL_WITHIN * standard_error(top, draws)]
    centre = min(item.off_centre for item in likely)
    return [item for item in likely if item.off_centre <= centre + EQUALLY_CENTRAL]


def _preferred(
    case: Case, item: Scored, state: SteadyState, weight: float | None, current: Regimen | None
) -> tuple[float, ...]:
    regimen = item.regimen
    change = abs(regimen.amount - current.amount) if current else 0.0
    missed = soft_bounds_missed(case, regimen, state, weight)
    # the last two only make the order total, so that equal scores can not depend on how the list was built
    return (missed, DAY / regimen.interval, change, item.off_centre, regimen.amount)


def soft_bounds_missed(case: Case, regimen: Regimen, state: SteadyState, weight: float | None) -> int:
    """How many of the drug's preferences a regimen misses; they never forbid, they only order equals."""
    preference = case.drug.preference
    trough = float(np.median(state.trough))
    per_kg = regimen.amount / weight if weight else 0.0
    missed = (
        preference.trough_low is not None and trough < preference.trough_low,
        preference.trough_high is not None and trough > preference.trough_high,
        preference.single_per_kg is not None and per_kg > preference.single_per_kg * (1 + 1e-9),
        # 36 h moves between day and night
        bool(DAY % regimen.interval and regimen.interval % DAY),
        # an AUC24 target speaks of every day; beyond a day's interval the days differ
        case.target.metric == "auc24" and regimen.interval > DAY,
    )
    return sum(missed)
