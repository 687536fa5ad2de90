"""Numbers, regimens and times as a clinician reads them."""

from datetime import datetime, timedelta

from fhir.chart import Chart
from models.dosing.advice import Interval, Metric, Regimen, Target

METRICS: dict[Metric, str] = {"auc24": "AUC24", "trough": "trough"}


def number(value: float) -> str:
    """About three figures, never an exponent."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 1 else 2
    return f"{value:.{digits}f}"


def amount(mg: float) -> str:
    """A dose without needless zeros: 1250 mg, 2.5 mg."""
    return f"{mg:.6g} mg" if mg < 1e6 else f"{mg:.0f} mg"


def unit(ucum: str) -> str:
    """The unit as people write it."""
    return ucum.replace(".", "·").replace("ug/", "µg/")


def dose(regimen: Regimen) -> str:
    """ "1250 mg every 12 h"."""
    return f"{amount(regimen.amount)} every {regimen.interval:g} h"


def dose_in_full(regimen: Regimen) -> str:
    """With the infusion's length where there is one."""
    if regimen.route == "oral":
        return f"{dose(regimen)} by mouth"
    return f"{dose(regimen)}, infused over {regimen.duration:g} h" if regimen.duration else f"{dose(regimen)}, bolus"


def interval(value: Interval) -> str:
    """ "512 (430–610)"."""
    return f"{number(value.median)} ({number(value.low)}–{number(value.high)})"


def target(value: Target) -> str:
    """ "AUC24 400–600 mg·h/L"."""
    return f"{METRICS[value.metric]} {number(value.low)}–{number(value.high)} {unit(value.unit)}"


def probability(value: float) -> str:
    """Per cent; never 0 or 100, which a thousand draws can not show."""
    if value < 0.005:
        return "< 1 %"
    return "> 99 %" if value > 0.995 else f"{value * 100:.0f} %"


def moment(hours: float, chart: Chart, source: str = "") -> str:
    """When, in the zone the EHR charted the value in (else any value's zone, else UTC)."""
    charted = [chart.sources[source]] if source in chart.sources else list(chart.sources.values())
    zone = next((item.time.tzinfo for item in charted if item.time), chart.origin.tzinfo)
    return stamp((chart.origin + timedelta(hours=hours)).astimezone(zone))


def stamp(time: datetime) -> str:
    """ISO with a blank and the offset: 2026-11-21 08:05+01:00."""
    return time.isoformat(sep=" ", timespec="minutes")
