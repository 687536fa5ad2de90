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
    with _bar() as told:
        for job, answer in cluster.trained(jobs, told, again=again):
            if not answer.made:
                yield job, answer.reason
                continue
            try:
                found = read(job, answer)
            except ModelsError as error:
                cluster.forget(job)
                found = str(error)
            yield job, found


@contextmanager
def _bar() -> Iterator[Callable[[int, int, int], None]]:
    """Jobs done, on standard error: a bar where that is a terminal, else a line each."""
    bars: list[Any] = []
    last = [-1]

    def told(done: int, total: int, under_way: int) -> None:
        if not bars:
            bars.append(click.progressbar(length=total, label="jobs", file=sys.stderr, hidden=not sys.stderr.isatty()))
        bars[0].label = f"jobs, {under_way} under way"
        bars[0].update(done - bars[0].pos)
        if done != last[0] and not sys.stderr.isatty():
            say(f"{done} of {total} jobs done")
        last[0] = done

    try:
        yield told
    except KeyboardInterrupt:
        say(
            "\nbroken off: what was finished is written; the workers go on, and the same command takes up what they did"
        )
        raise
    finally:
        if bars:
            bars[0].render_finish()
