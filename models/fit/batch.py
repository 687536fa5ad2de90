"""Many patients at once, on all cores: the kernels run without the interpreter's lock, so threads are enough."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed

from models.fit.mapfit import FitOptions, fit_map
from models.fit.posterior import Posterior
from models.population.model import PopulationModel
from models.subject import Subject

CHUNK = 64  # subjects a task: long enough that handing over costs nothing


def fit_many(
    model: PopulationModel,
    subjects: Iterable[Subject],
    *,
    options: FitOptions | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Posterior, ...]:
    """One posterior for each subject, in order; progress(done, total) is called from this thread after each chunk."""
    everyone = tuple(subjects)
    results: list[tuple[Posterior, ...]] = [()] * -(-len(everyone) // CHUNK)
    if everyone:
        fit_map(model, everyone[0], options=options)  # compiles, if nothing has yet

    def work(number: int) -> tuple[int, tuple[Posterior, ...]]:
        part = everyone[number * CHUNK : (number + 1) * CHUNK]
        return number, tuple(fit_map(model, subject, options=options) for subject in part)

    done = 0
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        for task in as_completed([pool.submit(work, number) for number in range(len(results))]):
            number, posteriors = task.result()
            results[number] = posteriors
            done += len(posteriors)
            if progress:
                progress(done, len(everyone))
    return tuple(posterior for part in results for posterior in part)
