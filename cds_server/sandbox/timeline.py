"""The administrations timeline of the chart page as SVG: doses, levels and procedures against the clock."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from cds_server.sandbox.chart_view import Administration, ChartView, LabRow, Result

WIDE, NARROW, HEIGHT = 560.0, 340.0, 132.0
LEFT, RIGHT = 74.0, 24.0
DOSES, LEVELS, EVENTS, AXIS = 24.0, 56.0, 88.0, 108.0
LONGEST = timedelta(hours=96)


def timeline(view: ChartView, width: float = WIDE) -> Markup:
    """The picture; everything in it also stands in the tables beside it, so it is hidden from screen readers."""
    start, end = _range(view)
    root = Element("svg", {"viewBox": f"0 0 {width:g} {HEIGHT:g}", "class": "timeline", "aria-hidden": "true"})

    def x(when: datetime) -> float:
        share = (min(max(when, start), end) - start) / (end - start)
        return LEFT + share * (width - LEFT - RIGHT)

    names = [("Doses", DOSES), ("Levels", LEVELS)] + ([("Procedures", EVENTS)] if view.events else [])
    for name, y in names:
        _text(root, 2, y + 4, name, "timeline-name")
        _line(root, LEFT, y, width - RIGHT, y, "timeline-row")
    _ticks(
        root,
        start,
        end,
        x,
        every=6
        if end - start < timedelta(hours=40)
        else 12
        if width == WIDE and end - start < timedelta(hours=75)
        else 24,
    )
    for dose in view.administrations:
        if dose.end >= start:
            _dose(root, dose, x(dose.start), x(dose.end))
    for level in levels_of(view):
        if level.time >= start:
            _circle(root, x(level.time), LEVELS, "timeline-foreign" if level.other_patient else "timeline-level")
            _text(root, x(level.time), LEVELS - 8, level.text, "timeline-value")
    for event in view.events:
        if event.end >= start:
            _bar(root, x(event.start), x(event.end), EVENTS, "timeline-event")
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree escapes all text


def levels_of(view: ChartView) -> tuple[Result, ...]:
    """The results of the scenario's drug."""
    return tuple(result for row in drug_rows(view) for result in row.results)


def drug_rows(view: ChartView) -> tuple[LabRow, ...]:
    """The laboratory rows that are concentrations of the scenario's drug."""
    return tuple(row for row in view.labs if row.name.lower().startswith(view.scenario.drug))


def _range(view: ChartView) -> tuple[datetime, datetime]:
    end = view.now + timedelta(hours=1)
    times = [dose.start for dose in view.administrations] + [level.time for level in levels_of(view)]
    earliest = min(times, default=view.now - timedelta(hours=24))
    return max(earliest - timedelta(hours=2), end - LONGEST), end


def _ticks(root: Element, start: datetime, end: datetime, x: Callable[[datetime], float], *, every: int) -> None:
    for when in _clock(start, end, every):
        label = when.strftime("%a %-d %b") if when.hour == 0 else when.strftime("%H:%M")
        _line(root, x(when), 12, x(when), AXIS, "timeline-day" if when.hour == 0 else "timeline-tick")
        _text(root, x(when), AXIS + 14, label, "timeline-label")


def _clock(start: datetime, end: datetime, every: int) -> Iterable[datetime]:
    """Full hours of the clock that are multiples of `every`, within the range."""
    when = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while when <= end:
        if when >= start:
            yield when
        when += timedelta(hours=every)


def _dose(root: Element, dose: Administration, left: float, right: float) -> None:
    if dose.given:
        _bar(root, left, max(right, left + 3), DOSES, "timeline-dose")
    else:
        SubElement(root, "path", {"d": f"M{left - 4:.1f} {DOSES - 4} l8 8 m0 -8 l-8 8", "class": "timeline-held"})


def _bar(root: Element, left: float, right: float, y: float, name: str) -> None:
    box = {"x": f"{left:.1f}", "y": f"{y - 7:g}", "width": f"{max(right - left, 3):.1f}", "height": "14", "rx": "2"}
    SubElement(root, "rect", box | {"class": name})


def _circle(root: Element, x: float, y: float, name: str, radius: str = "4.5") -> None:
    SubElement(root, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": radius, "class": name})


def _line(root: Element, x1: float, y1: float, x2: float, y2: float, name: str) -> None:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:g}", "x2": f"{x2:.1f}", "y2": f"{y2:g}"}
    SubElement(root, "line", ends | {"class": name})


def _text(root: Element, x: float, y: float, text: str, name: str) -> None:
    SubElement(root, "text", {"x": f"{x:.1f}", "y": f"{y:g}", "class": name}).text = text


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
    _circle(root, places[-1][0], places[-1][1], "trend-last", "2.5")
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree escapes all text
