"""What both training commands share of a cluster: the options, the client behind them, its bar."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import say
from cds_server.config import SettingsError, from_environment
from cds_server.training.answer import Answer
from cds_server.training.app import Place
from cds_server.training.cluster import Cluster
from cds_server.training.jobs import Job
from models.errors import ModelsError

folder_type = click.Path(file_okay=False, path_type=Path)
_OPTIONS = (
    click.option("--cluster", "spread", is_flag=True,
                 help="By the workers (titrate worker --training) at TITRATE_BROKER_URL; the result is the same."),
    click.option("--cluster-folder", type=folder_type, metavar="FOLDER",
                 help="By the workers that share this folder (titrate worker --training --folder); no broker."),
    click.option("--patience", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True,
                 metavar="MINUTES", help="Without a sign of life of any worker, until this gives up."),
)  # fmt: skip
NO_BROKER = (
    "TITRATE_BROKER_URL is not set: --cluster needs the Redis that the workers (titrate worker --training) listen to. "
    "Set it, or name a folder that all of them reach with --cluster-folder"
)


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """They reach the command as one argument, `cluster`: a Cluster, or None for a training here."""

    @wraps(command)  # takes over the options below this decorator, too
    def with_cluster(spread: bool, cluster_folder: Path | None, patience: float, **rest: Any) -> Any:
        cluster = Cluster(_place(cluster_folder), patience_s=60 * patience) if spread or cluster_folder else None
        return command(cluster=cluster, **rest)

    for option in reversed(_OPTIONS):
        option(with_cluster)
    return with_cluster


def _place(folder: Path | None) -> Place:
    return Place(folder=folder) if folder else broker_place(NO_BROKER)


def broker_place(without: str) -> Place:
    """Of TITRATE_BROKER_URL; without: what to say where it is not set."""
    url = from_environment().broker_url
    if not url:
        raise SettingsError(without)
    return Place(broker_url=url)


def trained_there(
    cluster: Cluster, jobs: Sequence[Job], read: Callable[[Any, Answer], Any], *, again: bool
) -> Iterator[Any]:
    """(job, what `read` makes of its answer, or why there is nothing). An answer that is no use is not kept."""
    with _broken_off(), _Bar() as bar:
        for job, answer in cluster.trained(jobs, bar.told, again=again):
            found = _found(cluster, job, answer, read)
            bar.clear()
            yield job, found


def _found(cluster: Cluster, job: Job, answer: Answer, read: Callable[[Any, Answer], Any]) -> Any:
    if not answer.made:
        return answer.reason
    try:
        return read(job, answer)
    except ModelsError as error:
        cluster.forget(job)
        return str(error)


@contextmanager
def _broken_off() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        say("\nbroken off: what was finished is written; workers go on, and the same command takes up what they did")
        raise


class _Bar:
    """Jobs done, on standard error: a bar where that is a terminal, else a line each."""

    def __init__(self) -> None:
        self._terminal, self._last = sys.stderr.isatty(), -1
        self._bar: Any = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.render_finish()

    def told(self, done: int, total: int, under_way: int) -> None:
        if not self._terminal and done != self._last:
            say(f"{done} of {total} jobs done")
        if self._terminal:
            self._bar = self._bar or click.progressbar(length=total, file=sys.stderr)
            self._bar.label = f"jobs, {under_way} under way"
            self._bar.update(done - self._bar.pos)
        self._last = done

    def clear(self) -> None:
        """Room for a line of results; the bar comes again below it."""
        if self._terminal:
            click.echo("\r\033[K", nl=False, err=True)
