"""titrate learn train: companions of one or all drugs; what is there already and was made the same way is kept."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import click

from cds_server.cli.cluster import cluster_options, trained_there
from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say, writable
from cds_server.cli.common import show as show_json
from cds_server.cli.models.words import PREPARING
from cds_server.training.answer import Answer
from cds_server.training.cluster import Cluster
from models.catalog import load_catalog
from models.cohorts.design import CohortDesign, designed, load_cohort_design
from models.cohorts.since import Since
from models.errors import ModelsError
from models.learned.companion import BadCompanion, Companion, Kind, companion_of, load, save
from models.learned.inputs import covariates_among, covariates_of
from models.learned.job import CompanionsJob, companion_for, trained_texts
from models.learned.library import load_placed, path_of
from models.learned.train import Plan, kinds_of

# a job with companions of it, or why there are none
Result = tuple[CompanionsJob, tuple[Companion, ...] | str]


@dataclass(frozen=True, kw_only=True)
class _Done:
    """Names of companions; of jobs that failed, why."""

    made: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@click.command()
@click.option("--drug", "drugs", multiple=True, type=click.Choice(designed()), help="Only these; may be repeated.")
@click.option("--scheme", "schemes", multiple=True, help="Only these sampling schemes; may be repeated.")
@click.option("--patients", type=click.IntRange(200), default=Plan.patients, show_default=True, help="To train on.")
@click.option("--calibration", type=click.IntRange(100), default=Plan.calibration, show_default=True,
              help="Set aside for the intervals.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=Plan.seed, show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="FOLDER",
              help="Where the companions are written.")  # fmt: skip
@click.option("--again", is_flag=True, help="Train anew what is there already.")
@cluster_options
@json_option
def train(
    drugs: tuple[str, ...],
    schemes: tuple[str, ...],
    patients: int,
    calibration: int,
    seed: int,
    out: Path,
    again: bool,
    cluster: Cluster | None,
    as_json: bool,
) -> None:
    """Train companions; broken off, the same command goes on where it was.

    \b
    The same options give the same companions, here and on a cluster.
    Exit 1: some could not be made.
    """
    plan = Plan(patients=patients, calibration=calibration, seed=seed)
    schemed = list(_schemed(drugs or designed(), schemes))
    if not schemed:
        raise click.UsageError(f"no design has a sampling scheme named {', '.join(schemes)}")
    writable(out)
    say(PREPARING)
    everything = [_job(design, scheme, plan) for design, scheme in schemed]
    wanted = everything if again else [_left(job, out) for job in everything]
    jobs = [job for job in wanted if job.kinds]
    done = _saved(_there(jobs, cluster, again) if cluster else _here(jobs), out)
    asked = {job.named(kind) for job in jobs for kind in job.kinds}
    kept = [name for job in everything for kind in job.kinds if (name := job.named(kind)) not in asked]
    if as_json:
        show_json({"trained": done.made, "kept": kept, "failed": done.failed, "folder": str(out)})
    else:
        for name, reason in done.failed.items():
            click.echo(f"{name}: {reason}")
        click.echo(f"{len(done.made)} companions trained, {len(kept)} kept as they were, in {out}")
    raise SystemExit(EXIT_NOT_AS_WISHED if done.failed else 0)


def _schemed(drugs: tuple[str, ...], schemes: tuple[str, ...]) -> Iterator[tuple[CohortDesign, str]]:
    for drug in drugs:
        design = load_cohort_design(drug)
        yield from ((design, scheme) for scheme in design.schemes if not schemes or scheme in schemes)


def _job(design: CohortDesign, scheme: str, plan: Plan) -> CompanionsJob:
    return CompanionsJob(drug=design.drug, scheme=scheme, kinds=kinds_of(design, scheme), plan=plan)


def _left(job: CompanionsJob, out: Path) -> CompanionsJob:
    """Without the kinds that are there already."""
    return replace(job, kinds=tuple(kind for kind in job.kinds if not _is_there(job, kind, out)))


def _is_there(job: CompanionsJob, kind: Kind, out: Path) -> bool:
    """Whether the file holds what this plan would make, of this design; the models may have changed since: `check`."""
    try:
        found = load_placed(path_of(job.drug, job.scheme, kind, out))
    except BadCompanion:
        return False
    if covariates_among(found.inputs) != covariates_of(job.drug):
        return False
    design = load_cohort_design(job.drug).hash
    return found.manifest["plan"] == asdict(job.plan) and found.manifest["populations"][0]["design"] == design


def _here(jobs: Iterable[CompanionsJob]) -> Iterator[Result]:
    """Each companion as soon as it is there."""
    catalog = load_catalog()
    for job in jobs:
        try:
            for kind, text in trained_texts(job, catalog, _Bar(f"{job.drug} {job.scheme}")):
                yield job, (companion_of(text, job.named(kind)),)
        except ModelsError as error:
            yield job, str(error)


def _there(jobs: list[CompanionsJob], cluster: Cluster, again: bool) -> Iterator[Result]:
    since = Since(load_catalog())

    def read(job: CompanionsJob, answer: Answer) -> tuple[Companion, ...]:
        return tuple(companion_for(job, kind, answer.made.get(kind, ""), since) for kind in job.kinds)

    return trained_there(cluster, jobs, read, again=again)


def _saved(results: Iterable[Result], out: Path) -> _Done:
    done = _Done()
    for job, result in results:
        if isinstance(result, str):
            done.failed[job.id] = result
            continue
        for companion in result:
            path = path_of(companion.drug, companion.scheme, companion.kind, out)
            save(_as_signed(companion, path), path)
            done.made.append(job.named(companion.kind))
    return done


def _as_signed(companion: Companion, path: Path) -> Companion:
    """With the signature of the same content there: whoever trains it again takes nobody's word back."""
    try:
        before = load(path)
    except BadCompanion:
        return companion
    return replace(companion, signed=before.signed) if before.hash == companion.hash else companion


class _Bar:
    """One line a stage: "vancomycin trough: patients simulated  40 %", on standard error."""

    def __init__(self, label: str) -> None:
        self._label, self._last = label, -1

    def __call__(self, stage: str, done: int, total: int) -> None:
        percent = 100 * done // total
        if sys.stderr.isatty() and percent != self._last:
            click.echo(f"\r{self._label}: {stage} {percent:3d} %", nl=done == total, err=True)
        elif done == total:
            say(f"{self._label}: {stage}, {total}")
        self._last = percent
