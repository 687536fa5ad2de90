"""The curve that areas are taken of: below-limit samples placed, hour 0 filled in (C0 after a bolus)."""

from dataclasses import dataclass
from math import exp, log
from typing import Literal

import numpy as np

from models.errors import RecordError
from models.evaluate.profile import Profile
from models.evaluate.trapezoid import Floats

Embedded = Literal["left-out", "zero"]
C0Method = Literal["observed", "log-linear", "first-measurable"]


@dataclass(frozen=True, kw_only=True)
class BackExtrapolation:
    """The concentration at the moment of a bolus, in the profile's unit, and how it was found.

    observed: a sample at hour 0. log-linear: the line through the first two samples, on the log scale.
    first-measurable: those two are not both measurable and falling, so the first measurable one stands in (WinNonlin).
    """

    value: float
    method: C0Method


def back_extrapolate(profile: Profile) -> BackExtrapolation:
    """C0 of a bolus profile with at least one measurable sample. A sample below the limit at hour 0 was before it."""
    after = [i for i, time in enumerate(profile.times) if time > 0]
    if profile.measurable(0) and profile.times[0] == 0:
        return BackExtrapolation(value=profile.concentrations[0], method="observed")
    if len(after) > 1 and all(profile.measurable(i) for i in after[:2]):
        (t1, c1), (t2, c2) = ((profile.times[i], profile.concentrations[i]) for i in after[:2])
        if c1 > c2:
            return BackExtrapolation(value=_line_at_0(t1, c1, t2, c2), method="log-linear")
    first = next(i for i in after if profile.measurable(i))
    return BackExtrapolation(value=profile.concentrations[first], method="first-measurable")


def _line_at_0(t1: float, c1: float, t2: float, c2: float) -> float:
    try:
        return c1 * exp(t1 * log(c1 / c2) / (t2 - t1))
    except OverflowError as error:
        raise RecordError(f"C0 is beyond any number: {c1:g} at {t1:g} h, {c2:g} at {t2:g} h; check times") from error


def curve(profile: Profile, c0: BackExtrapolation | None, embedded: Embedded) -> tuple[Floats, Floats]:
    """Times (h) and concentrations from hour 0 to the last measurable one, with at least one measurable sample.

    Below the limit counts as 0 before the first measurable sample (after a bolus, where that can not be, it is left
    out), as `embedded` says between two measurable ones, and never reaches the curve after the last.
    """
    kept = [i for i in range(len(profile.times)) if profile.measurable(i)]
    if c0 is None:
        kept = [*range(kept[0]), *kept]
    if embedded == "zero":
        kept = sorted({*kept, *_embedded(profile)})
    points = [(profile.times[i], profile.concentrations[i] if profile.measurable(i) else 0.0) for i in kept]
    if points[0][0] > 0:
        points.insert(0, (0.0, c0.value if c0 else 0.0))
    times, concentrations = np.array(points, dtype=np.float64).T
    return times, concentrations


def _embedded(profile: Profile) -> list[int]:
    measured = [i for i in range(len(profile.times)) if profile.measurable(i)]
    return [i for i in range(measured[0], measured[-1]) if not profile.measurable(i)] if measured else []


def embedded_times(profile: Profile) -> tuple[float, ...]:
    """Times (h) of samples below the limit between two measurable ones."""
    return tuple(profile.times[i] for i in _embedded(profile))
