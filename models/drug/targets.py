"""The [[target]] tables of drug.toml: what a regimen should reach, and when that holds."""

from math import inf
from typing import Any, cast, get_args

from models.datafile import Table
from models.drug.conditions import read_condition
from models.drug.drug import DrugTarget
from models.target import Metric, Target, unit_of

_OF_METRIC = {"at_h": ("concentration_at",), "over_h": ("cumulative_auc",), "times_mic": ("time_above",)}


def read_target(table: Table, concentration_unit: str) -> DrugTarget:
    """One [[target]] with its [[target.also]] and [[target.when]]; ModelFileError naming the key."""
    indication, source = table.text("indication"), table.text("source")
    target = DrugTarget(
        target=_bounds(table, concentration_unit, indication, source),
        also=tuple(_also(item, concentration_unit, indication) for item in table.tables("also", default=[])),
        when=tuple(read_condition(item) for item in table.tables("when", default=[])),
        given=cast(Any, table.text("given", default="any", one_of=("any", "intermittent", "continuous"))),
        above_means=table.text("above_means", default=""),
        below_means=table.text("below_means", default=""),
    )
    table.finish()
    return target


def _also(table: Table, concentration_unit: str, indication: str) -> Target:
    target = _bounds(table, concentration_unit, indication, table.text("source"))
    table.finish()
    return target


def _bounds(table: Table, concentration_unit: str, indication: str, source: str) -> Target:
    metric = cast(Metric, table.text("metric", one_of=get_args(Metric)))
    for key, metrics in _OF_METRIC.items():
        if key in table.names() and metric not in metrics:
            raise table.error(key, f"left out unless metric is {' or '.join(metrics)}", "a value")
    low, high = table.maybe("low", above=0), table.maybe("high", above=0)
    if low is None and high is None:
        raise table.error("low", "given, or high, or both", "neither")
    if low is not None and high is not None and high <= low:
        raise table.error("high", f"above low ({low:g})", high)
    return Target(
        metric=metric,
        low=0.0 if low is None else low,
        high=inf if high is None else high,
        unit=table.text("unit", one_of=(unit_of(metric, concentration_unit),)),
        indication=indication,
        source=source,
        at=table.number("at_h", above=0) if metric == "concentration_at" else 0.0,
        over=table.number("over_h", above=0) if metric == "cumulative_auc" else 0.0,
        free=table.number("free_fraction", above=0, default=1.0),
        times_mic=table.number("times_mic", above=0, default=1.0) if metric == "time_above" else 1.0,
    )
