"""titrate rules sign: a person's note that a rule is in use."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from cds_server.cli.common import json_option, show
from cds_server.cli.rules.options import as_json as rule_json
from cds_server.cli.rules.options import known_rule
from cds_server.cli.signed import READ_AT_START, keep_signature, signature_of, signatures_option, who_options
from models.rules.library import LIBRARY, load_library, write_rule


@click.command()
@click.argument("rule_id")
@who_options
@click.option("--library", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A folder of rules of your own, whose file is signed itself.")  # fmt: skip
@signatures_option
@json_option
def sign(
    rule_id: str,
    by: str,
    role: str,
    note: str,
    at: datetime | None,
    library: Path | None,
    signatures: Path | None,
    as_json: bool,
) -> None:
    """Write down who put RULE_ID into use, when, and for which hash: in the site's file of signatures, which a service
    reads when it is started. A note, not a cryptographic signature: whoever can write the file can sign.
    """
    if library and signatures:
        raise click.UsageError("a rule of --library is signed in its own file, not in --signatures: give one of both")
    rule = known_rule(load_library(library or LIBRARY), rule_id)
    signature = signature_of(by, role, note, at, rule.hash)
    signed = replace(rule, signatures=(*rule.signatures, signature))
    path = write_rule(signed, library) if library else keep_signature(signatures, rule.id, signature)
    if as_json:
        show(rule_json(signed))
    else:
        click.echo(f"{rule.id} {rule.hash[:12]} signed by {signature.by} ({signature.role}) on {signature.on}: {path}")
        if not library:
            click.echo(READ_AT_START)
