"""titrate learn sign: a person's note that a companion is in use."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from cds_server.cli.common import json_option
from cds_server.cli.common import show as show_json
from cds_server.cli.learn.listing import folder_option, found, row
from models.learned.companion import Signature, save


@click.command()
@click.argument("name")
@click.option("--by", required=True, help="The person's name, as it will stand in the file.")
@click.option("--role", required=True, help="What the person signs as.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="The day; today unless given.")
@folder_option
@json_option
def sign(name: str, by: str, role: str, at: datetime | None, folder: Path, as_json: bool) -> None:
    """Write into the file of NAME who put it into use, when, and for which hash. A note, not a cryptographic signature:
    whoever can write the file can sign it.
    """
    if not by.strip() or not role.strip():
        raise click.BadParameter("a name and a role can not be empty", param_hint="--by, --role")
    path, companion = found(name, folder)
    day = (at or datetime.now(UTC)).date().isoformat()
    signature = Signature(by=by.strip(), role=role.strip(), on=day, hash=companion.hash)
    signed = replace(companion, signed=signature)
    save(signed, path)
    if as_json:
        show_json(row(path, signed))
    else:
        click.echo(f"{name} {signed.hash[:12]} signed by {signature.by} ({signature.role}) on {day}: {path}")
