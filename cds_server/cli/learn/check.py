"""titrate learn check: whether each companion is whole, and still of the models and designs that are here."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option
from cds_server.cli.common import show as show_json
from cds_server.cli.learn.listing import folder_option, name_of
from models.catalog import Catalog, load_catalog
from models.cohorts.design import load_cohort_design
from models.errors import ModelsError
from models.learned.companion import BadCompanion, Companion
from models.learned.library import load_placed, paths


@click.command()
@folder_option
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Exit code 1 where a file is damaged, or was trained on models or designs that have changed since."""
    catalog = load_catalog()
    found = {name_of(path): list(_problems(path, catalog)) for path in paths(folder)}
    if as_json:
        show_json({"companions": found})
    else:
        for name, problems in found.items():
            for problem in problems:
                click.echo(f"{name}: {problem}")
        click.echo(f"{len(found)} companions, {sum(map(bool, found.values()))} not in order")
    if any(found.values()):
        sys.exit(EXIT_NOT_AS_WISHED)


def _problems(path: Path, catalog: Catalog) -> Iterator[str]:
    try:
        found = load_placed(path)
    except BadCompanion as error:
        yield str(error)
        return
    yield from _changed(found, catalog)


def _changed(found: Companion, catalog: Catalog) -> Iterator[str]:
    made = found.manifest["populations"][0]
    try:
        if load_cohort_design(found.drug).hash != made["design"]:
            yield "the design of its patients has changed since; train it again"
        for name, content in made["models"].items():
            if catalog.model(name).hash != content:
                yield f"{name} has changed since; train it again"
    except ModelsError as error:
        yield str(error)
