"""What a study says: attainment and forecast error of each arm and stage, and what beats what."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from models.study.journey import AS_SHIPPED, AVERAGED, STAGES, Journey, Reached, Stage

Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One arm at one stage. inside, below, above: shares of the patients; low, high: 95 % interval of inside (Wilson).

    bias: median of expected/true - 1; error: median of its size. off: median of true over the middle of the target.
    unadvised: share without a piece of advice, whose regimen went on.
    """

    arm: str
    stage: Stage
    patients: int
    inside: float
    low: float
    high: float
    below: float
    above: float
    bias: float
    error: float
    off: float
    unadvised: float


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Attainment of `one` less that of `other` in the same patients, with its 95 % interval."""

    one: str
    other: str
    stage: Stage
    patients: int
    difference: float
    low: float
    high: float

    @property
    def words(self) -> str:
        if self.low > 0.0:
            return "better"
        return "worse" if self.high < 0.0 else "not to be told apart"


def rows(journeys: Sequence[Journey]) -> tuple[Row, ...]:
    """Every arm and stage that at least one patient went through."""
    arms = dict.fromkeys(arm for item in journeys for arm in item.reached)
    return tuple(
        _row(arm, stage, [item.reached[arm][k] for item in journeys if arm in item.reached])
        for arm in arms
        for k, stage in enumerate(STAGES)
    )


def against_standard(journeys: Sequence[Journey]) -> tuple[Compared, ...]:
    """The advice of each arm that every patient went through, at each stage, against standard dosing."""
    arms = [arm for arm in journeys[0].reached if all(arm in item.reached for item in journeys)]
    together = [arm for n, arm in enumerate(arms) if n == 0 or arm == AS_SHIPPED]
    return tuple(
        _compared(arm, "standard", stage, [(item.reached[arm][k], item.reached[arm][0]) for item in journeys])
        for arm in together
        for k, stage in enumerate(STAGES)
        if k
    )


def against_best_single(journeys: Sequence[Journey]) -> tuple[Compared, ...]:
    """Averaging at each stage of advice against whichever single model did best there, in the patients with both."""
    both = [item for item in journeys if AVERAGED in item.reached and set(item.reached) - {AVERAGED, AS_SHIPPED}]
    if not both:
        return ()
    first, *singles = (arm for arm in both[0].reached if arm != AS_SHIPPED)
    found = []
    for k, stage in enumerate(STAGES[1:], start=1):
        inside = {arm: np.mean([item.reached[arm][k].side == 0 for item in both]) for arm in singles}
        best = max(singles, key=lambda arm: inside[arm])
        found.append(_compared(first, best, stage, [(item.reached[first][k], item.reached[best][k]) for item in both]))
    return tuple(found)


def _row(arm: str, stage: Stage, reached: Sequence[Reached]) -> Row:
    sides = np.array([item.side for item in reached])
    relative = np.array([item.expected / item.true - 1.0 for item in reached])
    low, high = wilson(int((sides == 0).sum()), sides.size)
    return Row(
        arm=arm,
        stage=stage,
        patients=sides.size,
        inside=float((sides == 0).mean()),
        low=low,
        high=high,
        below=float((sides < 0).mean()),
        above=float((sides > 0).mean()),
        bias=float(np.nanmedian(relative)),
        error=float(np.nanmedian(np.abs(relative))),
        off=float(np.median([item.off for item in reached])),
        unadvised=float(np.mean([not item.advice for item in reached])),
    )


def wilson(count: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, J Am Stat Assoc 22(158):209-212, 1927)."""
    share, n = count / total, float(total)
    middle = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2)) / (1 + Z95**2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _compared(one: str, other: str, stage: Stage, pairs: Sequence[tuple[Reached, Reached]]) -> Compared:
    """Paired difference of shares, its standard error from the pairs that differ (McNemar's table)."""
    gained = sum(a.side == 0 and b.side != 0 for a, b in pairs)
    lost = sum(a.side != 0 and b.side == 0 for a, b in pairs)
    n = len(pairs)
    difference = (gained - lost) / n
    half = Z95 * sqrt(max(gained + lost - (gained - lost) ** 2 / n, 0.0)) / n
    return Compared(
        one=one,
        other=other,
        stage=stage,
        patients=n,
        difference=difference,
        low=difference - half,
        high=difference + half,
    )
