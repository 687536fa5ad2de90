"""Intervals as rows of characters on one logarithmic axis."""

from collections.abc import Callable, Sequence
from math import inf, log

from models.dosing.advice import Interval
from models.review.interval_text import three

WIDTH = 56
Place = Callable[[float], int]


def picture(rows: Sequence[tuple[str, Interval]], low: float, high: float) -> str:
    """One line a row: median o, central 90 % ----, target range marked below; low 0 or high inf: that side is open."""
    rows = [(name, item) for name, item in rows if item.low > 0]
    if not rows:
        return ""
    bounds = [value for value in (low, high) if 0 < value < inf]
    first = min([item.low for _, item in rows] + bounds) * 0.9
    last = max([item.high for _, item in rows] + bounds) * 1.1
    place = _axis(first, last)
    name_width = max(len(name) for name in (*(name for name, _ in rows), "target"))
    lines = [f"{name:{name_width}}  {_bar(item, place)}" for name, item in rows]
    if bounds:
        lines.append(f"{'target':{name_width}}  {_target(low, high, place)}")
    ends = f"{three(first)}{three(last):>{WIDTH - len(three(first))}}"
    return "\n".join([*lines, f"{'':{name_width}}  {ends}"])


def _axis(first: float, last: float) -> Place:
    """The column of a value."""
    return lambda value: min(max(round((WIDTH - 1) * log(value / first) / log(last / first)), 0), WIDTH - 1)


def _bar(item: Interval, place: Place) -> str:
    cells = [" "] * WIDTH
    cells[place(item.low) : place(item.high) + 1] = "-" * (place(item.high) - place(item.low) + 1)
    cells[place(item.median)] = "o"
    return "".join(cells).rstrip()


def _target(low: float, high: float, place: Place) -> str:
    start = place(low) if low > 0 else 0
    end = place(high) if high < inf else WIDTH - 1
    return (" " * start + "=" * (end - start + 1)).rstrip()
