"""Fewer candidates where each costs a search for its steady state: only doses near the target are ranked."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.case import Case
from models.target import Target

# draws that find the neighbourhood, and how many dose steps either way are ranked with all draws; house figures
SCOUTS = 64
NEIGHBOURS, REACH = 2, 12


def narrowed(case: Case, regimens: Iterable[Regimen], current: Regimen | None = None) -> tuple[Regimen, ...]:
    """Of a nonlinear case, at each interval the doses whose median is nearest the target; of a linear one, all.

    Every metric here grows with the dose, so the nearest is found by halving.
    """
    everything = tuple(regimens)
    if all(member.model.linear for member in case.members):
        return everything
    scouts = replace(case, members=tuple(replace(m, etas=m.etas[: _share(m.etas, case)]) for m in case.members))
    groups: dict[tuple[float, bool], list[Regimen]] = {}
    for regimen in everything:
        groups.setdefault((regimen.interval, regimen.duration >= regimen.interval), []).append(regimen)
    return tuple(
        item
        for group in groups.values()
        for item in _near(scouts, sorted(group, key=lambda item: item.amount), current)
    )


def _share(etas: np.ndarray, case: Case) -> int:
    return max(1, round(SCOUTS * len(etas) / case.draws))


def _near(scouts: Case, rising: Sequence[Regimen], current: Regimen | None) -> Sequence[Regimen]:
    """Around the dose whose median is nearest the target, and around the likeliest of its wider neighbourhood.

    A wide spread puts the likeliest dose well under the one with the central median. The dose in use is always there.
    """
    low, high, aim = 0, len(rising) - 1, _aim(scouts.target)
    while low < high:
        middle = (low + high) // 2
        if float(np.median(scouts.metric(rising[middle]))) < aim:
            low = middle + 1
        else:
            high = middle
    wide = range(max(low - REACH, 0), min(low + REACH // 2, len(rising) - 1) + 1, 2)
    likeliest = max(wide, key=lambda k: scouts.attainment(rising[k]).inside)
    kept = {k for centre in (low, likeliest) for k in range(centre - NEIGHBOURS, centre + NEIGHBOURS + 1)}
    kept |= {k for k, item in enumerate(rising) if current and item.amount == current.amount}
    return [rising[k] for k in sorted(kept) if 0 <= k < len(rising)]


def _aim(target: Target) -> float:
    """The middle of the range, or the one bound there is."""
    if target.high == inf:
        return target.low
    return (target.low + target.high) / 2.0 if target.low > 0.0 else target.high
