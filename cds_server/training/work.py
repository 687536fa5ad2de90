"""What a worker does with one message: read it, train, give back the finished files' text or say why not."""

import logging
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.exceptions import Ignore, SoftTimeLimitExceeded

from cds_server.training.answer import Answer, answer_of
from cds_server.training.app import TRAIN
from cds_server.training.jobs import Job, JobRefused, read, task_id
from cds_server.training.pulse import Pace, Pulses
from models.catalog import Catalog, load_catalog
from models.errors import ModelsError
from models.learned.job import trained_texts
from models.rules.job import RuleJob, trained_text

log = logging.getLogger(__name__)

_MOST_ATTEMPTS = 3  # workers that one job may take down


def register(app: Celery, pace: Pace) -> Callable[..., Any]:
    """Give the app its task; only a training worker does this."""

    @app.task(name=TRAIN, bind=True)
    def run(task: Any, asked: Any) -> dict[str, Any]:
        return done(asked, task.request.id, task.backend, pace).to_json()

    return run


def done(asked: object, id: str, backend: Any, pace: Pace) -> Answer:
    """Ignore where another worker is at it, or where an earlier message was answered: that answer is given again."""
    try:
        job = _job(asked, id)
    except JobRefused as error:
        log.warning("training refused")
        return Answer(refused=str(error))
    pulses = Pulses(backend)
    before = pulses.read(id)
    known = answer_of(backend, id)
    if before and not (known and known.final) and pulses.beats(id, 3 * pace.beat, pace.beat / 2):
        raise Ignore
    known = known or answer_of(backend, id)  # it may have come meanwhile
    if known and known.final:
        return known
    return _attempt(job, id, pulses, (before.attempt if before else 0) + 1, pace)


def _job(asked: object, id: str) -> Job:
    """An answer is found by its job's hash: under another id it would be taken for another job's."""
    job = read(asked)
    if task_id(asked) != id:
        raise JobRefused("the id of the message is not that of its job")
    return job


def _attempt(job: Job, id: str, pulses: Pulses, attempt: int, pace: Pace) -> Answer:
    if attempt > _MOST_ATTEMPTS:
        return Answer(broken=f"it took {_MOST_ATTEMPTS} workers down")
    with pulses.beating(id, attempt, pace.beat) as ours:
        if not ours:
            raise Ignore
        return _trained(job)


def _trained(job: Job) -> Answer:
    log.info("training", extra={"job": job.id})
    try:
        return Answer(made=_texts(job, load_catalog()))
    except ModelsError as error:
        return Answer(failed=str(error))
    except SoftTimeLimitExceeded:
        return Answer(broken="it took longer than its worker allows (titrate worker --training --minutes)")
    except Exception as error:
        log.exception("training broke off", extra={"job": job.id})
        return Answer(broken=f"{type(error).__name__} in its worker, whose log says where")


def _texts(job: Job, catalog: Catalog) -> dict[str, str]:
    if isinstance(job, RuleJob):
        return {job.form: trained_text(job, catalog)}
    return dict(trained_texts(job, catalog))
