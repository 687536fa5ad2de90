"""One patient prepared for one model: events and levels as arrays, covariates resolved at every change."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from models.covariates import breakpoints, resolve, values_of
from models.errors import RecordError, UnitError
from models.events import (
    ABOVE,
    BELOW,
    D_COMP,
    D_RATE,
    D_STEADY,
    D_TIME,
    DOSE,
    MODELLED_DURATION,
    MODELLED_RATE,
    O_OUTPUT,
    O_ROW,
    O_TIME,
    Events,
)
from models.findings import Finding
from models.population.effects import typical_values
from models.population.model import PopulationModel
from models.population.plan import DEPOT_COMP, MATRIX, MODAL, ODE, Plan, plan_of
from models.population.structure import MASS
from models.record import Dose, PatientRecord

# h, 3.6 ms: an infusion shorter than this is a bolus; its rate could be more than a number holds
AT_ONCE = 1e-6
MAX_DOSES = 20_000  # after expansion of trains; more is a chart gone wrong


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """What the kernels need of one patient.

    levels: (o, 3) with the columns that models.events names; sources: their keys into the chart.
    covariates: (r, needs), in force from row_time (r,) h on.
    """

    model: PopulationModel
    events: Events
    levels: np.ndarray
    covariates: np.ndarray
    row_time: np.ndarray
    sources: tuple[str, ...] = ()


def subject_from_record(model: PopulationModel, record: PatientRecord, *, extra_doses: Iterable[Dose] = ()) -> Subject:
    """The record (and doses yet to be given) as the model's arrays; a level drawn when a dose is given comes before it.

    Covariates are carried forward. Raises UnitError for a level in another unit than the model's, RecordError for a
    route the model does not have, MissingCovariate.
    """
    doses = sorted((*record.doses, *extra_doses), key=lambda dose: dose.time)
    record = replace(record, doses=tuple(doses))
    columns = dose_columns(model, doses)
    times = [level.time for level in record.levels]
    points = _points(model, record, columns["time"])
    values = values_of(model.needs, record, points)
    first = _changes(values)
    covariates, row_time = values[first], points[first]
    levels = _levels(model, record)
    return assemble(
        model,
        covariates=covariates,
        row_time=row_time,
        doses=columns,
        obs_time=np.array(times, dtype=float),
        levels=levels,
        sources=tuple(level.source for level in record.levels),
    )


def covariate_findings(model: PopulationModel, record: PatientRecord) -> tuple[Finding, ...]:
    """What has to be said about the covariates that a subject's rows are made of."""
    return resolve(model.needs, record, _points(model, record, [dose.time for dose in record.doses])).findings


def _points(model: PopulationModel, record: PatientRecord, doses: ArrayLike) -> np.ndarray:
    """Times at which covariates are looked up: doses, levels, their own entries and steps, now."""
    drawn = [level.time for level in record.levels]
    charted = [item.time for item in record.covariates]
    return np.unique(np.concatenate([doses, drawn, charted, breakpoints(model.needs, record), [record.now]]))


def assemble(
    model: PopulationModel,
    *,
    covariates: np.ndarray,
    row_time: np.ndarray,
    doses: dict[str, np.ndarray],
    obs_time: np.ndarray,
    levels: np.ndarray,
    sources: tuple[str, ...] = (),
) -> Subject:
    """A subject whose covariate rows (r, needs) hold forward from row_time (r,); doses as dose_columns gives them."""
    names = tuple(need.name for need in model.needs)
    count = doses["time"].size
    dose = np.column_stack(
        [
            doses["time"],
            np.arange(count) + 1.0,
            np.full(count, DOSE),
            doses["comp"],
            doses["amount"],
            doses["rate"],
            doses["interval"],
            doses["steady"],
            row_at(row_time, doses["time"]),
        ]
    )
    events = Events(
        method=method_for(plan_of(model), dose),
        solver=0,
        first_row=0,
        typical=np.ascontiguousarray(typical_values(model.parameters, names, covariates)),
        weight=term_weights(model, names, covariates),
        dose=dose,
        obs=observations(row_time, obs_time),
        change=np.column_stack([row_time[1:], np.full(row_time.size - 1, -1.0), np.arange(1.0, row_time.size)]),
    )
    return Subject(
        model=model,
        events=events,
        levels=levels,
        covariates=covariates,
        row_time=row_time,
        sources=sources,
    )


def row_at(row_time: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Index of the row in force at each time; the first row before its time."""
    return np.maximum(np.searchsorted(row_time, times, side="right") - 1, 0).astype(np.int64)


def observations(row_time: np.ndarray, times: np.ndarray, output: int | np.ndarray = 0) -> np.ndarray:
    """Observation table (o, 4) at times (o,); before the doses of the same moment, as a trough is drawn."""
    table = np.zeros((times.size, 4))
    table[:, O_TIME], table[:, O_OUTPUT], table[:, O_ROW] = times, output, row_at(row_time, times)
    return table


def method_for(plan: Plan, dose: np.ndarray) -> int:
    """The closed form does not take an infusion into a depot; the matrix exponential does.

    Raises RecordError for a steady state on top of another (SS 2) in a model where states do not add up.
    """
    if plan.method == ODE and (dose[:, D_STEADY] == 2).any():
        at = dose[dose[:, D_STEADY] == 2][0, D_TIME]
        raise RecordError(
            f"dose at {at:g} h adds its steady state to another (SS 2, or a dose into two compartments), but this "
            "model is not linear, so that they do not add up; record the doses one by one"
        )
    infused = dose[dose[:, D_RATE] != 0.0, D_COMP]
    if plan.method == MODAL and np.isin(infused, plan.depot[:, DEPOT_COMP]).any():
        return MATRIX
    return plan.method


def term_weights(model: PopulationModel, names: tuple[str, ...], covariates: np.ndarray) -> np.ndarray:
    """(r, terms): each eta's coefficient, 0 outside its occasion."""
    columns = []
    for item in model.random:
        active = np.ones(covariates.shape[0])
        if item.occasion is not None:
            active = (covariates[:, names.index(item.occasion)] == item.number).astype(float)
        columns += [active * item.coefficient] * len(item.parameters)
    return np.ascontiguousarray(np.column_stack(columns)) if columns else np.zeros((covariates.shape[0], 0))


def _changes(values: np.ndarray) -> np.ndarray:
    """Indices of the rows that differ from the row before them."""
    changed = np.ones(values.shape[0], dtype=bool)
    changed[1:] = (values[1:] != values[:-1]).any(axis=1)
    return np.flatnonzero(changed)


def dose_columns(model: PopulationModel, doses: list[Dose]) -> dict[str, np.ndarray]:
    """Doses as columns: trains expanded, every compartment of the route, amounts in the model's unit."""
    rows = [row for dose in doses for row in _dose_rows(model, dose)]
    if len(rows) > MAX_DOSES:
        raise RecordError(f"{len(rows)} doses after expansion; expected at most {MAX_DOSES}")
    table = np.array(rows, dtype=float).reshape(-1, 6)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return {
        "time": np.ascontiguousarray(table[:, 0]),
        "comp": table[:, 1].astype(np.int64),
        "amount": np.ascontiguousarray(table[:, 2]),
        "rate": np.ascontiguousarray(table[:, 3]),
        "interval": np.ascontiguousarray(table[:, 4]),
        "steady": table[:, 5].astype(np.int64),
    }


def _dose_rows(model: PopulationModel, dose: Dose) -> Iterable[tuple[float, ...]]:
    into = model.structure.routes.get(dose.route)
    if into is None:
        known = ", ".join(model.structure.routes)
        raise RecordError(f"dose at {dose.time} h is {dose.route}; {model.id} describes {known} doses only")
    if dose.additional >= MAX_DOSES:
        raise RecordError(f"dose at {dose.time} h has {dose.additional} further doses; expected under {MAX_DOSES}")
    amount = dose.amount * MASS["mg"] / MASS[model.amount_unit]
    for k in range(dose.additional + 1):
        for place, name in enumerate(into):
            comp = model.structure.compartments.index(name)
            rate = _rate(model, name, dose, amount)
            # a dose into two compartments: the second's steady state adds to the first's and must not replace it
            steady = float(1 + (place > 0)) if dose.steady_state and k == 0 else 0.0
            yield dose.time + k * dose.interval, comp, amount, rate, dose.interval, steady


def _rate(model: PopulationModel, compartment: str, dose: Dose, amount: float) -> float:
    dosing = model.structure.dosing.get(compartment)
    if dosing and dosing.duration:
        return MODELLED_DURATION
    if dosing and dosing.rate:
        return MODELLED_RATE
    return amount / dose.duration if dose.duration > AT_ONCE and dose.route == "iv" else 0.0


def _levels(model: PopulationModel, record: PatientRecord) -> np.ndarray:
    for level in record.levels:
        if level.unit != model.concentration_unit:
            raise UnitError(
                f"level at {level.time} h is in {level.unit}; {model.id} predicts {model.concentration_unit}"
            )
    rows = [(level.value, BELOW if level.censored else ABOVE if level.above else 0, 1.0) for level in record.levels]
    return np.array(rows, dtype=float).reshape(-1, 3)
