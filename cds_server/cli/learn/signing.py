"""titrate learn sign: a person's note that a companion is in use."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from cds_server.cli.common import json_option
from cds_server.cli.common import show as show_json
from cds_server.cli.learn.listing import found, row
from cds_server.cli.signed import READ_AT_START, keep_signature, signature_of, signatures_option, who_options
from models.learned.companion import save
from models.learned.library import LIBRARY


@click.command()
@click.argument("name")
@who_options
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A folder of companions of your own, whose file is signed itself.")  # fmt: skip
@signatures_option
@json_option
def sign(
    name: str,
    by: str,
    role: str,
    note: str,
    at: datetime | None,
    folder: Path | None,
    signatures: Path | None,
    as_json: bool,
) -> None:
    """Write down who put NAME into use, when, and for which hash: in the site's file of signatures, which a service
    reads when it is started. A note, not a cryptographic signature: whoever can write the file can sign.
    """
    if folder and signatures:
        raise click.UsageError("a companion of --folder is signed in its own file, not in --signatures: give one")
    path, companion = found(name, folder or LIBRARY)
    signature = signature_of(by, role, note, at, companion.hash)
    signed = replace(companion, signed=signature)
    if folder:
        save(signed, path)
    else:
        path = keep_signature(signatures, name, signature)
    if as_json:
        show_json(row(signed))
    else:
        click.echo(f"{name} {signed.hash[:12]} signed by {signature.by} ({signature.role}) on {signature.on}: {path}")
        if not folder:
            click.echo(READ_AT_START)
