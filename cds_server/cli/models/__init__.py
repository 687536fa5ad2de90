"""titrate models: what models there are, what is in them, whether they hold, how they compare."""

import click

from cds_server.cli.models.check import check
from cds_server.cli.models.compare import compare
from cds_server.cli.models.listing import list_models, show_model
from cds_server.cli.models.write import docs, review


@click.group()
def models() -> None:
    """List, show, check or compare the population models, or write their pages."""


for command in (list_models, show_model, check, compare, docs, review):
    models.add_command(command)
