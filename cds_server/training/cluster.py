"""The client of a cluster: jobs out as one Celery group, answers in as they come, what is finished already taken up."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from celery import group
from kombu.exceptions import OperationalError

from cds_server.training.answer import Answer, answer_of
from cds_server.training.app import QUEUE, TRAIN, Place, prepared, training_app
from cds_server.training.jobs import Job, JobRefused, Message, message, task_id
from cds_server.training.pulse import ANY, Pace, Pulses

_MOST_SENT = 4  # times that one job is sent before its workers count as lost for good

Told = Callable[[int, int, int], None]


class ClusterError(Exception):
    """The cluster can not be used, or has fallen silent. What came back before is kept."""


@dataclass(kw_only=True)
class _Open:
    """A job that was sent. mark: its last sign of life, at `since`; beating: there was one after it was sent."""

    job: Job
    message: Message
    mark: str = ""
    since: float = 0.0
    sent: int = 1
    beating: bool = False


class Cluster:
    """patience_s: how long it may be before any worker gives a sign of life."""

    def __init__(self, place: Place, *, patience_s: float, pace: Pace | None = None) -> None:
        self._app, self._pace, self._patience = training_app(prepared(place)), pace or Pace(), patience_s
        self._backend: Any = self._app.backend
        self._pulses = Pulses(self._backend)
        # redis-py's errors are no OSErrors
        self._errors = (OSError, OperationalError, *getattr(self._backend, "connection_errors", ()))

    def trained(
        self, jobs: Sequence[Job], told: Told = lambda *_: None, *, again: bool = False
    ) -> Iterator[tuple[Job, Answer]]:
        """Each job with its answer, in the order in which they come; told(done, total, under way) in between.

        again: answers that are there already do not count.

        Raises ClusterError where no broker answers, or no worker for longer than patience_s.
        """
        open_ = self._connected(lambda: self._opened(jobs, again))
        left = dict(open_)
        moved, any_mark = time.monotonic(), ""
        while left:
            answers = self._answers(left)
            for id, answer in answers:
                yield left.pop(id).job, answer
            mark = self._watched(left, any_mark)
            if answers or mark != any_mark:
                moved, any_mark = time.monotonic(), mark
            elif time.monotonic() - moved > self._patience:
                raise ClusterError(self._silence(len(left), len(jobs)))
            told(len(jobs) - len(left), len(jobs), sum(item.beating for item in left.values()))
            if left:
                time.sleep(self._pace.look)

    def forget(self, job: Job) -> None:
        """An answer that was of no use: the next time the job is trained anew."""
        self._forget(task_id(_asked(job)))

    def _forget(self, id: str) -> None:
        self._backend.delete(self._backend.get_key_for_task(id))
        self._pulses.end(id)

    def _connected(self, act: Callable[[], dict[str, _Open]]) -> dict[str, _Open]:
        try:
            return act()
        except self._errors as error:
            raise ClusterError(
                f"the broker does not answer ({type(error).__name__}): see that it runs at TITRATE_BROKER_URL"
            ) from error

    def _opened(self, jobs: Sequence[Job], again: bool) -> dict[str, _Open]:
        """All jobs by id; those without an answer that lasts are sent, together."""
        found = {
            task_id(asked): _Open(job=job, message=asked) for job, asked in zip(jobs, map(_asked, jobs), strict=True)
        }
        fresh = {}
        for id, item in found.items():
            answer = answer_of(self._backend, id)
            if answer and (again or not answer.final):
                self._forget(id)
            if again or not answer or not answer.final:
                fresh[id] = item.message
            item.mark = self._mark(id)
        self._send(fresh)
        return found

    def _send(self, asked: dict[str, Message]) -> None:
        """Under ids of their content. A job that is in the queue or under way already is done once: see work.done."""
        if asked:
            group(self._app.signature(TRAIN, args=[body], task_id=id, queue=QUEUE) for id, body in asked.items())()

    def _answers(self, left: dict[str, _Open]) -> list[tuple[str, Answer]]:
        """What a broker that is away for a moment does not give is asked for again."""
        found: list[tuple[str, Answer]] = []
        for id, item in left.items():
            try:
                answer = answer_of(self._backend, id)
            except self._errors:
                return found
            if answer is None and item.sent > _MOST_SENT:
                answer = Answer(broken=f"its worker was lost {item.sent - 1} times")
            if answer is not None:
                found.append((id, answer))
        return found

    def _watched(self, left: dict[str, _Open], before: str) -> str:
        """Sends again what has fallen silent. Gives the last sign of whichever worker, of other clients' jobs too."""
        try:
            self._send({id: item.message for id, item in left.items() if self._is_silent(id, item)})
            return self._mark(ANY)
        except self._errors:
            return before

    def _is_silent(self, id: str, item: _Open) -> bool:
        """Whether a worker had it and gives no sign any more. What waits in the queue is not silent but waiting."""
        mark, now = self._mark(id), time.monotonic()
        if mark != item.mark:
            item.mark, item.since, item.beating = mark, now, True
        if not item.beating or now - item.since < self._pace.silent:
            return False
        item.beating, item.sent = False, item.sent + 1
        return True

    def _mark(self, id: str) -> str:
        pulse = self._pulses.read(id)
        return pulse.mark if pulse else ""

    def _silence(self, left: int, total: int) -> str:
        return (
            f"no training worker gave a sign of life for {self._patience / 60:g} minutes; "
            f"{total - left} of {total} jobs are finished. Start workers (titrate worker --training) and give the same "
            "command again: it goes on there"
        )


def _asked(job: Job) -> Message:
    try:
        return message(job)
    except JobRefused as error:
        raise ClusterError(f"{job.id} can not be trained by workers: {error}") from error
