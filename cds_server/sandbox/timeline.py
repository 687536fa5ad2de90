"""Small pictures of the chart page as SVG: the administrations timeline, and the trend of one laboratory test."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from cds_server.sandbox.chart_view import Administration, ChartView, LabRow, Result
from cds_server.smart.ticks import clock_ticks

WIDE, NARROW = 560.0, 340.0
LEFT, RIGHT = 74.0, 24.0
DOSES, LEVELS, EVENTS = 24.0, 56.0, 88.0
LONGEST = timedelta(hours=96)


@dataclass(frozen=True, kw_only=True)
class Span:
    """The period that a picture shows, and its scale; axis: the y of the lowest line."""

    start: datetime
    end: datetime
    width: float
    axis: float

    def x(self, when: datetime) -> float:
        """Where an instant stands; one outside stands at the edge."""
        share = (min(max(when, self.start), self.end) - self.start) / (self.end - self.start)
        return LEFT + share * (self.width - LEFT - RIGHT)


def timeline(view: ChartView, width: float = WIDE) -> Markup:
    """The picture; everything in it also stands in the tables beside it, so it is hidden from screen readers."""
    start, end = _period(view)
    events = [event for event in view.events if event.end >= start]
    lanes = {"Doses": DOSES, "Levels": LEVELS} | ({"Procedures": EVENTS} if events else {})
    span = Span(start=start, end=end, width=width, axis=max(lanes.values()) + 18)
    root = Element("svg", {"viewBox": f"0 0 {width:g} {span.axis + 24:g}", "class": "timeline", "aria-hidden": "true"})
    for name, y in lanes.items():
        _text(root, 2, y + 4, name, "timeline-name")
        _line(root, LEFT, y, width - RIGHT, y, "timeline-row")
    _ticks(root, span)
    for dose in view.administrations:
        if dose.end >= start:
            _dose(root, dose, span)
    for level in levels_of(view):
        if level.time >= start:
            _level(root, level, span)
    for event in events:
        _bar(root, span.x(event.start), span.x(event.end), EVENTS, "timeline-event")
    return _markup(root)


def trend(row: LabRow) -> Markup:
    """A small line of one test's values against time, oldest left; empty where there are fewer than two numbers."""
    points = sorted((r.time, r.value) for r in row.results if r.value is not None and not r.other_patient)
    if len(points) < 2:
        return Markup("")
    (first, last), values = (points[0][0], points[-1][0]), [value for _, value in points]
    low, spread = min(values), (max(values) - min(values)) or 1.0
    places = [(2 + 56 * ((t - first) / (last - first)), 16 - 12 * (v - low) / spread) for t, v in points]
    root = Element("svg", {"viewBox": "0 0 62 20", "class": "trend", "aria-hidden": "true"})
    SubElement(root, "polyline", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in places)})
    _circle(root, *places[-1], "trend-last", "2.5")
    return _markup(root)


def levels_of(view: ChartView) -> tuple[Result, ...]:
    """The results of the scenario's drug."""
    return tuple(result for row in drug_rows(view) for result in row.results)


def drug_rows(view: ChartView) -> tuple[LabRow, ...]:
    """The laboratory rows that are concentrations of the scenario's drug."""
    return tuple(row for row in view.labs if row.name.lower().startswith(view.scenario.drug))


def _period(view: ChartView) -> tuple[datetime, datetime]:
    end = view.now + timedelta(hours=1)
    times = [dose.start for dose in view.administrations] + [level.time for level in levels_of(view)]
    earliest = min(times, default=view.now - timedelta(hours=24))
    return max(earliest - timedelta(hours=2), end - LONGEST), end


def _ticks(root: Element, span: Span) -> None:
    for when in clock_ticks(span.start, span.end, most=7 if span.width >= WIDE else 4):
        midnight = when.hour == 0
        _line(root, span.x(when), 12, span.x(when), span.axis, "timeline-day" if midnight else "timeline-tick")
        label = when.strftime("%a %-d %b" if midnight else "%H:%M")
        _text(root, span.x(when), span.axis + 14, label, "timeline-label")


def _dose(root: Element, dose: Administration, span: Span) -> None:
    left = span.x(dose.start)
    if dose.given:
        _bar(root, left, span.x(dose.end), DOSES, "timeline-dose")
    else:
        SubElement(root, "path", {"d": f"M{left - 4:.1f} {DOSES - 4} l8 8 m0 -8 l-8 8", "class": "timeline-held"})


def _level(root: Element, level: Result, span: Span) -> None:
    x = span.x(level.time)
    _circle(root, x, LEVELS, "timeline-foreign" if level.other_patient else "timeline-level", "4.5")
    _text(root, x, LEVELS - 8, level.text, "timeline-value")


def _bar(root: Element, left: float, right: float, y: float, name: str) -> None:
    box = {"x": f"{left:.1f}", "y": f"{y - 7:g}", "width": f"{max(right - left, 3):.1f}", "height": "14", "rx": "2"}
    SubElement(root, "rect", box | {"class": name})


def _circle(root: Element, x: float, y: float, name: str, radius: str) -> None:
    SubElement(root, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": radius, "class": name})


def _line(root: Element, x1: float, y1: float, x2: float, y2: float, name: str) -> None:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:g}", "x2": f"{x2:.1f}", "y2": f"{y2:g}"}
    SubElement(root, "line", ends | {"class": name})


def _text(root: Element, x: float, y: float, text: str, name: str) -> None:
    SubElement(root, "text", {"x": f"{x:.1f}", "y": f"{y:g}", "class": name}).text = text


def _markup(root: Element) -> Markup:
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree escapes all text
