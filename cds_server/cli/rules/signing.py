"""titrate rules sign: a person's note that a rule is in use."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import click

from cds_server.cli.common import json_option, show
from cds_server.cli.rules.options import as_json as rule_json
from cds_server.cli.rules.options import library_option
from models.rules.frozen import Signature
from models.rules.library import load_library, write_rule


@click.command()
@click.argument("rule_id")
@click.option("--by", required=True, help="The person's name, as it will stand in the file.")
@click.option("--role", required=True, help="What the person signs as.")
@click.option("--note", default="", help="What was looked at, for whom the rule is in use.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="The day; today unless given.")
@library_option
@json_option
def sign(rule_id: str, by: str, role: str, note: str, at: datetime | None, library: Path, as_json: bool) -> None:
    """Write into the file of RULE_ID who put it into use, when, and for which hash. A note, not a cryptographic
    signature: whoever can write the file can sign it.
    """
    rule = load_library(library).rule(rule_id)
    if not by.strip() or not role.strip():
        raise click.BadParameter("a name and a role can not be empty", param_hint="--by, --role")
    day: date = (at or datetime.now(UTC)).date()
    signature = Signature(by=by.strip(), role=role.strip(), at=day.isoformat(), hash=rule.hash, note=note.strip())
    signed = replace(rule, signatures=(*rule.signatures, signature))
    path = write_rule(signed, library)
    if as_json:
        show(rule_json(signed))
    else:
        click.echo(f"{rule.id} {rule.hash[:12]} signed by {signature.by} ({signature.role}) on {signature.at}: {path}")
