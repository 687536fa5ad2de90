"""The concentration-time curve as SVG, drawn on the server: no JavaScript; colours come from the style sheet."""

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from cds_server.smart.clock import ChartClock
from cds_server.smart.plot import Plot
from cds_server.smart.ticks import clock_ticks, value_ticks
from models.units import unit_words


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Sizes in SVG user units; one unit is about one CSS pixel on the screen the frame is meant for."""

    name: str
    width: float
    height: float
    left: float = 46.0
    right: float = 14.0
    top: float = 34.0
    bottom: float = 66.0
    time_ticks: int = 9
    day: str = "%a %-d %b"

    @property
    def floor(self) -> float:
        """The y of the time axis."""
        return self.height - self.bottom

    @property
    def edge(self) -> float:
        """The x at which the plot ends on the right."""
        return self.width - self.right


WIDE = Frame(name="wide", width=920.0, height=400.0)
NARROW = Frame(name="narrow", width=344.0, height=320.0, left=36.0, right=8.0, time_ticks=4, day="%a %-d")

TOGETHER = 12.0  # lines nearer than this read as one
LETTER = 7.0  # about the width of a letter of the labels

Scale = Callable[[float], float]


def draw(plot: Plot, clock: ChartClock, frame: Frame) -> Markup:
    """The picture in one frame; the ids in it carry the frame's name, so that two frames can stand in one page."""
    root = Element("svg", {"viewBox": f"0 0 {frame.width:g} {frame.height:g}", "class": "curve", "role": "img"})
    root.set("aria-labelledby", f"curve-title-{frame.name} curve-desc-{frame.name}")
    SubElement(root, "title", {"id": f"curve-title-{frame.name}"}).text = plot.title
    SubElement(root, "desc", {"id": f"curve-desc-{frame.name}"}).text = plot.description
    values = value_ticks(plot.top)
    x, y = _time_scale(plot, frame), _value_scale(values[-1], frame)
    _target(root, plot, frame, y)
    _value_axis(root, plot, values, frame, y)
    _time_axis(root, plot, clock, frame, x)
    _lines(root, plot, x, y)
    _doses(root, plot, frame, x)
    _moments(root, plot, frame, x)
    _levels(root, plot, frame, x, y)
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree escapes all text


def _time_scale(plot: Plot, frame: Frame) -> Scale:
    wide = frame.edge - frame.left
    return lambda hours: frame.left + (hours - plot.start) / (plot.end - plot.start) * wide


def _value_scale(top: float, frame: Frame) -> Scale:
    high = frame.floor - frame.top
    return lambda value: frame.floor - min(value, top) / top * high


def _target(root: Element, plot: Plot, frame: Frame, y: Scale) -> None:
    if plot.target is None:
        return
    low, high = plot.target
    box = {"x": _n(frame.left), "width": _n(frame.edge - frame.left), "y": _n(y(high)), "height": _n(y(low) - y(high))}
    SubElement(root, "rect", box | {"class": "target"})


def _value_axis(root: Element, plot: Plot, values: tuple[float, ...], frame: Frame, y: Scale) -> None:
    for value in values:
        _line(root, frame.left, y(value), frame.edge, y(value), "grid")
        _text(root, frame.left - 6, y(value) + 4, f"{value:g}", "axis end")
    _text(root, 2, frame.top - 20, f"{plot.analyte}, {unit_words(plot.unit)}", "axis-name")


def _time_axis(root: Element, plot: Plot, clock: ChartClock, frame: Frame, x: Scale) -> None:
    previous = None
    for when in clock_ticks(clock.at(plot.start), clock.at(plot.end), most=frame.time_ticks):
        place = x(clock.hours(when))
        _line(root, place, frame.top, place, frame.floor, "midnight" if when.hour == 0 else "grid")
        anchor = _anchor(place, frame, 22)
        _text(root, place, frame.floor + 28, f"{when:%H:%M}", f"axis {anchor}")
        if when.date() != previous:
            _text(root, place, frame.floor + 42, when.strftime(frame.day), f"axis day {anchor}")
        previous = when.date()
    _line(root, frame.left, frame.floor, frame.edge, frame.floor, "base")
    _text(root, frame.edge, frame.height - 3, f"clock time, {clock.offset}", "axis end")


def _lines(root: Element, plot: Plot, x: Scale, y: Scale) -> None:
    upper = list(zip(plot.times, plot.high, strict=True))
    lower = list(zip(plot.times, plot.low, strict=True))
    SubElement(root, "path", {"d": _path([*upper, *reversed(lower)], x, y) + "Z", "class": "band"})
    for name, values in (("population", plot.population), ("individual", plot.individual)):
        SubElement(root, "path", {"d": _path(list(zip(plot.times, values, strict=True)), x, y), "class": name})


def _doses(root: Element, plot: Plot, frame: Frame, x: Scale) -> None:
    for time, planned in plot.doses:
        tip = f"M{_n(x(time))} {_n(frame.floor + 1)} l4 9 h-8 z"
        SubElement(root, "path", {"d": tip, "class": "dose-planned" if planned else "dose"})


def _moments(root: Element, plot: Plot, frame: Frame, x: Scale) -> None:
    """The lines "now" and "proposed from here", with one word for both where they fall together."""
    now, change = x(plot.now), x(plot.change_at)
    together = abs(change - now) < TOGETHER
    _line(root, now, frame.top - 4, now, frame.floor, "now")
    _moment(root, now, frame, "now, proposed from here" if together else "now", before=now < change)
    if not together and plot.start <= plot.change_at <= plot.end:
        _line(root, change, frame.top - 4, change, frame.floor, "change")
        _moment(root, change, frame, "proposed from here", before=False)


def _moment(root: Element, place: float, frame: Frame, text: str, *, before: bool) -> None:
    """The word for a line, to its left if `before`; where it would leave the picture it goes to the other side.

    A change late in the picture has its word to the left too, one line lower, so that it can not meet "now".
    """
    width = LETTER * len(text)
    outside = place + width > frame.width
    leftward = outside or (before and place - width > frame.left)
    height = frame.top + 9 if outside else frame.top - 6
    _text(root, place + (-4 if leftward else 4), height, text, f"moment {'end' if leftward else 'start'}")


def _levels(root: Element, plot: Plot, frame: Frame, x: Scale, y: Scale) -> None:
    for point in plot.levels:
        place, height = x(point.time), y(point.value)
        name = "level" if point.used else "level-unused"
        SubElement(root, "circle", {"cx": _n(place), "cy": _n(height), "r": "5", "class": name})
        label = height - 10 if height - 10 > frame.top + 6 else height + 18
        _text(root, place, label, point.label, f"level-label {_anchor(place, frame, 18)}")


def _anchor(place: float, frame: Frame, half: float) -> str:
    """Which way a text at `place` is set, so that it stays inside the frame."""
    if place - half < 0:
        return "start"
    return "end" if place + half > frame.width else "middle"


def _path(points: list[tuple[float, float]], x: Scale, y: Scale) -> str:
    return "M" + "L".join(f"{_n(x(time))} {_n(y(value))}" for time, value in points)


def _line(root: Element, x1: float, y1: float, x2: float, y2: float, name: str) -> None:
    SubElement(root, "line", {"x1": _n(x1), "y1": _n(y1), "x2": _n(x2), "y2": _n(y2), "class": name})


def _text(root: Element, x: float, y: float, text: str, name: str) -> None:
    SubElement(root, "text", {"x": _n(x), "y": _n(y), "class": name}).text = text


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
