"""Patients on all cores: processes, as ranking regimens is too much Python for threads."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from threadpoolctl import threadpool_limits

from cds_server.cli.population import progress_bar

T = TypeVar("T")
R = TypeVar("R")
CHUNK = 10


def on_all_cores(
    work: Callable[[T], R], jobs: Sequence[T], *, label: str, processes: int | None, chunk: int = CHUNK
) -> list[R]:
    """work(job) of every job, in order. work: a function of a module; jobs and results: plain values.

    chunk: jobs that a process takes at once; many for short ones.
    """
    chunks = [jobs[start : start + chunk] for start in range(0, len(jobs), chunk)]
    results: list[list[R]] = [[] for _ in chunks]
    context = get_context("spawn")
    with ProcessPoolExecutor(processes or os.cpu_count(), mp_context=context, initializer=_one_thread) as pool:
        tasks = {pool.submit(_each, work, chunk): number for number, chunk in enumerate(chunks)}
        done = 0
        with progress_bar(len(jobs), label) as bar:
            for task in as_completed(tasks):
                results[tasks[task]] = task.result()
                done += len(chunks[tasks[task]])
                bar(done)
    return [item for part in results for item in part]


def _each(work: Callable[[T], R], jobs: Sequence[T]) -> list[R]:
    return [work(job) for job in jobs]


def _one_thread() -> None:
    """In each process: one thread of linear algebra, as the matrices are small and the cores are busy already."""
    threadpool_limits(limits=1)
