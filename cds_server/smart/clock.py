"""Hours of the record as clock times in the chart's own zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from cds_server.hooks.words import zone_of
from fhir.chart import Chart


@dataclass(frozen=True, kw_only=True)
class ChartClock:
    """origin: the aware instant of hour 0; zone: that of the newest charted dose or level (words.zone_of)."""

    origin: datetime
    zone: tzinfo

    def at(self, hours: float) -> datetime:
        """The instant `hours` after the origin."""
        return (self.origin + timedelta(hours=hours)).astimezone(self.zone)

    def hours(self, when: datetime) -> float:
        """Hours from the origin to an instant."""
        return (when - self.origin) / timedelta(hours=1)

    def text(self, hours: float) -> str:
        """ "Fri 20 Nov 22:55"."""
        return moment(self.at(hours))

    @property
    def offset(self) -> str:
        """ "UTC+01:00", at the origin."""
        shown = f"{self.origin.astimezone(self.zone):%z}"
        return f"UTC{shown[:3]}:{shown[3:5]}"


def clock_of(chart: Chart) -> ChartClock:
    """The clock of one chart."""
    return ChartClock(origin=chart.origin, zone=zone_of(chart))


def moment(when: datetime) -> str:
    """Weekday, day, month and time, without the year."""
    return f"{when:%a} {when.day} {when:%b %H:%M}"
