"""titrate study estimators: rules, learned companions and fits on patients of models nobody was trained on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from cds_server.cli.common import say, show, warm_up
from cds_server.cli.population import plain
from cds_server.cli.study.options import draws_option, json_option, out_option, processes_option
from cds_server.cli.study.pool import on_all_cores
from cds_server.cli.study.side_by_side import held_toml, page_of
from cds_server.cli.study.write import written
from cds_server.encode import encode
from models.beside.compare import Compared, compared, linear_of
from models.catalog import load_catalog
from models.cohorts.design import designed, load_cohort_design
from models.cohorts.manifest import NO_SHIFT, SHIFTS, Shift

SEEDS = (404, 505, 606)  # of none of them had anybody seen a patient when rules and companions were made


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
    Patients come from models that no rule and no companion was trained on;
    then others of the models that were, to see what the intervals lose.
    linear: ridge regression; rule, rule stand-alone: as shipped; boosting,
    hybrid: the learned companions; MAP: the reference model's fit; averaged:
    the training models of the drug, by evidence; exact Bayes: the floor.
    Then the same where clearance, spread, assay or draw times are shifted.

    With --out: estimators.md and estimators.json are written there, and
    held.toml, which stands beside the code that tells clinicians of it.
    """
    warm_up()
    found = _run(_jobs(drugs or designed(), patients, shifted, seeds, draws), processes)
    rows, agreement = [row for one in found for row in one.rows], [item for one in found for item in one.agreement]
    document = {"seeds": list(seeds), "patients": patients, "shifted": shifted, "draws": draws}
    document |= {"rows": plain(encode(tuple(rows))), "agreement": plain(encode(tuple(agreement)))}
    page = page_of(rows, agreement, _command(patients, shifted, seeds))
    if as_json:
        show(document)
    else:
        click.echo(page)
    if out:
        texts = {"estimators.md": page, "held.toml": held_toml(rows, _command(patients, shifted, seeds))}
        written(Path(out), texts, {"estimators.json": document})


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
    """In one of the processes: the scheme as designed, shifted, and with patients of the training models."""
    design, catalog = load_cohort_design(job.drug), load_catalog()
    linear = linear_of(design, catalog, job.scheme)
    shifts: list[tuple[Shift, int]] = [(NO_SHIFT, job.patients)]
    shifts += [(shift, job.shifted) for shift in SHIFTS if job.shifted]
    asked = partial(compared, design, catalog, job.scheme, seeds=job.seeds, draws=job.draws, linear=linear)
    found = [asked(patients=patients, shift=shift) for shift, patients in shifts]
    found.append(asked(patients=job.patients, part="training"))
    return Compared(rows=tuple(row for one in found for row in one.rows), agreement=found[0].agreement)


def _command(patients: int, shifted: int, seeds: tuple[int, ...]) -> str:
    command = f"titrate study estimators --patients {patients} --shifted {shifted}"
    return command + "".join(f" --seed {seed}" for seed in seeds)
