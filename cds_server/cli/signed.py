"""What the commands that list, check and sign rules and companions share: the site's file of signatures."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cds_server.config import from_environment
from models.signature import Signature, Signatures, add_signature, read_signatures, void

signatures_option = click.option(
    "--signatures",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The site's file of who put what into use; by default TITRATE_SIGNATURES_FILE.",
)
_WHO = (
    click.option("--by", required=True, help="The person's name, as it will stand in the file."),
    click.option("--role", required=True, help="What the person signs as."),
    click.option("--note", default="", help="What was looked at, for whom it is in use."),
    click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="The day; today unless given."),
)
READ_AT_START = "A service that runs knows of it when it is started again."


def who_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--by, --role, --note and --at."""
    for option in reversed(_WHO):
        command = option(command)
    return command


def signature_of(by: str, role: str, note: str, at: datetime | None, hash: str) -> Signature:
    """The note for a content; used wrongly where nobody is named."""
    if not by.strip() or not role.strip():
        raise click.BadParameter("a name and a role can not be empty", param_hint="--by, --role")
    if not (by + role + note).isprintable():
        raise click.BadParameter("what is written down is text on one line", param_hint="--by, --role, --note")
    day = (at or datetime.now(UTC)).date().isoformat()
    return Signature(by=by.strip(), role=role.strip(), on=day, hash=hash, note=note.strip())


def site_signatures(file: Path | None) -> Signatures:
    """Those of the file, by default the settings'."""
    return read_signatures(file or from_environment().signatures)


def keep_signature(file: Path | None, id: str, note: Signature) -> Path:
    """Where it was written: the file, by default the settings'."""
    path = (file or from_environment().signatures).absolute()
    add_signature(path, id, note)
    return path


def void_among(signatures: Signatures, hashes: Mapping[str, str], kinds: tuple[str, ...]) -> list[str]:
    """Signatures of ids that end in one of `kinds` which nothing here answers to."""
    return list(void({id: notes for id, notes in signatures.items() if id.endswith(kinds)}, hashes))
