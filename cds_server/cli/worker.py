"""titrate worker: consume estimations from a broker."""

import click

from cds_server.cli.common import opened_store, say
from cds_server.config import SettingsError, from_environment
from cds_server.logs import configure_logging
from cds_server.queue.worker import work


@click.command()
@click.option("--processes", type=int, default=1, show_default=True, help="How many estimations run side by side.")
def worker(processes: int) -> None:
    """Fit patients from the queue at TITRATE_BROKER_URL. `serve` and `demo` without a broker start their own worker."""
    settings = from_environment()
    if not settings.broker_url:
        raise SettingsError("TITRATE_BROKER_URL is not set: without a broker `titrate serve` has a worker of its own")
    configure_logging(settings)
    with opened_store(settings):
        say("The database is there; the worker starts.")
    work(settings, processes=processes)
