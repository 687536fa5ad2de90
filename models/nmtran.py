"""NM-TRAN rows to a subject: events, levels and covariates as NONMEM reads them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from models.errors import MissingCovariate, RecordError
from models.events import (
    BELOW,
    D_TIME,
    DOSE,
    MODELLED_DURATION,
    MODELLED_RATE,
    OTHER,
    RESET,
    RESET_DOSE,
    Events,
)
from models.nmtran_file import RESERVED, Row, read_nmtran, row_of
from models.population.effects import typical_values
from models.population.model import PopulationModel
from models.population.plan import plan_of
from models.subject import MAX_DOSES, Subject, method_for, term_weights

__all__ = ["RESERVED", "Carry", "Row", "read_nmtran", "row_of", "subject_from_rows"]

# NONMEM evaluates the interval before a record with that record's covariates; a chart knows only what was.
Carry = Literal["next-value-backward", "last-value-forward"]


def subject_from_rows(
    model: PopulationModel, rows: Sequence[Row], *, covariates: Carry = "next-value-backward", everywhere: bool = False
) -> Subject:
    """The rows as the model's arrays, with NONMEM's order of events: at one time, the rows' own order.

    everywhere: predict at every row, observed or not (levels are then empty). Raises RecordError, MissingCovariate.
    """
    _check(rows)
    names = tuple(need.name for need in model.needs)
    values = np.array([[_value(model, need.name, need.default, row) for need in model.needs] for row in rows])
    distinct, row_index = _runs(values.reshape(len(rows), len(names)))
    obs = [i for i, row in enumerate(rows) if everywhere or row.observed is not None]
    dose = np.array(list(_doses(model, rows, row_index, covariates)), dtype=float).reshape(-1, 9)
    dose = dose[np.argsort(dose[:, D_TIME], kind="stable")]
    change = np.array(list(_changes(rows, row_index, covariates)), dtype=float).reshape(-1, 3)
    observed = [(rows[i].time, i, _output(model, rows[i]), row_index[i]) for i in obs]
    levels = [] if everywhere else [(rows[i].observed, BELOW if rows[i].below else 0, 1.0) for i in obs]
    return Subject(
        model=model,
        events=Events(
            method=method_for(plan_of(model), dose),
            solver=0,
            first_row=0,
            typical=np.ascontiguousarray(typical_values(model.parameters, names, distinct)),
            weight=term_weights(model, names, distinct),
            dose=dose,
            obs=np.array(observed, dtype=float).reshape(-1, 4),
            change=change,
        ),
        levels=np.array(levels, dtype=float).reshape(-1, 3),
        covariates=distinct,
        row_time=np.array([min(row.time for row in rows), *change[:, 0]]),
    )


def _check(rows: Sequence[Row]) -> None:
    if not rows:
        raise RecordError("a subject has no rows; expected at least one")
    for before, after in pairwise(rows):
        if after.time < before.time:  # also after a reset: events are ordered by time
            raise RecordError(
                f"{after.place}: TIME falls from {before.time} to {after.time} h; expected rows in order of time, "
                "going on after a reset"
            )
    for row in rows:
        _check_row(row)


def _check_row(row: Row) -> None:
    for column, value in (("AMT", row.amount), ("II", row.interval), ("ADDL", row.additional)):
        if value < 0:
            raise RecordError(f"{row.place}: {column} is negative ({value:g}); expected 0 or above")
    if row.rate < 0 and row.rate not in (MODELLED_RATE, MODELLED_DURATION):
        raise RecordError(f"{row.place}: RATE is negative ({row.rate:g}); expected 0 or above, -1 or -2")
    if row.evid not in (0, DOSE, OTHER, RESET, RESET_DOSE):
        raise RecordError(f"{row.place}: EVID {row.evid}; expected 0 to 4")
    if (row.additional or (row.steady and row.amount)) and row.interval <= 0:
        raise RecordError(f"{row.place}: ADDL or SS without II; expected II above 0 h")
    if row.steady not in (0, 1, 2):
        raise RecordError(f"{row.place}: SS {row.steady}; expected 0, 1 or 2")


def _value(model: PopulationModel, name: str, default: float | None, row: Row) -> float:
    value = row.values.get(name.upper(), default)
    if value is None:
        raise MissingCovariate(
            name, f"{row.place}: no {name}, which {model.id} needs; expected a column {name.upper()} with a number"
        )
    return value


def _runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k, c) covariate rows in order of time, a new one wherever they change; and which of them each record has."""
    changed = np.ones(values.shape[0], dtype=bool)
    changed[1:] = (values[1:] != values[:-1]).any(axis=1)
    return values[changed], np.cumsum(changed) - 1


def _doses(model: PopulationModel, rows: Sequence[Row], index: np.ndarray, carry: Carry) -> Iterable[tuple[float, ...]]:
    into = model.structure.compartments.index(next(iter(model.structure.routes.values()))[0])
    times = np.array([row.time for row in rows])
    for i, row in enumerate(rows):
        if row.evid not in (DOSE, RESET, RESET_DOSE):
            continue
        if row.additional >= MAX_DOSES:
            raise RecordError(f"{row.place}: ADDL {row.additional}; expected under {MAX_DOSES}")
        comp = row.comp - 1 if row.comp > 0 else into
        if not 0 <= comp < len(model.structure.compartments):
            raise RecordError(
                f"{row.place}: CMT {row.comp}; {model.id} has {len(model.structure.compartments)} compartments"
            )
        amount = 0.0 if row.evid == RESET else row.amount
        rate = _rate(model, comp, row)
        for k in range(row.additional + 1):
            at = row.time + k * row.interval
            kind, steady = (row.evid, row.steady) if k == 0 else (DOSE, 0)
            where = index[i] if k == 0 else index[_record_at(times, at, carry)]
            yield at, i, kind, comp, amount, rate, row.interval, steady, where


def _record_at(times: np.ndarray, at: float, carry: Carry) -> int:
    """The record whose covariates hold at `at`, between records."""
    if carry == "next-value-backward":
        return min(int(np.searchsorted(times, at, side="left")), times.size - 1)
    return max(int(np.searchsorted(times, at, side="right")) - 1, 0)


def _rate(model: PopulationModel, comp: int, row: Row) -> float:
    dosing = model.structure.dosing.get(model.structure.compartments[comp])
    if row.rate == MODELLED_DURATION and not (dosing and dosing.duration):
        raise RecordError(f"{row.place}: RATE -2; {model.id} has no modelled duration for compartment {comp + 1}")
    if row.rate == MODELLED_RATE and not (dosing and dosing.rate):
        raise RecordError(f"{row.place}: RATE -1; {model.id} has no modelled rate for compartment {comp + 1}")
    return row.rate


def _changes(rows: Sequence[Row], index: np.ndarray, carry: Carry) -> Iterable[tuple[float, float, float]]:
    """(time, order, row) wherever the covariates change: after the record before it, or at the record itself."""
    for i in range(1, len(rows)):
        if index[i] != index[i - 1]:
            backward = carry == "next-value-backward"
            yield (rows[i - 1].time, i - 0.5, index[i]) if backward else (rows[i].time, i - 0.5, index[i])


def _output(model: PopulationModel, row: Row) -> int:
    """The observed quantity of a row's CMT; the first one where CMT names none."""
    for n, output in enumerate(model.outputs):
        if model.structure.compartments.index(output.compartment) == row.comp - 1:
            return n
    return 0
