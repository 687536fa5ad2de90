"""titrate rules import: what PySR found elsewhere, parsed, refitted, chosen from and frozen here."""

from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import json_option, say, show, writable
from cds_server.cli.rules.options import as_json as rule_json
from cds_server.cli.rules.options import (
    drug_option,
    measures_text,
    out_option,
    patients_option,
    schemes_of,
    seed_option,
)
from models.catalog import Catalog, load_catalog
from models.cohorts.design import load_cohort_design
from models.rules.engines.hall_of_fame import Imported, bytes_of, read_hall_of_fame
from models.rules.frozen import FORMS
from models.rules.library import write_rule
from models.rules.task import data_for, load_task
from models.rules.train import Plan, populations, train
from models.rules.wording import at_once


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@drug_option(required=True, help="What the formulas are for.")
@click.option("--scheme", required=True, help="The sampling scheme of the drug.")
@click.option("--form", type=click.Choice(FORMS), required=True, help="Which inputs and target the formulas have.")
@patients_option
@seed_option
@out_option
@json_option
def import_rule(
    file: Path, drug: str, scheme: str, form: Any, patients: int, seed: int, out: Path, as_json: bool
) -> None:
    """Read the equations of FILE, a hall_of_fame.csv of PySR (columns Complexity, Loss, Equation), over the inputs of
    the asked rule; refit their constants on simulated patients, choose one as `train` does, and freeze it.

    Needs neither Julia nor PySR. Nothing in the file is evaluated: operators other than + - * / ^ exp log sqrt
    square cube, and names other than the inputs', are refused with their line.
    """
    catalog, plan = load_catalog(), Plan(patients=patients, seed=seed, seeds=(1,), outer_seeds=(1,))
    (scheme,) = schemes_of(drug, scheme)
    data = bytes_of(file)
    made = populations(load_cohort_design(drug), catalog, scheme, plan)
    hall = read_hall_of_fame(data, _names(catalog, drug, made, form))
    for line in hall.refused:
        say(f"line {line.number} is not read: {line.reason}")
    writable(out)
    engine = Imported(front=hall.found, source=f"hall_of_fame.csv of PySR, {hall.hash[:12]}")
    rule = train(catalog, drug, scheme, form, engine, plan=plan, made=made).rule
    path = write_rule(rule, out)
    if as_json:
        show({"rule": rule_json(rule), "refused": [vars(line) for line in hall.refused]})
        return
    click.echo(f"{rule.id}: {at_once(rule)}")
    for item in rule.assessments:
        click.echo(f"  {measures_text(item)}")
    click.echo(f"written to {path}")


def _names(catalog: Catalog, drug: str, made: Any, form: Any) -> tuple[str, ...]:
    design = load_cohort_design(drug)
    data = data_for(load_task(drug), design, made.training, catalog.model(design.reference), form)
    return tuple(data.columns)
