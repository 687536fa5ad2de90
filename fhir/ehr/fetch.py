"""Several reads of one FHIR server at once, within one deadline."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import Any, Protocol

from fhir.errors import FhirError, ServerUnreachable

_WORKERS = 8

Resources = list[dict[str, Any]]
Job = Callable[[], Resources]


class Reader(Protocol):
    """What FhirClient offers."""

    def read(self, path: str) -> dict[str, Any]: ...
    def search(self, query: str) -> Resources: ...
    def follow(self, bundle: Mapping[str, Any]) -> Resources: ...


def fetch(
    client: Reader, queries: Mapping[str, str | Mapping[str, Any]], until: float
) -> dict[str, Resources | FhirError]:
    """By key: what a read ("Type/id"), a search ("Type?...") or the pages after a Bundle gave, or why not."""
    return _in_parallel({key: _job(client, query) for key, query in queries.items()}, until)


def _job(client: Reader, query: str | Mapping[str, Any]) -> Job:
    if not isinstance(query, str):
        return lambda: client.follow(query)
    return lambda: client.search(query) if "?" in query else [client.read(query)]


def _in_parallel(jobs: Mapping[str, Job], until: float) -> dict[str, Resources | FhirError]:
    """Each job's result or error; one that is not done by the deadline has the error that says so."""
    if not jobs:
        return {}
    pool = ThreadPoolExecutor(max_workers=min(_WORKERS, len(jobs)), thread_name_prefix="fhir")
    try:
        futures = {key: pool.submit(job) for key, job in jobs.items()}
        wait(futures.values(), timeout=max(until - monotonic(), 0.0))
        return {key: _outcome(future) for key, future in futures.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[Resources]) -> Resources | FhirError:
    if not future.done() or future.cancelled():
        return ServerUnreachable("the FHIR server did not answer in time")
    error = future.exception()
    if isinstance(error, FhirError):
        return error
    return future.result()
