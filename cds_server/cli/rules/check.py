"""titrate rules check: every rule's file read, its proofs repeated, its hash compared."""

from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, show
from cds_server.cli.rules.options import library_option
from models.catalog import Catalog, load_catalog
from models.cohorts.design import load_cohort_design
from models.rules.frozen import FrozenRule
from models.rules.library import load_library


@click.command()
@library_option
@json_option
def check(library: Path, as_json: bool) -> None:
    """Read every rule: hash, formula, units, monotony and finiteness over its box; and whether the models and the
    design that it was trained on are still those that ship.

    Exit 1 where a file is refused. A rule whose models have changed since stays what it was; train it again.
    """
    found, catalog = load_library(library), load_catalog()
    stale = {rule.id: lines for rule in found.rules.values() if (lines := list(_changed(rule, catalog)))}
    if as_json:
        refused: list[dict[str, Any]] = [vars(item) for item in found.refused]
        show({"rules": list(found.rules), "refused": refused, "changed_since": stale})
    else:
        for item in found.refused:
            click.echo(f"error: {item.reason}")
        for id, lines in stale.items():
            click.echo(f"warning: {id}: changed since it was trained: {', '.join(lines)}; train it again")
        click.echo(f"{len(found.rules)} rules are in order, {len(found.refused)} refused, {len(stale)} to train again")
    raise SystemExit(EXIT_NOT_AS_WISHED if found.refused else 0)


def _changed(rule: FrozenRule, catalog: Catalog) -> list[str]:
    made = rule.training["population"]
    found = [
        id for id, digest in made["models"].items() if id not in catalog.models or catalog.models[id].hash != digest
    ]
    return found + ([f"the design of {rule.drug}"] if load_cohort_design(rule.drug).hash != made["design"] else [])
