"""The regimens most likely to reach the target, among those that no hard limit forbids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.attainment import Attainment, standard_error
from models.dosing.case import Case
from models.dosing.limits import broken_limits
from models.target import Target

# regimens count as equally likely to reach the target within this many Monte Carlo standard errors of the best ...
EQUAL_WITHIN = 2.0
# ... or this probability, whichever is wider; house figure: no one changes a regimen for less, nor does a model know it
INDIFFERENT = 0.05
# ... and as equally central when their medians differ by less than this share of the target's width; house figure
EQUALLY_CENTRAL = 0.05
# ... and one of them is overexposed where it lies above the target more often by this probability; house figure
OVEREXPOSED = 0.10
DAY = 24.0


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """best: see ranked. highest: the highest attainment of any regimen within the limits, proposed or not."""

    best: tuple["Scored", ...] = ()
    highest: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A candidate with what ranks it. off_centre: |median - middle of target| / width."""

    regimen: Regimen
    attainment: Attainment
    off_centre: float


def ranked(
    case: Case,
    regimens: Iterable[Regimen],
    *,
    weight: float | None,
    current: Regimen | None,
) -> Ranking:
    """The best that keeps the hard limits, then the best at another interval, then the best other dose at its interval.

    Best: highest attainment; among those equally likely (see INDIFFERENT) a median in the target, then clock times that
    stay the same, then no more often above it than the least (see OVEREXPOSED; where above means harm), the fewest soft
    bounds missed, the most central median, the fewest administrations, the smallest change from current. The regimen
    being given stays first where it equals that one in likelihood, median in target and soft bounds ("no change").
    """
    found = [_score(case, regimen) for regimen in regimens if not broken_limits(regimen, case.drug, weight)]

    def likely(group: Sequence[Scored]) -> list[Scored]:
        return _median_in_target(_equally_likely(group, case.draws))

    def best(group: Sequence[Scored]) -> tuple[Scored, ...]:
        equals = _fewest_missed(case, _not_overexposed(case, _by_the_clock(_undominated(likely(group), found))), weight)
        return tuple(sorted(_most_central(equals), key=lambda item: _order(item, current))[:1])

    given = [item for item in found if _is_given(item.regimen, current)]
    first = best(found)
    # the order is kept: the regimen being given, if left, is last
    first = tuple(_fewest_missed(case, likely([*first, *given]), weight)[-1:])
    if not first:
        return Ranking()
    interval = first[0].regimen.interval
    same = [item for item in found if item.regimen.interval == interval and item is not first[0]]
    others = best([item for item in found if item.regimen.interval != interval]) + best(same)
    return Ranking(best=first + others, highest=max(item.attainment.inside for item in found))


def _score(case: Case, regimen: Regimen) -> Scored:
    median = float(np.median(case.metric(regimen)))
    return Scored(regimen=regimen, attainment=case.attainment(regimen), off_centre=off_centre(median, case.target))


def off_centre(median: float, target: Target) -> float:
    """|median - middle of target| / width: up to 0.5 inside. Of a one-sided target: 0 inside, else 0.5 and how far off.

    One bound has no middle: inside, any median is as good, and the order falls to what is given less.
    """
    if target.two_sided:
        return abs(median - (target.low + target.high) / 2.0) / (target.high - target.low)
    bound = target.low if target.low > 0.0 else target.high
    missed = median < bound if target.low > 0.0 else median > bound
    return 0.5 + abs(median / bound - 1.0) if missed else 0.0


def _equally_likely(group: Sequence[Scored], draws: int) -> list[Scored]:
    if not group:
        return []
    top = max(item.attainment.inside for item in group)
    margin = max(INDIFFERENT, EQUAL_WITHIN * standard_error(top, draws))
    return [item for item in group if item.attainment.inside >= top - margin]


def _median_in_target(group: list[Scored]) -> list[Scored]:
    """Those whose median lies in the target, where there are any: a wide spread must not argue for missing it."""
    return [item for item in group if item.off_centre <= 0.5] or group


def _undominated(group: list[Scored], found: Sequence[Scored]) -> list[Scored]:
    """Without those that less drug at the same interval beats: no less often in the target, no more often above it."""
    return [item for item in group if not any(_beats(other, item) for other in found)] or group


def _beats(other: Scored, item: Scored) -> bool:
    same = other.regimen.interval == item.regimen.interval
    less = other.regimen.amount < item.regimen.amount and other.attainment.above <= item.attainment.above
    return same and less and other.attainment.inside >= item.attainment.inside and other.off_centre <= 0.5


def _by_the_clock(group: list[Scored]) -> list[Scored]:
    """Those given at the same clock times, where there are any: no ward doses every 36 h for a few points."""
    return [item for item in group if keeps_clock_times(item.regimen)] or group


def keeps_clock_times(regimen: Regimen) -> bool:
    """36 h moves between day and night."""
    return not (DAY % regimen.interval and regimen.interval % DAY)


def _not_overexposed(case: Case, group: list[Scored]) -> list[Scored]:
    """Without those above the target clearly more often than the least: a dose is raised after a level more easily."""
    harmful = any(item.above_means for item in case.drug.targets if item.target.metric == case.target.metric)
    least = min((item.attainment.above for item in group), default=0.0)
    return [item for item in group if not harmful or item.attainment.above <= least + OVEREXPOSED]


def _fewest_missed(case: Case, group: Sequence[Scored], weight: float | None) -> list[Scored]:
    if len(group) < 2:
        return list(group)
    missed = [soft_bounds_missed(case, item.regimen, weight) for item in group]
    return [item for item, count in zip(group, missed, strict=True) if count == min(missed)]


def _most_central(group: list[Scored]) -> list[Scored]:
    centre = min((item.off_centre for item in group), default=0.0)
    return [item for item in group if item.off_centre <= centre + EQUALLY_CENTRAL]


def _is_given(regimen: Regimen, current: Regimen | None) -> bool:
    return current is not None and (regimen.amount, regimen.interval) == (current.amount, current.interval)


def _order(item: Scored, current: Regimen | None) -> tuple[float, ...]:
    change = abs(item.regimen.amount - current.amount) if current else 0.0
    # the last two only make the order total, so that equal scores can not depend on how the list was built
    return (DAY / item.regimen.interval, change, item.off_centre, item.regimen.amount)


def soft_bounds_missed(case: Case, regimen: Regimen, weight: float | None) -> int:
    """How many of the drug's preferences a regimen misses; they never forbid, they only order equals."""
    preference = case.drug.preference
    bounded = preference.trough_low is not None or preference.trough_high is not None
    trough = float(np.median(case.trough(regimen))) if bounded else 0.0
    per_kg = regimen.amount / weight if weight else 0.0
    missed = (
        preference.trough_low is not None and trough < preference.trough_low,
        preference.trough_high is not None and trough > preference.trough_high,
        preference.single_per_kg is not None and per_kg > preference.single_per_kg * (1 + 1e-9),
        not keeps_clock_times(regimen),
        # an AUC24 target speaks of every day; beyond a day's interval the days differ
        case.target.metric == "auc24" and regimen.interval > DAY,
    )
    return sum(missed)
