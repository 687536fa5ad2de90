"""titrate study averaging: each model alone against all of them averaged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from cds_server.cli.common import say, show, warm_up
from cds_server.cli.population import plain
from cds_server.cli.study.options import draws_option, json_option, out_option, processes_option, seed_option
from cds_server.cli.study.pool import on_all_cores
from cds_server.cli.study.write import written
from cds_server.encode import encode
from models.catalog import load_catalog
from models.study.averaging import (
    AVERAGED,
    AveragingSetting,
    ErrorRow,
    Foreseen,
    averaging_setting,
    error_rows,
    foresee,
)
from models.study.design import DESIGNS as _DESIGNS
from models.study.design import AveragingDesign, designed, load_averaging


@dataclass(frozen=True, kw_only=True)
class Job:
    drug: str
    truth: str
    number: int
    seed: int
    draws: int


@click.command()
@click.option("--drug", type=click.Choice(designed(_DESIGNS / "averaging")), default="vancomycin", show_default=True)
@click.option("--patients", type=click.IntRange(2, 100_000), default=200, show_default=True, help="Of each true model.")
@seed_option
@draws_option
@out_option
@processes_option
@json_option
def averaging(
    drug: str, patients: int, seed: int, draws: int, out: str | None, processes: int | None, as_json: bool
) -> None:
    """Forecast exposure and clearance of patients of each model in turn, by each model alone and by all averaged.

    \b
    Patients get standard dosing and two levels. Forecasts: the target's
    metric (AUC24) of that regimen at steady state, and clearance, before a
    level, after one, after two. Bias: mean relative error; RMSE: root mean
    squared relative error. Also averaged without the model that is true.

    With --out: averaging.md and averaging.json are written into that folder.
    """
    warm_up()
    design = load_averaging(drug)
    jobs = [
        Job(drug=drug, truth=truth, number=n, seed=seed, draws=draws)
        for truth in design.truths
        for n in range(patients)
    ]
    rows = error_rows(on_all_cores(work, jobs, label=f"{drug:<12}", processes=processes))
    document = {"seed": seed, "patients": patients, "draws": draws, "design": plain(encode(design))}
    document |= {"rows": plain(encode(rows))}
    page = _page(
        design, rows, f"titrate study averaging --drug {drug} --patients {patients} --seed {seed} --draws {draws}"
    )
    if as_json:
        show(document)
    else:
        say("")
        click.echo(page)
    if out:
        written(Path(out), {"averaging.md": page}, {"averaging.json": document})


def work(job: Job) -> Foreseen:
    """In one of the processes."""
    return foresee(_setting(job.drug), job.truth, job.number, seed=job.seed, draws=job.draws)


@cache
def _setting(drug: str) -> AveragingSetting:
    return averaging_setting(load_averaging(drug), load_catalog())


def _page(design: AveragingDesign, rows: Sequence[ErrorRow], command: str) -> str:
    parts = ["# Each model alone against all averaged, simulated", f"Written by `{command}`; {design.about}."]
    parts.append(
        "Bias and RMSE of the forecast, relative to the truth, in per cent (bias / RMSE). Columns: the model that the "
        "patients come from. Levels: " + design.sampling.words + ", and again as long after it."
    )
    for quantity, name in (("metric", "Exposure (AUC24)"), ("CL", "Clearance")):
        for levels in sorted({row.levels for row in rows}):
            parts.append(f"## {name}, {_levels(levels)}")
            chosen = [row for row in rows if (row.quantity, row.levels) == (quantity, levels)]
            parts.append("\n".join(_table(chosen, design.truths)))
            parts.append(_verdict(chosen))
    return "\n\n".join(parts) + "\n"


def _levels(count: int) -> str:
    return {0: "no level", 1: "one level"}.get(count, f"{count} levels")


def _table(rows: Sequence[ErrorRow], truths: Iterable[str]) -> Iterable[str]:
    truths = (*truths, "")
    yield "| forecast by | " + " | ".join(truth or "all" for truth in truths) + " |"
    yield "|---|" + "---:|" * len(truths)
    for estimator in dict.fromkeys(row.estimator for row in rows):
        cells = {row.truth: row for row in rows if row.estimator == estimator}
        yield f"| {estimator} | " + " | ".join(_cell(cells[truth]) for truth in truths) + " |"


def _cell(row: ErrorRow) -> str:
    return f"{100 * row.bias:+.1f} / {100 * row.rmse:.1f}"


def _verdict(rows: Sequence[ErrorRow]) -> str:
    """Averaging beside the single models over all patients: told where it does not win."""
    overall = {row.estimator: row for row in rows if row.truth == ""}
    singles = [row for name, row in overall.items() if not name.startswith(AVERAGED)]
    best, worst = min(singles, key=lambda row: row.rmse), max(singles, key=lambda row: row.rmse)
    mean, own = overall[AVERAGED], f"{100 * overall[AVERAGED].rmse:.1f} %"
    verb = "beats" if mean.rmse < best.rmse else "does not beat"
    return (
        f"Over all patients averaging (RMSE {own}) {verb} the best single model, {best.estimator} "
        f"({100 * best.rmse:.1f} %); the worst single model, {worst.estimator}, has {100 * worst.rmse:.1f} %."
    )
