"""titrate database: the schema."""

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, show
from cds_server.config import from_environment
from cds_server.store import Store


@click.group()
def database() -> None:
    """Look at or bring forward the schema of TITRATE_DATABASE_URL."""


@database.command()
def upgrade() -> None:
    """Run the migrations that the database lacks."""
    store = Store(from_environment().database)
    store.upgrade()
    click.echo("The database has the current schema.")


@database.command()
@json_option
def check(as_json: bool) -> None:
    """Exit 0 where the database has the current schema, else 1."""
    current = Store(from_environment().database).ready()
    show({"current": current}) if as_json else click.echo("current" if current else "not current")
    raise SystemExit(0 if current else EXIT_NOT_AS_WISHED)
