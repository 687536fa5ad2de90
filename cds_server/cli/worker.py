"""titrate worker: consume estimations from a broker, or trainings."""

from pathlib import Path

import click

from cds_server.cli.cluster import broker_place, folder_type
from cds_server.cli.common import opened_store, say
from cds_server.config import SettingsError, from_environment
from cds_server.logs import configure_logging
from cds_server.queue.worker import work
from cds_server.training.app import LIMIT_MINUTES, Place
from cds_server.training.worker import work as work_on_trainings


@click.command()
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True,
              help="How many estimations, or trainings, run side by side.")  # fmt: skip
@click.option("--training", is_flag=True,
              help="Take the trainings of rules|learn train --cluster, and nothing else.")  # fmt: skip
@click.option("--folder", type=folder_type, metavar="FOLDER",
              help="With --training: jobs and answers lie here, in place of a broker.")  # fmt: skip
@click.option("--minutes", type=click.FloatRange(1), default=LIMIT_MINUTES, show_default=True,
              help="With --training: longest that one training may take.")  # fmt: skip
def worker(processes: int, training: bool, folder: Path | None, minutes: float) -> None:
    """Fit patients from the queue at TITRATE_BROKER_URL. `serve` and `demo` without a broker start their own worker.

    With --training: train rules and companions for a cluster. Such a worker needs no database and no key, sees no
    patient, and never takes an estimation.
    """
    if folder and not training:
        raise click.UsageError("--folder goes with --training")
    if training:
        _train(processes, folder, minutes)
    else:
        _estimate(processes)


def _train(processes: int, folder: Path | None, minutes: float) -> None:
    settings = from_environment()
    place = Place(folder=folder) if folder else broker_place(
        "TITRATE_BROKER_URL is not set: a training worker listens to a Redis broker. "
        "Set it, or name a folder that client and workers share with --folder"
    )  # fmt: skip
    configure_logging(settings)
    say("The training worker starts.")
    work_on_trainings(settings, place, processes=processes, minutes=minutes)


def _estimate(processes: int) -> None:
    settings = from_environment()
    if not settings.broker_url:
        raise SettingsError("TITRATE_BROKER_URL is not set: without a broker `titrate serve` has a worker of its own")
    configure_logging(settings)
    with opened_store(settings):
        say("The database is there; the worker starts.")
    work(settings, processes=processes)
