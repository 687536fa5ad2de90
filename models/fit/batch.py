"""Many patients at once, on all cores.

The search of a fit runs without the interpreter's lock, but what surrounds it does not, and two threads are then no
faster than one. Large batches go to forked processes, which see the subjects without their being copied and send back
bare numbers; where the system can not fork, and for small batches, everything runs here.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from typing import cast

import numpy as np

from models.errors import ModelsError
from models.fit.kernels.search import Found
from models.fit.mapfit import find, told
from models.fit.options import FitOptions
from models.fit.posterior import Posterior
from models.population.model import PopulationModel
from models.subject import Subject

CHUNK = 100  # subjects between two reports
NOTHING = np.empty(0)
WORTH_FORKING = 400  # subjects: a process costs about as much as a hundred fits

Result = Found | Posterior
Progress = Callable[[int, int], None]


def fit_many(
    model: PopulationModel,
    subjects: Iterable[Subject],
    *,
    options: FitOptions | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Posterior, ...]:
    """One posterior for each subject, in order, the same as fit_map's; workers None: one for each core.

    progress(done, total) is called from this thread after each chunk. Raises ModelsError where a worker is lost.
    """
    everyone, options = tuple(subjects), options or FitOptions()
    count = min(workers or os.cpu_count() or 1, len(everyone) // (WORTH_FORKING // 2) or 1)
    results: list[Posterior | None] = [None] * len(everyone)
    done = 0
    if everyone:
        find(model, everyone[0], options)  # compiles, if nothing has yet
    forked = count > 1 and "fork" in get_all_start_methods()
    for start, found in _forked(model, everyone, options, count) if forked else _here(model, everyone, options):
        for k, one in enumerate(found):
            results[start + k] = told(model, everyone[start + k], one)
        done += len(found)
        if progress:
            progress(done, len(everyone))
    return tuple(posterior for posterior in results if posterior is not None)


def _here(
    model: PopulationModel, everyone: Sequence[Subject], options: FitOptions
) -> Iterator[tuple[int, Sequence[Result]]]:
    for start in range(0, len(everyone), CHUNK):
        yield start, [find(model, subject, options) for subject in everyone[start : start + CHUNK]]


def _forked(
    model: PopulationModel, everyone: Sequence[Subject], options: FitOptions, count: int
) -> Iterator[tuple[int, Sequence[Result]]]:
    """Chunks as they come; every count-th chunk is one worker's."""
    fork = get_context("fork")
    pipes: list[Connection] = []
    for worker in range(count):
        receive, send = fork.Pipe(duplex=False)
        starts = range(worker * CHUNK, len(everyone), count * CHUNK)
        process = fork.Process(target=_work, args=(model, everyone, options, starts, send), daemon=True)
        process.start()
        send.close()
        pipes.append(receive)
    while pipes:
        for pipe in cast(list[Connection], wait(pipes)):
            try:
                message = pipe.recv()
            except EOFError:
                raise ModelsError("a worker of the batch was lost; run it again, with workers=1 to see why") from None
            if message is None:
                pipes.remove(pipe)
            else:
                yield message


def _work(
    model: PopulationModel, everyone: Sequence[Subject], options: FitOptions, starts: range, send: Connection
) -> None:
    for start in starts:
        send.send((start, [_lean(find(model, subject, options)) for subject in everyone[start : start + CHUNK]]))
    send.send(None)


def _lean(found: Result) -> Result:
    """Without what no posterior is made of: each array costs as much to send as a tenth of a fit."""
    return found if isinstance(found, Posterior) else found._replace(gradient=NOTHING, other=NOTHING)
