"""Numbers, regimens and times as a clinician reads them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from math import isinf

from fhir.chart import Chart
from models.dosing.advice import Interval, Regimen, Target
from models.target import metric_words
from models.units import unit_words

_GROUPED = 10_000  # from here on thousands are set off: one zero more or less must be seen
_EXPONENT = re.compile(r"\d+(?:\.\d+)?e[+-]?\d+")


def number(value: float) -> str:
    """About three figures, never an exponent."""
    if isinf(value):
        return "∞"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 1 else 2
    return f"{value:,.{digits}f}" if size >= _GROUPED else f"{value:.{digits}f}"


def amount(mg: float) -> str:
    """A dose without needless zeros: 1250 mg, 2.5 mg, 1,000,000 mg."""
    return f"{_plain(mg)} mg"


def _plain(value: float) -> str:
    """Six figures, thousands set off in large numbers, never an exponent."""
    value = float(f"{value:.6g}")
    text = f"{value:,.9f}" if abs(value) >= _GROUPED else f"{value:.9f}"
    return text.rstrip("0").rstrip(".")


def readable(text: str) -> str:
    """A sentence whose numbers are written out: "6.6667e+05 mg/h" -> "666,670 mg/h"."""
    return _EXPONENT.sub(lambda match: _plain(float(match[0])), text)


def duration(hours: float) -> str:
    """How long an infusion runs: "1.5 h", "5 min", "100 min"; hours from one on where they are quarters."""
    if hours >= 1 and hours * 4 == int(hours * 4):
        return f"{hours:g} h"
    return f"{_plain(round(hours * 60, 1))} min"


def dose(regimen: Regimen) -> str:
    """ "1250 mg every 12 h"."""
    return f"{amount(regimen.amount)} every {every(regimen.interval)}"


def every(hours: float) -> str:
    """ "12 h", "3 days", "6 weeks": days from beyond two, weeks from one on, where they are whole."""
    if hours >= 168.0 and hours % 168.0 == 0.0:
        return f"{hours / 168.0:g} weeks" if hours > 168.0 else "week"
    return f"{hours / 24.0:g} days" if hours > 48.0 and hours % 24.0 == 0.0 else f"{hours:g} h"


_BY = {"oral": "by mouth", "sc": "under the skin"}


def dose_in_full(regimen: Regimen) -> str:
    """With the infusion's length where there is one."""
    if regimen.route in _BY:
        return f"{dose(regimen)} {_BY[regimen.route]}"
    if 0.0 < regimen.interval <= regimen.duration:
        return f"{dose(regimen)} as a continuous infusion"
    return (
        f"{dose(regimen)}, infused over {duration(regimen.duration)}" if regimen.duration else f"{dose(regimen)}, bolus"
    )


def dose_once(regimen: Regimen) -> str:
    """ "1500 mg once, over 2.5 h"."""
    return f"{amount(regimen.amount)} once" + (f", over {duration(regimen.duration)}" if regimen.duration else "")


def interval(value: Interval) -> str:
    """ "512 (430–610)"."""
    return f"{number(value.median)} ({number(value.low)}–{number(value.high)})"


def target(value: Target) -> str:
    """ "AUC24 400–600 mg·h/L", "trough at most 1.0 mg/L"."""
    return f"{metric_words(value)} {bounds(value)} {unit_words(value.unit)}".rstrip()


def bounds(value: Target) -> str:
    """ "400–600", "at least 40", "at most 1.0"."""
    if value.two_sided:
        return f"{number(value.low)}–{number(value.high)}"
    return f"at least {number(value.low)}" if value.low > 0.0 else f"at most {number(value.high)}"


def probability(value: float) -> str:
    """Per cent; never 0 or 100, which a thousand draws can not show."""
    if value < 0.005:
        return "< 1 %"
    return "> 99 %" if value > 0.995 else f"{value * 100:.0f} %"


def zone_of(chart: Chart) -> tzinfo:
    """One zone for all times of a chart: that of the newest dose or level, else of the newest value, else UTC."""
    dosed = {item.source for item in chart.record.doses} | {item.source for item in chart.record.levels}
    charted = [source.time for key, source in chart.sources.items() if source.time and key in dosed]
    charted = charted or [source.time for source in chart.sources.values() if source.time]
    return (max(charted).tzinfo if charted else None) or chart.origin.tzinfo or UTC


def at(hours: float, chart: Chart) -> datetime:
    """An hour of the record on the chart's own clock, to the minute; a part of a minute counts as the next."""
    when = (chart.origin + timedelta(hours=hours)).astimezone(zone_of(chart))
    whole = when.replace(second=0, microsecond=0)
    # a second: hours are floats, and 09:30 must not become 09:31 for the last bit of one
    return whole + timedelta(minutes=1) if when - whole > timedelta(seconds=1) else whole


def moment(hours: float, chart: Chart) -> str:
    """When, on the chart's own clock."""
    return stamp((chart.origin + timedelta(hours=hours)).astimezone(zone_of(chart)))


def stamp(time: datetime) -> str:
    """ISO with a blank and the offset: 2026-11-21 08:05+01:00."""
    return time.isoformat(sep=" ", timespec="minutes")
