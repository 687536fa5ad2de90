"""titrate rules check: every rule's file read, its proofs repeated, its hash compared."""

from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say, show
from cds_server.cli.models.words import PREPARING
from cds_server.cli.rules.options import library_option
from cds_server.cli.signed import signatures_option, site_signatures, void_among
from models.catalog import load_catalog
from models.cohorts.since import Since, recorded
from models.rules.frozen import FORMS
from models.rules.library import load_library


@click.command()
@library_option
@signatures_option
@json_option
def check(library: Path, signatures: Path | None, as_json: bool) -> None:
    """Read every rule: hash, formula, units, monotony and finiteness over its box; and whether the models, the design
    and the simulator that it was trained with are still those that ship.

    Exit 1 where a file is refused. A signature for other content than is here is named: it is void. A rule whose models
    have changed since stays what it was; train it again.
    """
    say(PREPARING)
    found, since = load_library(library), Since(load_catalog())
    made = {rule.id: (rule.drug, rule.training["population"]) for rule in found.rules.values()}
    stale = {id: list(lines) for id, asked in made.items() if (lines := since.changed(*asked))}
    hashes = {rule.id: rule.hash for rule in found.rules.values()}
    void = void_among(site_signatures(signatures), hashes, FORMS)
    unknown = [id for id, (_, population) in made.items() if not recorded(population)]
    if as_json:
        refused: list[dict[str, Any]] = [vars(item) for item in found.refused]
        known = {"rules": list(found.rules), "refused": refused, "changed_since": stale}
        show({**known, "simulator_not_recorded": unknown, "void": void})
    else:
        for item in found.refused:
            click.echo(f"error: {item.reason}")
        for id, changed in stale.items():
            click.echo(f"warning: {id}: changed since it was trained: {', '.join(changed)}; train it again")
        for line in void:
            click.echo(f"warning: {line}")
        if unknown:
            click.echo(f"of {len(unknown)} it is not recorded what their simulator gave: its changes go unnoticed")
        click.echo(f"{len(found.rules)} rules are in order, {len(found.refused)} refused, {len(stale)} to train again")
    raise SystemExit(EXIT_NOT_AS_WISHED if found.refused else 0)
