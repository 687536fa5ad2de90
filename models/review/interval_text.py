"""Numbers for people: three significant digits, and medians with their intervals."""

from math import isfinite

from models.dosing.advice import Interval


def three(value: float | None) -> str:
    """Three significant digits, never in powers of ten for what clinicians meet; "-" where there is none."""
    if value is None or not isfinite(value):
        return "-"
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.2e}"
    return f"{float(f'{value:.3g}'):.10g}" if abs(value) < 1e6 else f"{value:,.0f}"


def spread(item: Interval) -> str:
    """As "464 (243-875)"."""
    if not isfinite(item.median):
        return "-"
    return f"{three(item.median)} ({three(item.low)}-{three(item.high)})"
