"""titrate learn: the learned companions: trained, listed, read, checked, put into use."""

import click

from cds_server.cli.learn.check import check
from cds_server.cli.learn.listing import listing, show
from cds_server.cli.learn.signing import sign
from cds_server.cli.learn.train import train


@click.group()
def learn() -> None:
    """Boosted trees that stand beside the fit, trained on simulated patients; they never set the dose shown."""


for command in (train, listing, show, check, sign):
    learn.add_command(command)
