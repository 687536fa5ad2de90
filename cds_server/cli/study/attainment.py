"""titrate study: standard dosing against advice, drug by drug."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, say, show, warm_up
from cds_server.cli.population import plain
from cds_server.cli.study.figure import figure
from cds_server.cli.study.pool import on_all_cores
from cds_server.cli.study.report import attainment_page, attainment_tables
from cds_server.cli.study.studied import Studied
from cds_server.cli.study.write import written
from cds_server.encode import encode
from models.catalog import load_catalog
from models.study.design import load_design
from models.study.journey import Journey, Setting, journey, setting
from models.study.summary import Compared, against_best_single, against_standard, rows


@dataclass(frozen=True, kw_only=True)
class Job:
    drug: str
    number: int
    seed: int
    draws: int
    alone: bool


def run_attainment(
    drugs: Sequence[str],
    patients: int,
    alone_every: int,
    seed: int,
    draws: int,
    out: str | None,
    processes: int | None,
    as_json: bool,
) -> None:
    """Run, print and write it; exits with 1 where advice after two levels does not beat standard dosing somewhere."""
    warm_up()
    found = tuple(_studied(drug, patients, alone_every, seed, draws, processes) for drug in drugs)
    document = {"seed": seed, "patients": patients, "draws": draws, "drugs": [plain(encode(item)) for item in found]}
    if as_json:
        show(document)
    else:
        say("")
        click.echo(attainment_tables(found))
    if out:
        page = attainment_page(found, seed=seed, patients=patients, draws=draws, alone_every=alone_every)
        written(Path(out), {"study.md": page, "attainment.svg": figure(found)}, {"study.json": document})
    raise SystemExit(0 if all(_beats(item.standard) for item in found) else EXIT_NOT_AS_WISHED)


def _studied(drug: str, patients: int, alone_every: int, seed: int, draws: int, processes: int | None) -> Studied:
    jobs = [
        # even and odd patients may come from different truths: both kinds are dosed by each model alone
        Job(drug=drug, number=n, seed=seed, draws=draws, alone=n // 2 % alone_every == 0)
        for n in range(patients)
    ]
    journeys = on_all_cores(work, jobs, label=f"{drug:<12}", processes=processes)
    return Studied(
        drug=drug,
        design=load_design(drug),
        rows=rows(journeys),
        standard=against_standard(journeys),
        single=against_best_single(journeys),
        tried=sum(item.tried for item in journeys) / len(journeys),
    )


def work(job: Job) -> Journey:
    """In one of the processes."""
    return journey(_setting(job.drug), job.number, seed=job.seed, draws=job.draws, alone=job.alone)


@cache
def _setting(drug: str) -> Setting:
    return setting(load_design(drug), load_catalog())


def _beats(compared: Sequence[Compared]) -> bool:
    """The last comparison: after two levels, by the models as shipped where the true one is not a shifted one."""
    return compared[-1].low > 0.0
