"""When the next level would tell most: the time that narrows the expected uncertainty of the target's metric most."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from models.dosing.advice import NextSample, Regimen, SampleTime
from models.dosing.attainment import interval
from models.dosing.case import Case
from models.dosing.preposterior import Expected, Foretold, expected, foretold, linear_shares
from models.dosing.sample_grid import GridTime, sample_grid
from models.dosing.schedule import doses_of
from models.pk import concentrations
from models.subject import subject_from_record

# times and pairs looked at closely, the most promising of a cheap screen
CLOSELY, PAIRS_CLOSELY = 4, 4
# draws that are looked at, every second or third of a case's: the figures' Monte Carlo error is about 5 % then
MOST_DRAWS = 500
# h, and share of an interval, between two levels: what is wrong with the one is wrong with the other just after
APART, APART_SHARE = 2.0, 0.25
# h after the regimen's start: the best time of a day's reach is named beside the best of all, which is often the last
SOON = 24.0
# times that promise this share of the best one's reduction count as equal to it: of them a trough, for which nobody
# comes twice, and the earlier; house figure
EQUAL = 0.8
# draws; where a pair of levels leaves fewer effective ones its figures are not given
FEWEST = 10.0


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Of the metric today."""

    sd: float
    width: float
    unit: str


def next_sample(case: Case, regimen: Regimen, *, seed: int) -> NextSample | None:
    """The time of a level under `regimen` that is expected to narrow the target's metric most; nothing is fitted again.

    The metric is that of the regimen at steady state, its uncertainty that of the draws: parameters, and models where
    there are several. None where the draws agree on the metric already, or no time promises a level that can be read.
    Errors of draw time and changes of the patient are not in it. Deterministic in seed.
    """
    metric = case.metric(regimen)
    sd = float(metric.std())
    if not np.isfinite(metric).all() or sd <= 1e-9 * max(float(np.abs(metric).max()), 1e-300):
        return None
    grid, levels = _readable(case, sample_grid(regimen, case.record.now, given=bool(case.record.doses)), regimen)
    if not grid:
        return None
    ends = np.cumsum([0, *(len(member.etas) for member in case.members)])
    few = metric[np.concatenate([end + rows for end, rows in zip(ends, _thinned(case), strict=False)])]
    shown = interval(metric, case.target.unit)
    today = Spread(sd=sd, width=shown.high - shown.low, unit=shown.unit)
    return _chosen(few, grid, levels, regimen, today, seed)


def _chosen(
    metric: np.ndarray, grid: tuple[GridTime, ...], levels: Foretold, regimen: Regimen, today: Spread, seed: int
) -> NextSample:
    one, two = linear_shares(metric, levels)
    two[~_apart(grid, regimen)] = np.inf

    def look(columns: tuple[int, ...]) -> tuple[SampleTime, Expected]:
        found = expected(metric, levels.at(columns), seed=seed)
        return _sample_time([grid[k] for k in columns], found, metric, today), found

    soon = [k for k, item in enumerate(grid) if item.time <= regimen.start + max(SOON, regimen.interval)]
    singles = {k: look((k,))[0] for k in _closely(one, soon, grid)}
    best = _simplest(singles, grid)
    return NextSample(
        best=singles[best],
        soon=singles[_simplest({k: item for k, item in singles.items() if k in soon}, grid)],
        pair=_best_pair([look(pair) for pair in _pairs(two, best)], singles[best]),
        sd=today.sd,
        width=today.width,
        unit=today.unit,
        tried=tuple(sorted(singles.values(), key=lambda item: (-item.reduction, item.times))),
    )


def _thinned(case: Case) -> list[np.ndarray]:
    """Of each member, the rows of its draws that are looked at: evenly, so that its weight is kept."""
    step = ceil(case.draws / MOST_DRAWS)
    return [np.arange(0, len(member.etas), step) for member in case.members]


def _readable(case: Case, grid: tuple[GridTime, ...], regimen: Regimen) -> tuple[tuple[GridTime, ...], Foretold]:
    """The times at which most draws foretell a level above those that the drug's file calls low."""
    times = np.array([item.time for item in grid])
    extra = doses_of(regimen, until=max(times, default=0.0) + 1.0)
    parts = []
    for member, rows in zip(case.members, _thinned(case), strict=True):
        subject = subject_from_record(member.model, member.record, extra_doses=extra)
        found = concentrations(member.model, subject, member.etas[rows], times)
        parts.append((member.model.outputs[0].residual, found))
    levels = foretold(parts)
    kept = tuple(np.flatnonzero(np.median(levels.f, axis=0) >= case.drug.checks.low_level).tolist())
    return tuple(grid[k] for k in kept), levels.at(kept)


def _closely(one: np.ndarray, soon: Sequence[int], grid: Sequence[GridTime]) -> list[int]:
    """The most promising times of all, the most promising soon, and the usual ones."""
    order = np.argsort(one, kind="stable").tolist()
    early = [k for k in order if k in set(soon)]
    return list(dict.fromkeys([*order[:CLOSELY], *early[:CLOSELY], *_usual(grid)]))


def _apart(grid: Sequence[GridTime], regimen: Regimen) -> np.ndarray:
    times = np.array([item.time for item in grid])
    return np.abs(times[:, None] - times) >= max(APART, APART_SHARE * regimen.interval) - 1e-9


def _usual(grid: Sequence[GridTime]) -> list[int]:
    """The next trough, and the first time after an infusion's end."""
    troughs = [k for k, item in enumerate(grid) if item.trough][:1]
    return troughs + [k for k, item in enumerate(grid) if "after the end" in item.label][:1]


def _simplest(singles: dict[int, SampleTime], grid: Sequence[GridTime]) -> int:
    top = max(item.reduction for item in singles.values())
    equal = [k for k, item in singles.items() if item.reduction >= EQUAL * top]
    return min(equal, key=lambda k: (not grid[k].trough, grid[k].time))


def _pairs(two: np.ndarray, best: int) -> list[tuple[int, int]]:
    """The most promising pairs of all, and of those with the best single time."""
    upper = np.triu_indices(len(two), k=1)
    order = np.argsort(two[upper], kind="stable")[:PAIRS_CLOSELY]
    beside = [k for k in np.argsort(two[best], kind="stable").tolist() if np.isfinite(two[best, k])][:2]
    found = [(int(upper[0][n]), int(upper[1][n])) for n in order if np.isfinite(two[upper][n])]
    found += [(min(best, k), max(best, k)) for k in beside]
    return list(dict.fromkeys(found))


def _best_pair(found: Sequence[tuple[SampleTime, Expected]], single: SampleTime) -> SampleTime | None:
    trusted = [item for item, figures in found if figures.effective >= FEWEST]
    best = max(trusted, key=lambda item: item.reduction, default=None)
    return best if best and best.reduction > single.reduction else None


def _sample_time(chosen: Sequence[GridTime], found: Expected, metric: np.ndarray, today: Spread) -> SampleTime:
    """The shares are those of the draws looked at, the figures those of all draws."""
    low, high = np.quantile(metric, (0.05, 0.95))
    left = min(found.sd / float(metric.std()), 1.0)
    return SampleTime(
        times=tuple(item.time for item in chosen),
        label=" and ".join(item.label for item in chosen),
        sd=today.sd * left,
        width=today.width * min(found.width / float(high - low), 1.0),
        reduction=1.0 - left,
    )
