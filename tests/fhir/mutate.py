"""Charts bent at random places, by a seeded generator: what files, interfaces and people do to JSON."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Path = tuple[str | int, ...]
Chart = list[Any]

NUMBERS = (0, -1, 1, 1e308, -1e308, 5e-324, 10**400, float("nan"), float("inf"), True, 1e6, 0.001, "12", "1e3")
TEXTS = (
    "",
    " ",
    "\x00\x1b[2J",
    "\u202e\u2066|`<script>alert(1)</script>",
    "µg/mL",
    "ＭＧ/Ｌ",
    "x" * 20_000,
    "{" * 300,
    "Patient/p2",
    "#",
    "urn:uuid:",
    "mg/L",
    "h",
    "final",
    "completed",
    "12345678901234567890",
)
TIMES = (
    "2026",
    "2026-11",
    "2026-11-20",
    "2026-02-30",
    "2026-11-20T08:05:00",
    "2026-11-20T25:05:00+01:00",
    "2026-11-20T08:05:00+99:00",
    "2026-11-20t08:05:00z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-19T08:05:00.123456789Z",
    "1956-05-01T00:00:00Z",
    "20261120",
    "-2026-11-20",
)
UNITS = ("mg", "g", "mcg", "ug/L", "MG/L", "kg", "[lb_av]", "mL/h", "{pill}", "1", "%", "mo", "Cel", "mg/(L", "/" * 40)
SHAPES: tuple[Any, ...] = (None, [], {}, [[]], [None], [{}], {"value": 1}, {"coding": "x"}, {"reference": 7}, [[{}]])


def spots(node: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a JSON tree but its root."""
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from spots(inner, (*path, step))


def value_at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step]
    return node


def with_value(node: Any, path: Path, change: Callable[[Any, str | int], None]) -> Any:
    """A copy along the path only, its last container changed; what is not touched is shared and must not be written to.

    Raises LookupError or TypeError where an earlier change took the path away.
    """
    copied = dict(node) if isinstance(node, dict) else list(node)
    step = path[0]
    if len(path) == 1:
        copied[step]  # the place has to be there
        change(copied, step)
    else:
        copied[step] = with_value(copied[step], path[1:], change)
    return copied


def bent(chart: Chart, places: list[Path], random: Random) -> Chart:
    """The chart with one to four changes."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        path = random.choice(places)
        try:
            chart = with_value(chart, path, random.choice(_CHANGES)(chart, places, random))
        except (LookupError, TypeError):
            continue  # an earlier change took the place away
    return chart


Change = Callable[[Any, str | int], None]


def _setting(value: Any) -> Change:
    def act(container: Any, step: str | int) -> None:
        container[step] = value

    return act


def _drop(chart: Chart, places: list[Path], random: Random) -> Change:
    def act(container: Any, step: str | int) -> None:
        del container[step]

    return act


def _repeat(chart: Chart, places: list[Path], random: Random) -> Change:
    """An entry of a list twice; anything else becomes a list of two."""

    def act(container: Any, step: str | int) -> None:
        if isinstance(container, list):
            container.insert(int(step), container[step])
        else:
            container[step] = [container[step], container[step]]

    return act


def _swap(chart: Chart, places: list[Path], random: Random) -> Change:
    """What stands somewhere else."""
    return _setting(value_at(chart, random.choice(places)))


def _scale(chart: Chart, places: list[Path], random: Random) -> Change:
    """A slip of a decimal place or of a sign; what is no number becomes one."""

    def act(container: Any, step: str | int) -> None:
        found = container[step]
        number = isinstance(found, int | float) and not isinstance(found, bool)
        container[step] = found * random.choice((1000, 10, 0.1, 0.001, -1)) if number else 12.5

    return act


def _rename(chart: Chart, places: list[Path], random: Random) -> Change:
    """A key that other versions, languages or typists use."""

    def act(container: Any, step: str | int) -> None:
        if isinstance(container, dict):
            container[str(step).capitalize()] = container.pop(step)

    return act


def _wrap(chart: Chart, places: list[Path], random: Random) -> Change:
    """Deeper by far than anything that is sent."""

    def act(container: Any, step: str | int) -> None:
        for _ in range(200):
            container[step] = {"extension": [container[step]]}

    return act


def _one_of(values: tuple[Any, ...]) -> Callable[[Chart, list[Path], Random], Change]:
    def act(chart: Chart, places: list[Path], random: Random) -> Change:
        return _setting(random.choice(values))

    return act


_CHANGES = (
    _drop,
    _repeat,
    _swap,
    _scale,
    _rename,
    _wrap,
    _one_of(NUMBERS),
    _one_of(TEXTS),
    _one_of(TIMES),
    _one_of(UNITS),
    _one_of(SHAPES),
)
