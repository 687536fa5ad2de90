"""titrate learn train: companions of one or all drugs; what is there already and was made the same way is kept."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from cds_server.cli.common import json_option, say
from cds_server.cli.common import show as show_json
from cds_server.cli.models.words import PREPARING
from models.catalog import Catalog, load_catalog
from models.cohorts.design import CohortDesign, designed, load_cohort_design
from models.learned.companion import BadCompanion, Companion, Kind, load, save
from models.learned.inputs import covariates_among, covariates_of
from models.learned.library import LIBRARY, path_of
from models.learned.train import Material, Plan, kinds_of, material
from models.learned.train import train as trained


@click.command()
@click.option("--drug", "drugs", multiple=True, type=click.Choice(designed()), help="Only these; may be repeated.")
@click.option("--scheme", "schemes", multiple=True, help="Only these sampling schemes; may be repeated.")
@click.option("--patients", type=click.IntRange(200), default=Plan.patients, show_default=True, help="To train on.")
@click.option("--calibration", type=click.IntRange(100), default=Plan.calibration, show_default=True,
              help="Set aside for the intervals.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=Plan.seed, show_default=True)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=LIBRARY, help="By default the library."
)
@click.option("--again", is_flag=True, help="Train anew what is there already.")
@json_option
def train(
    drugs: tuple[str, ...],
    schemes: tuple[str, ...],
    patients: int,
    calibration: int,
    seed: int,
    out: Path,
    again: bool,
    as_json: bool,
) -> None:
    """Train companions; broken off, the same command goes on where it was."""
    plan, catalog = Plan(patients=patients, calibration=calibration, seed=seed), load_catalog()
    jobs = list(_jobs(drugs or designed(), schemes))
    if not jobs:
        raise click.UsageError(f"no design has a sampling scheme named {', '.join(schemes)}")
    say(PREPARING)
    made, kept = [], []
    for design, scheme in jobs:
        wanted = [kind for kind in kinds_of(design, scheme) if again or not _there(design, scheme, kind, plan, out)]
        kept += [f"{design.drug}/{scheme}-{kind}" for kind in kinds_of(design, scheme) if kind not in wanted]
        made += [
            f"{found.drug}/{found.scheme}-{found.kind}" for found in _scheme(design, catalog, scheme, wanted, plan, out)
        ]
    if as_json:
        show_json({"trained": made, "kept": kept, "folder": str(out)})
    else:
        click.echo(f"{len(made)} companions trained, {len(kept)} kept as they were, in {out}")


def _jobs(drugs: tuple[str, ...], schemes: tuple[str, ...]) -> Iterator[tuple[CohortDesign, str]]:
    for drug in drugs:
        design = load_cohort_design(drug)
        yield from ((design, scheme) for scheme in design.schemes if not schemes or scheme in schemes)


def _there(design: CohortDesign, scheme: str, kind: Kind, plan: Plan, out: Path) -> bool:
    """Whether the file holds what this plan would make, of this design; the models may have changed since: `check`."""
    path = path_of(design.drug, scheme, kind, out)
    try:
        found = load(path)
    except BadCompanion:
        return False
    manifest = found.manifest
    if covariates_among(found.inputs) != covariates_of(design.drug):
        return False
    return manifest["plan"] == asdict(plan) and manifest["populations"][0]["design"] == design.hash


def _scheme(
    design: CohortDesign, catalog: Catalog, scheme: str, kinds: list[Kind], plan: Plan, out: Path
) -> Iterator[Companion]:
    if not kinds:
        return
    found: Material = material(design, catalog, scheme=scheme, plan=plan, progress=_Bar(f"{design.drug} {scheme}"))
    for kind in kinds:
        companion = trained(found, kind=kind, progress=_Bar(f"{design.drug} {scheme} {kind}"))
        path = path_of(design.drug, scheme, kind, out)
        path.parent.mkdir(parents=True, exist_ok=True)
        save(companion, path)
        yield companion


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
