"""titrate fit: one patient's random effects from a data file."""

import click


@click.command()
def fit() -> None:
    """x"""
