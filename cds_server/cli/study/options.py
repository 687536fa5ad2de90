"""Options that the study commands share."""

import click

from cds_server.cli.common import json_option as json_option

seed_option = click.option("--seed", type=click.IntRange(0), default=20260101, show_default=True,
                           help="The same seed, the same patients and numbers.")  # fmt: skip
draws_option = click.option("--draws", type=click.IntRange(50, 10_000), default=200, show_default=True,
                            help="From the posteriors, for each piece of advice; the product takes 1000.")  # fmt: skip
out_option = click.option("--out", type=click.Path(file_okay=False, writable=True), metavar="FOLDER",
                          help="Write the tables and the figure there.")  # fmt: skip
processes_option = click.option("--processes", type=click.IntRange(1), help="As many as there are cores, unless given.")
