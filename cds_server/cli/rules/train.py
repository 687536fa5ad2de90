"""titrate rules train: from simulated patients to frozen rules, here or on a cluster, resumable."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from cds_server.cli.cluster import cluster_options, trained_there
from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say, show, writable
from cds_server.cli.rules.options import as_json as rule_json
from cds_server.cli.rules.options import (
    drug_option,
    form_option,
    measures_text,
    out_option,
    patients_option,
    schemes_of,
    seed_option,
)
from cds_server.training.answer import Answer
from cds_server.training.cluster import Cluster
from models.catalog import load_catalog
from models.cohorts.design import load_cohort_design
from models.cohorts.since import Since
from models.errors import ModelsError, RuleError
from models.rules.checkpoint import Checkpoints
from models.rules.frozen import FrozenRule
from models.rules.job import ENGINES, EngineName, RuleJob, not_as_asked, rule_for, trained_text
from models.rules.library import write_rule
from models.rules.rulefile import read_rule, rule_of
from models.rules.task import forms, tasked
from models.rules.train import Plan, behind_by, populations
from models.rules.wording import at_once

# a job with its rule, or why there is none
Result = tuple[RuleJob, FrozenRule | str]


@click.command("train")
@drug_option(help="Only this drug.")
@click.option("--scheme", help="Only this sampling scheme of the drug.")
@form_option
@patients_option
@seed_option
@click.option("--seeds", type=click.IntRange(1, 50), default=5, show_default=True, help="Searches, with seeds 1, 2 ...")
@click.option("--generations", type=click.IntRange(1, 10_000), default=60, show_default=True, help="Of each search.")
@click.option("--test-patients", type=click.IntRange(20, 100_000), default=400, show_default=True,
              help="Unseen, of each of three test seeds.")  # fmt: skip
@click.option("--alone-within", type=click.FloatRange(0), default=2.0, show_default=True, metavar="POINTS",
              help="A rule without a model is written where its RMSE is so near that of the informed one.")  # fmt: skip
@click.option("--engine", type=click.Choice(ENGINES), default="pyoperon", show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="The result is the same.")
@click.option("--checkpoints", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Finished searches; a run that was stopped goes on from there.")  # fmt: skip
@click.option("--again", is_flag=True, help="With a cluster: train anew what is there and was made the same way.")
@cluster_options
@out_option
@json_option
def train_rules(
    drug: str | None,
    scheme: str | None,
    form: str | None,
    patients: int,
    seed: int,
    seeds: int,
    generations: int,
    test_patients: int,
    alone_within: float,
    engine: EngineName,
    threads: int,
    checkpoints: Path | None,
    again: bool,
    cluster: Cluster | None,
    out: Path,
    as_json: bool,
) -> None:
    """Simulate patients, search formulas, choose one, test it on patients of a model that was never trained on.

    \b
    Of each drug's sampling schemes both forms, unless one is asked for.
    The same options give the same formula and hash, on any number of threads, here and on a cluster.
    With a cluster each rule is written as it comes; what is there and was made the same way is kept, so that
    the same command goes on where it was broken off.
    Exit 1: for some scheme no formula could be a rule.
    """
    if scheme and not drug:
        raise click.BadParameter("goes with --drug", param_hint="--scheme")
    if cluster and (checkpoints or threads != 1):
        raise click.UsageError(
            "--checkpoints and --threads are of a training here; a cluster has more processes instead"
        )
    plan = Plan(patients=patients, seed=seed, seeds=tuple(range(1, seeds + 1)), test_patients=test_patients)
    jobs = [
        RuleJob(drug=drug, scheme=scheme, form=form, plan=plan, engine=engine, generations=generations)
        for drug, scheme, form in _wished(drug, scheme, form)
    ]
    writable(out)
    if cluster:
        kept = {} if again else _kept(jobs, out)
        jobs = [job for job in jobs if job.id not in kept]
        results = _there(jobs, cluster, again)
    else:
        kept, results = {}, _here(jobs, threads, Checkpoints(checkpoints))
    found, failed = _written(_informed_first(jobs, results), kept, out, alone_within, quiet=as_json)
    if as_json:
        show({"rules": [rule_json(rule) for rule in found], "failed": failed, "kept": list(kept)})
    raise SystemExit(EXIT_NOT_AS_WISHED if failed else 0)


def _wished(drug: str | None, scheme: str | None, form: str | None) -> Iterator[tuple[str, str, Any]]:
    for name in [drug] if drug else tasked():
        for known in schemes_of(name, scheme):
            found = forms(load_cohort_design(name), known)
            yield from ((name, known, item) for item in found if form in (None, item))


def _kept(jobs: Sequence[RuleJob], out: Path) -> dict[str, FrozenRule]:
    """What these jobs would make is there already."""
    since, found = Since(load_catalog()), {}
    for job in jobs:
        try:
            rule = read_rule(out / f"{job.id}.toml")
        except ModelsError:
            continue
        if not not_as_asked(job, rule, since):
            say(f"{job.id} is kept: it was made the same way")
            found[job.id] = rule
    return found


def _here(jobs: Sequence[RuleJob], threads: int, checkpoints: Checkpoints) -> Iterator[Result]:
    catalog = load_catalog()
    for (drug, scheme), some in groupby(jobs, key=lambda job: (job.drug, job.scheme)):
        say(f"{drug}, {scheme}")
        with _bars() as told:
            made = None
            for job in some:
                made = made or populations(load_cohort_design(drug), catalog, scheme, job.plan, told)
                try:
                    text = trained_text(
                        job, catalog, threads=threads, made=made, checkpoints=checkpoints, progress=told
                    )  # fmt: skip
                    yield job, rule_of(text, job.id)
                except RuleError as error:
                    yield job, str(error)


def _there(jobs: Sequence[RuleJob], cluster: Cluster, again: bool) -> Iterator[Result]:
    since = Since(load_catalog())

    def read(job: RuleJob, answer: Answer) -> FrozenRule:
        return rule_for(job, answer.made.get(job.form, ""), since)

    return trained_there(cluster, jobs, read, again=again)


def _informed_first(jobs: Sequence[RuleJob], results: Iterable[Result]) -> Iterator[Result]:
    """A rule without a model is held back until the informed one of its scheme is there: it is measured by that."""
    awaited, held = {job.id for job in jobs if job.form == "informed"}, {}
    for job, result in results:
        if (informed := _informed(job)) in awaited and job.id != informed:
            held[informed] = (job, result)
            continue
        yield job, result
        awaited.discard(job.id)
        if job.id in held:
            yield held.pop(job.id)


def _informed(job: RuleJob) -> str:
    return f"{job.drug}/{job.scheme}-informed"


def _written(
    results: Iterable[Result], kept: dict[str, FrozenRule], out: Path, within: float, *, quiet: bool
) -> tuple[list[FrozenRule], dict[str, str]]:
    """Each rule is written as soon as it is there."""
    found: dict[str, FrozenRule] = {}
    failed: dict[str, str] = {}
    for job, result in results:
        if not quiet:
            _tell(job.id, result)
        if isinstance(result, str):
            failed[job.id] = result
        elif _near(result, (kept | found).get(_informed(job)), within):
            write_rule(_as_signed(result, out), out)
            found[job.id] = result
    return list(found.values()), failed


def _as_signed(rule: FrozenRule, out: Path) -> FrozenRule:
    """With the signatures of the same content there: whoever trains it again takes nobody's word back."""
    try:
        before = read_rule(out / f"{rule.id}.toml")
    except ModelsError:
        return rule
    return replace(rule, signatures=before.signatures) if before.hash == rule.hash else rule


def _near(rule: FrozenRule, informed: FrozenRule | None, within: float) -> bool:
    if rule.form != "alone" or informed is None or behind_by(rule, informed) <= within:
        return True
    say(f"{rule.id} is not written: {behind_by(rule, informed):.1f} points of RMSE behind the informed rule")
    return False


def _tell(id: str, result: FrozenRule | str) -> None:
    if isinstance(result, str):
        click.echo(f"{id}: {result}")
        return
    click.echo(f"{id}: {result.nodes} nodes, {result.hash[:12]}")
    click.echo(f"  {at_once(result)}")
    for item in result.assessments:
        click.echo(f"  {measures_text(item)}")


@contextmanager
def _bars() -> Iterator[Any]:
    """One bar for each kind of work, on standard error, where that is a terminal."""
    bars: dict[str, Any] = {}

    def told(label: str, done: int, total: int) -> None:
        if label not in bars:
            bars[label] = click.progressbar(length=total, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())
        bars[label].update(done - bars[label].pos)
        if done == total:
            bars.pop(label).render_finish()

    yield told
