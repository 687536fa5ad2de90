"""titrate study estimators: rules, learned companions and fits on patients of models nobody was trained on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cds_server.cli.common import say, show, warm_up
from cds_server.cli.population import plain
from cds_server.cli.study.options import draws_option, json_option, out_option, processes_option
from cds_server.cli.study.pool import on_all_cores
from cds_server.cli.study.write import written
from cds_server.encode import encode
from models.beside.compare import Agreement, Compared, Row, compared, linear_of
from models.beside.concordance import AGREE, DISAGREE
from models.catalog import load_catalog
from models.cohorts.design import designed, load_cohort_design
from models.cohorts.manifest import NO_SHIFT, SHIFTS, Shift

SEEDS = (101, 202, 303)  # none of them a training seed


@dataclass(frozen=True, kw_only=True)
class Job:
    """shifted: patients of each shift; 0: none."""

    drug: str
    scheme: str
    patients: int
    shifted: int
    seeds: tuple[int, ...]
    draws: int


@click.command()
@click.option("--drug", "drugs", multiple=True, type=click.Choice(designed()), help="Only these; may be repeated.")
@click.option("--patients", type=click.IntRange(30), default=1200, show_default=True, help="A scheme, over the seeds.")
@click.option("--shifted", type=click.IntRange(0), default=300, show_default=True, help="A scheme and shift; 0: none.")
@click.option("--seed", "seeds", multiple=True, type=click.IntRange(0), default=SEEDS, show_default=True)
@draws_option
@out_option
@processes_option
@json_option
def estimators(
    drugs: tuple[str, ...],
    patients: int,
    shifted: int,
    seeds: tuple[int, ...],
    draws: int,
    out: str | None,
    processes: int | None,
    as_json: bool,
) -> None:
    """Errors of every estimator of exposure, side by side, with 95 % bootstrap intervals.

    \b
    Patients come from models that no rule and no companion was trained on.
    linear: ridge regression; rule, rule stand-alone: as shipped; boosting,
    hybrid: the learned companions; MAP: the reference model's fit; averaged:
    the training models of the drug, by evidence; exact Bayes: the floor.
    Then the same where clearance, spread, assay or draw times are shifted.

    With --out: estimators.md and estimators.json are written there.
    """
    warm_up()
    found = _run(_jobs(drugs or designed(), patients, shifted, seeds, draws), processes)
    rows, agreement = [row for one in found for row in one.rows], [item for one in found for item in one.agreement]
    document = {"seeds": list(seeds), "patients": patients, "shifted": shifted, "draws": draws}
    document |= {"rows": plain(encode(tuple(rows))), "agreement": plain(encode(tuple(agreement)))}
    page = _page(rows, agreement, patients, shifted, seeds)
    if as_json:
        show(document)
    else:
        click.echo(page)
    if out:
        written(Path(out), {"estimators.md": page}, {"estimators.json": document})


def _jobs(drugs: Iterable[str], patients: int, shifted: int, seeds: tuple[int, ...], draws: int) -> tuple[Job, ...]:
    return tuple(
        Job(drug=drug, scheme=scheme, patients=patients, shifted=shifted, seeds=seeds, draws=draws)
        for drug in drugs
        for scheme in load_cohort_design(drug).schemes
    )


def _run(jobs: Sequence[Job], processes: int | None) -> list[Compared]:
    found = on_all_cores(work, jobs, label="estimators", processes=processes, chunk=1)
    say("")
    return found


def work(job: Job) -> Compared:
    """In one of the processes: the scheme as designed, then shifted."""
    design, catalog = load_cohort_design(job.drug), load_catalog()
    linear = linear_of(design, catalog, job.scheme)
    shifts: list[tuple[Shift, int]] = [(NO_SHIFT, job.patients)]
    shifts += [(shift, job.shifted) for shift in SHIFTS if job.shifted]
    found = [
        compared(
            design,
            catalog,
            job.scheme,
            patients=patients,
            seeds=job.seeds,
            draws=job.draws,
            shift=shift,
            linear=linear,
        )
        for shift, patients in shifts
    ]
    return Compared(rows=tuple(row for one in found for row in one.rows), agreement=found[0].agreement)


def _page(
    rows: Sequence[Row], agreement: Sequence[Agreement], patients: int, shifted: int, seeds: tuple[int, ...]
) -> str:
    command = f"titrate study estimators --patients {patients} --shifted {shifted}"
    command += "".join(f" --seed {seed}" for seed in seeds)
    parts = [
        "# Estimators side by side, simulated",
        f"Written by `{command}`. Patients come from models that no rule and no companion was trained on; only those "
        "of whom every estimator of a table speaks are counted. Silent: share of those with readable levels of whom "
        "this one says nothing. In brackets: 95 % bootstrap intervals. Coverage: how often the 80 and 95 % intervals "
        "hold the truth. The reference model of MAP and of the informed rule is never the patients' own.",
    ]
    for shift in dict.fromkeys(row.shift for row in rows):
        name = "Patients as designed" if shift == NO_SHIFT.name else f"Shifted: {shift}"
        parts.append(f"## {name}")
        chosen = [row for row in rows if row.shift == shift]
        for key in dict.fromkeys((row.drug, row.scheme) for row in chosen):
            table = [row for row in chosen if (row.drug, row.scheme) == key]
            parts.append(f"### {key[0]}, {key[1]} ({table[0].patients} patients)")
            parts.append("\n".join(_table(table)))
            parts.append(_winner(table))
    parts.append("\n".join(_agreements(agreement)))
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| estimator | nodes | RMSE % | log-RMSE % | bias % | within 20 % | coverage 80 / 95 % | silent % |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        found = {one.name: one for one in (*row.measures, *row.coverage)}
        cells = [f"{one.value:.1f} ({one.low:.1f} to {one.high:.1f})" for one in row.measures]
        covered = [f"{found[name].value:.0f}" for name in ("coverage_80", "coverage_95") if name in found]
        nodes, silent = row.nodes or "", f"{100 * row.silent:.1f}"
        yield f"| {row.estimator} | {nodes} | {' | '.join(cells)} | {' / '.join(covered)} | {silent} |"


_NOT_IN_THE_RACE = ("population value", "exact Bayes, true model")


def _winner(rows: Sequence[Row]) -> str:
    """Least log-RMSE first."""
    racing = [row for row in rows if row.estimator not in _NOT_IN_THE_RACE]
    ranked = sorted(racing, key=_log_rmse)
    return "Least log-RMSE: " + ", ".join(f"{row.estimator} {_log_rmse(row):.1f}" for row in ranked[:4]) + "."


def _log_rmse(row: Row) -> float:
    return next(one.value for one in row.measures if one.name == "log_rmse")


def _agreements(agreement: Sequence[Agreement]) -> Iterator[str]:
    if not agreement:
        return
    yield "## When they disagree\n"
    yield (
        f"Patients by the widest ratio of rule and boosting to the fit (averaged, else MAP): agree up to {AGREE:g}, "
        f"differ up to {DISAGREE:g}, disagree beyond. Fit nearest: how often the fit is nearer the truth than both.\n"
    )
    yield "| drug, scheme | class | share of patients % | log-RMSE of the fit % | fit nearest % |"
    yield "|---|---|---:|---:|---:|"
    for one in agreement:
        yield f"| {one.drug}, {one.scheme} | {one.verdict} | {one.share:.0f} | {one.log_rmse:.0f} | {one.better:.0f} |"
