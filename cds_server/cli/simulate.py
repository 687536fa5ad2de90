"""titrate simulate: predictions at the observations of a data file, for the population or for simulated patients."""

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click
import numpy as np

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say, show
from cds_server.cli.population import CARRY, carry_option, data_option, model_of, model_option, plain
from models.events import O_OUTPUT, O_TIME
from models.fit import FitOptions, fit_map, sample
from models.fit.simulate import population_etas, predict_observations, with_residual_error
from models.nmtran import Carry, Row, read_nmtran, subject_from_rows
from models.population import PopulationModel
from models.subject import Subject

_COUNT = click.IntRange(1, 1_000_000)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Simulated:
    """One subject: times (o,), names of what is observed, typical (o,), etas (n, e), predictions and levels (n, o)."""

    name: str
    times: np.ndarray
    outputs: tuple[str, ...]
    typical: np.ndarray
    etas: np.ndarray
    individual: np.ndarray
    levels: np.ndarray | None
    trouble: str = ""


@click.command()
@model_option
@data_option
@click.option("--subjects", type=_COUNT, metavar="N", help="Simulate N patients of the population on each record.")
@click.option("--draws", type=_COUNT, metavar="N",
              help="Simulate N draws from each subject's posterior, given the levels in the file.")  # fmt: skip
@click.option("--residual", is_flag=True, help="Add residual error, as DV.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same numbers.")
@carry_option
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE",
              help="Write the CSV there instead of to standard output.")  # fmt: skip
@json_option
def simulate(
    model_name: str,
    data: Path,
    subjects: int | None,
    draws: int | None,
    residual: bool,
    seed: int,
    carry: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Predict the observations (EVID 0) of an NM-TRAN style data file; columns as for `titrate fit`, DV may be empty.

    \b
    Without --subjects and --draws: the typical patient with each record's
    doses and covariates, one row for each observation: ID TIME OUTPUT PRED.
    With one of them also REP, IPRED (prediction with the simulated etas) and,
    with --residual, DV: IPRED and error of the model, below zero where that
    allows it. "." stands where a patient's parameters have no solution.
    JSON holds the etas too. A subject's numbers depend on the seed and its
    place in the file alone.

    Exit 0: all simulated. 1: a subject has no posterior to draw from, or a prediction has no solution; the rest is
    there. 2: used wrongly. 3: a file can not be used.
    """
    if subjects and draws:
        raise click.UsageError(
            "--subjects and --draws exclude each other: the population's patients, or this patient's"
        )
    if residual and not (subjects or draws):
        raise click.UsageError("--residual needs --subjects or --draws")
    if out and as_json:
        raise click.UsageError("--out is for CSV; redirect the JSON instead")
    model = model_of(model_name)
    records = read_nmtran(data, dv_required=False)
    say("Preparing the numerical kernels (compiled once, then cached) ...")
    found = [
        _simulated(model, name, rows, CARRY[carry], (subjects, draws), residual, np.random.default_rng([seed, place]))
        for place, (name, rows) in enumerate(records.items())
    ]
    for item in found:
        if item.trouble:
            say(f"{item.name}: {item.trouble}")
    if as_json:
        show(plain(_document(model, seed, found)))
    else:
        _write(found, bool(subjects or draws), residual, out)
    raise SystemExit(EXIT_NOT_AS_WISHED if any(item.trouble for item in found) else 0)


def _simulated(
    model: PopulationModel,
    name: str,
    rows: Sequence[Row],
    carry: Carry,
    counts: tuple[int | None, int | None],
    residual: bool,
    random: np.random.Generator,
) -> _Simulated:
    subject = _observing(subject_from_rows(model, rows, covariates=carry, everywhere=True), rows)
    typical = predict_observations(model, subject, np.zeros((1, len(model.eta_names))))[0]
    etas, trouble = _etas(model, rows, carry, counts, random)
    individual = predict_observations(model, subject, etas)
    levels = with_residual_error(model, subject, individual, random) if residual else None
    if not (np.isfinite(typical).all() and np.isfinite(individual).all()):
        trouble = trouble or "some predictions have no solution; check the doses, or the model's parameters"
    return _Simulated(
        name=name,
        times=subject.events.obs[:, O_TIME],
        outputs=tuple(model.outputs[int(k)].name for k in subject.events.obs[:, O_OUTPUT]),
        typical=typical,
        etas=etas,
        individual=individual,
        levels=levels,
        trouble=trouble,
    )


def _observing(subject: Subject, rows: Sequence[Row]) -> Subject:
    """Only the rows that observe, with or without a level."""
    seen = np.array([row.evid == 0 for row in rows])
    obs = np.ascontiguousarray(subject.events.obs[seen])
    return Subject(
        model=subject.model,
        events=subject.events._replace(obs=obs),
        levels=subject.levels,
        covariates=subject.covariates,
        row_time=subject.row_time,
    )


def _etas(
    model: PopulationModel,
    rows: Sequence[Row],
    carry: Carry,
    counts: tuple[int | None, int | None],
    random: np.random.Generator,
) -> tuple[np.ndarray, str]:
    """(n, e) as asked, and what went wrong."""
    subjects, draws = counts
    if not draws:
        return population_etas(model, subjects or 0, random), ""
    subject = subject_from_rows(model, rows, covariates=carry)
    posterior = fit_map(model, subject)
    if not posterior.usable:
        return np.zeros((0, len(model.eta_names))), f"{posterior.status}: {posterior.message}"
    drawn = sample(model, subject, posterior, draws, seed=int(random.integers(2**32)), options=FitOptions())
    unsure = "" if drawn.reliable else f"the draws can not be trusted (Pareto k {drawn.pareto_k:.2f})"
    return drawn.etas, unsure


def _write(found: Iterable[_Simulated], simulated: bool, residual: bool, out: Path | None) -> None:
    if out is None:
        _write_rows(sys.stdout, found, simulated, residual)
        return
    with out.open("w", newline="", encoding="utf-8") as file:
        _write_rows(file, found, simulated, residual)


def _write_rows(file: TextIO, found: Iterable[_Simulated], simulated: bool, residual: bool) -> None:
    writer = csv.writer(file, lineterminator="\n")
    head = ["ID", "REP", "TIME", "OUTPUT", "PRED", "IPRED"] if simulated else ["ID", "TIME", "OUTPUT", "PRED"]
    writer.writerow([*head, "DV"] if residual else head)
    for item in found:
        if not simulated:
            for time, output, pred in zip(item.times, item.outputs, item.typical, strict=True):
                writer.writerow([item.name, _cell(time), output, _cell(pred)])
        for rep in range(len(item.etas)):
            for o, (time, output, pred) in enumerate(zip(item.times, item.outputs, item.typical, strict=True)):
                row = [item.name, rep + 1, _cell(time), output, _cell(pred), _cell(item.individual[rep, o])]
                writer.writerow(row if item.levels is None else [*row, _cell(item.levels[rep, o])])


def _cell(value: float) -> str:
    """Nine digits, as much as a prediction has."""
    return f"{value:.9g}" if np.isfinite(value) else "."


def _document(model: PopulationModel, seed: int, found: Iterable[_Simulated]) -> dict[str, Any]:
    return {
        "model": model.id,
        "hash": model.hash,
        "seed": seed,
        "eta_names": model.eta_names,
        "subjects": {
            item.name: {
                "message": item.trouble,
                "time": item.times,
                "output": item.outputs,
                "pred": item.typical,
                "eta": item.etas,
                "ipred": item.individual,
                "dv": item.levels,
            }
            for item in found
        },
    }
