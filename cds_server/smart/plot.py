"""What the picture of an advice shows, in hours since the record's origin and the curve's unit. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from cds_server.hooks import words
from cds_server.smart.clock import ChartClock, moment
from fhir.chart import Chart
from models.dosing.advice import Recommendation, Regimen
from models.record import Dose, Level
from models.target import CONCENTRATIONS, Target
from models.units import unit_words

MARGIN = 1.06  # of the highest value, so that no point touches the frame
TABLE_ROWS = 36


@dataclass(frozen=True, kw_only=True)
class Point:
    """One level; used = the fit rests on it."""

    time: float
    value: float
    label: str
    used: bool


@dataclass(frozen=True, kw_only=True)
class Plot:
    """The curve and everything marked on it. target: a range of concentrations, None where it is something else.

    outside: how many fitted levels lie before the picture.
    doses: (time, planned); planned ones belong to the proposed regimen.
    """

    title: str
    description: str
    analyte: str
    unit: str
    times: tuple[float, ...]
    population: tuple[float, ...]
    individual: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    levels: tuple[Point, ...]
    doses: tuple[tuple[float, bool], ...]
    target: tuple[float, float] | None
    outside: int
    now: float
    change_at: float

    @property
    def start(self) -> float:
        return self.times[0]

    @property
    def end(self) -> float:
        return self.times[-1]

    @property
    def top(self) -> float:
        """The highest value that has to be inside the axes."""
        marked = [point.value for point in self.levels] + ([self.target[1]] if self.target else [])
        return MARGIN * max(*self.high, *self.individual, *self.population, *marked)


def plot_of(advice: Recommendation, chart: Chart, clock: ChartClock) -> Plot:
    """The picture of one recommendation."""
    curve = advice.curve
    start, end = curve.times[0], curve.times[-1]
    given = tuple((time, False) for time in _given(chart.record.doses) if start <= time <= end)
    levels = tuple(point for point in _points(advice, chart) if start <= point.time <= end)
    planned = tuple((time, True) for time in _planned(advice.regimens[0].regimen, end))
    return Plot(
        title=f"{advice.drug.capitalize()} concentration over time",
        description=_description(advice, clock),
        analyte=advice.drug.capitalize(),
        unit=curve.unit,
        times=curve.times,
        population=curve.population,
        individual=curve.individual,
        low=curve.low,
        high=curve.high,
        levels=levels,
        doses=given + planned,
        target=_range(advice.target),
        outside=sum(level.time < start for level in advice.levels),
        now=chart.record.now,
        change_at=curve.change_at,
    )


def curve_rows(plot: Plot, clock: ChartClock) -> tuple[tuple[str, ...], ...]:
    """The curve as text: clock time, individual, 5-95 % band, population; at most 36 evenly spread rows."""
    every = -(-len(plot.times) // TABLE_ROWS)
    return tuple(
        (
            moment(clock.at(plot.times[k])),
            words.number(plot.individual[k]),
            f"{words.number(plot.low[k])}–{words.number(plot.high[k])}",
            words.number(plot.population[k]),
        )
        for k in range(0, len(plot.times), every)
    )


def _given(doses: tuple[Dose, ...]) -> Iterator[float]:
    for dose in doses:
        yield from (dose.time + k * dose.interval for k in range(dose.additional + 1))


def _planned(regimen: Regimen, end: float) -> Iterator[float]:
    time = regimen.start
    while time <= end:
        yield time
        time += regimen.interval


def _points(advice: Recommendation, chart: Chart) -> Iterator[Point]:
    fitted = {(level.time, level.observed) for level in advice.levels}
    for level in chart.record.levels:
        yield Point(
            time=level.time,
            value=level.value,
            label=_label(level),
            used=(level.time, level.value) in fitted,
        )


def _label(level: Level) -> str:
    sign = "< " if level.censored else "> " if level.above else ""
    return f"{sign}{words.number(level.value)}"


def _description(advice: Recommendation, clock: ChartClock) -> str:
    """The picture in words, for those who do not see it."""
    curve, proposed = advice.curve, advice.regimens[0]
    unit = unit_words(curve.unit)
    levels = ", ".join(f"{words.number(item.observed)} at {clock.text(item.time)}" for item in advice.levels)
    return (
        f"From {clock.text(curve.times[0])} to {clock.text(curve.times[-1])}. "
        f"Levels in {unit}: {levels or 'none'}. "
        f"The proposed {words.dose(proposed.regimen)} is drawn from {clock.text(curve.change_at)} on. "
        f"At steady state a trough of {words.interval(proposed.trough)} {unit} "
        f"and a peak of {words.interval(proposed.peak)} {unit} are expected. "
        "The numbers stand in the table below the picture."
    )


def _range(target: Target) -> tuple[float, float] | None:
    """The band of a two-sided target that is a concentration."""
    return (target.low, target.high) if target.two_sided and target.metric in CONCENTRATIONS else None
