"""titrate feedback: what users did with the cards."""

import click

from cds_server.cli.common import json_option
from cds_server.cli.feedback.export import export
from cds_server.cli.feedback.listing import listed
from cds_server.cli.feedback.report import report


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def feedback(context: click.Context, as_json: bool) -> None:
    """All stored feedback, oldest first; `report` sums it up, `export` writes it to a file.

    Comments are people's words and may name a patient.
    """
    if context.invoked_subcommand is None:
        listed(as_json)
    elif as_json:
        raise click.UsageError(
            f"--json is said after the command: titrate feedback {context.invoked_subcommand} --json"
        )


feedback.add_command(report)
feedback.add_command(export)
