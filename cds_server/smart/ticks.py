"""Where an axis has its ticks: round numbers for values, full hours of the clock for times."""

from datetime import datetime, timedelta
from math import ceil, floor, log10

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_HOURS = (1, 2, 3, 6, 12, 24, 48, 72, 168)


def value_ticks(top: float, *, most: int = 6) -> tuple[float, ...]:
    """0 to the first round tick at or above `top`, at most `most` + 1 of them."""
    top = max(top, 1e-6)
    power = 10.0 ** floor(log10(top / most))
    step = next(factor * power for factor in _STEPS if factor * power * most >= top * (1 - 1e-9))
    return tuple(step * k for k in range(ceil(top / step - 1e-9) + 1))


def clock_ticks(start: datetime, end: datetime, *, most: int) -> tuple[datetime, ...]:
    """Full hours between two instants of one zone, at most about `most`, midnights among them where the step allows."""
    hours = (end - start) / timedelta(hours=1)
    step = next((width for width in _HOURS if hours / width <= most), _HOURS[-1])
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    count = ceil((end - midnight) / timedelta(hours=step)) + 1
    marks = (midnight + timedelta(hours=step * k) for k in range(count))
    return tuple(mark for mark in marks if start <= mark <= end)
