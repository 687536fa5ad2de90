"""titrate learn check: whether each companion is whole, and still of the models, designs and simulator of here."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say
from cds_server.cli.common import show as show_json
from cds_server.cli.learn.listing import folder_option, name_of
from cds_server.cli.models.words import PREPARING
from cds_server.cli.signed import signatures_option, site_signatures, void_among
from models.catalog import load_catalog
from models.cohorts.since import Since, recorded
from models.learned.companion import KINDS, BadCompanion, Companion
from models.learned.inputs import covariates_among, tasks
from models.learned.library import load_placed, paths


@click.command()
@folder_option
@signatures_option
@json_option
def check(folder: Path, signatures: Path | None, as_json: bool) -> None:
    """Exit code 1 where a file is damaged, or was trained on models, designs or by a simulator changed since.

    A signature for other content than is here is named: it is void.
    """
    say(PREPARING)
    since = Since(load_catalog())
    read = {name_of(path): _read(path) for path in paths(folder)}
    found = {name: list(_problems(one, since)) for name, one in read.items()}
    hashes = {name: one.hash for name, one in read.items() if isinstance(one, Companion)}
    void = void_among(site_signatures(signatures), hashes, KINDS)
    unknown = [name for name, one in read.items() if isinstance(one, Companion) and not all(map(recorded, _made(one)))]
    if as_json:
        show_json({"companions": found, "simulator_not_recorded": unknown, "void": void})
    else:
        for name, problems in found.items():
            for problem in problems:
                click.echo(f"{name}: {problem}")
        for line in void:
            click.echo(f"warning: {line}")
        if unknown:
            click.echo(f"of {len(unknown)} it is not recorded what their simulator gave: its changes go unnoticed")
        click.echo(f"{len(found)} companions, {sum(map(bool, found.values()))} not in order")
    if any(found.values()):
        sys.exit(EXIT_NOT_AS_WISHED)


def _read(path: Path) -> Companion | BadCompanion:
    try:
        return load_placed(path)
    except BadCompanion as error:
        return error


def _problems(one: Companion | BadCompanion, since: Since) -> Iterator[str]:
    if isinstance(one, BadCompanion):
        yield str(one)
        return
    changed = dict.fromkeys(text for made in _made(one) for text in since.changed(one.drug, made))
    if covariates_among(one.inputs) != tasks().get(one.drug):
        changed["the covariates that it is told"] = None
    if changed:
        yield f"changed since it was trained: {', '.join(changed)}; train it again"


def _made(one: Companion) -> list[dict[str, Any]]:
    """Manifests of its populations: to train on, and set aside."""
    return list(one.manifest["populations"])
