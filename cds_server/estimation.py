"""The estimation as a value: a de-identified request with a content key, its computation, its way back to the chart.

A request holds the doses, levels and covariates up to the last level, in hours since the first of them. `now`, FHIR ids
and names are not in it, so the same facts give the same key whoever asks, whenever, from whichever hook.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from math import floor
from pathlib import Path

import rfc8785

import models
from cds_server import encode
from models.catalog import Catalog
from models.fit import fit_map
from models.fit.posterior import LevelFit, Posterior
from models.population import PopulationModel
from models.record import Covariate, Dose, Level, PatientRecord
from models.subject import subject_from_record

# 3.6 ms: under any clock in a chart, over the noise of adding floats, so that a shifted origin gives the same key.
_DIGITS = 6


class StaleModel(Exception):
    """A request names a model content that this process does not have."""


@dataclass(frozen=True, kw_only=True)
class ModelRef:
    id: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class FitRequest:
    """What a worker is asked: one record, fitted by each of the models. engine: version and content hash of models/."""

    engine: str
    models: tuple[ModelRef, ...]
    record: PatientRecord

    @property
    def key(self) -> str:
        """sha256 of the RFC 8785 canonical JSON."""
        return sha256(rfc8785.dumps(encode.encode(self))).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Fits:
    """The posteriors, in the order of the request's models."""

    posteriors: tuple[Posterior, ...]


@cache
def engine() -> str:
    """Version and hash of the source of models/, so that a changed engine never reuses an old fit."""
    folder = Path(models.__file__).parent
    content = sha256()
    for path in sorted(folder.rglob("*.py")):
        content.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"titrate {version('titrate')} {content.hexdigest()[:16]}"


def fit_request(models: Iterable[PopulationModel], record: PatientRecord) -> FitRequest:
    """The request that answers for `record`, which must have at least one level, by each of the models."""
    asked = tuple(models)
    last = record.levels[-1].time
    first = _first(record)
    relative = PatientRecord(
        drug=record.drug,
        now=_hours(last - first),
        doses=tuple(_dose(n, dose, first, last) for n, dose in enumerate(record.doses) if dose.time <= last),
        levels=tuple(_level(n, level, first) for n, level in enumerate(record.levels)),
        covariates=tuple(_covariate(item, first) for item in _in_force(_needed(asked, record), last)),
    )
    refs = tuple(ModelRef(id=model.id, hash=model.hash) for model in asked)
    return FitRequest(engine=engine(), models=refs, record=relative)


def run(catalog: Catalog, request: FitRequest) -> Fits:
    """The fits themselves; raises StaleModel, or what models/ raises."""
    return Fits(posteriors=tuple(_fit(catalog, ref, request) for ref in request.models))


def _fit(catalog: Catalog, ref: ModelRef, request: FitRequest) -> Posterior:
    model = catalog.model(ref.id)
    if (model.hash, engine()) != (ref.hash, request.engine):
        raise StaleModel(f"{ref.id} was asked with other content than this process has: restart the worker")
    return fit_map(model, subject_from_record(model, request.record))


def restored(fits: Fits, record: PatientRecord) -> tuple[Posterior, ...]:
    """The posteriors with each level's own time and source again, as `record` has them."""
    return tuple(
        replace(posterior, levels=tuple(_restored(fit, record) for fit in posterior.levels))
        for posterior in fits.posteriors
    )


def _restored(fit: LevelFit, record: PatientRecord) -> LevelFit:
    level = record.levels[int(fit.source.removeprefix("level-"))]
    return replace(fit, time=level.time, source=level.source)


def _first(record: PatientRecord) -> float:
    return min([dose.time for dose in record.doses] + [level.time for level in record.levels])


def _hours(value: float) -> float:
    return round(value, _DIGITS) + 0.0  # + 0.0: no minus zero


def _dose(number: int, dose: Dose, first: float, last: float) -> Dose:
    # A train is cut at the last level: what is given later can not change the fit, and would change the key.
    further = min(dose.additional, floor((last - dose.time) / dose.interval)) if dose.additional else 0
    return replace(dose, time=_hours(dose.time - first), additional=further, source=f"dose-{number}")


def _level(number: int, level: Level, first: float) -> Level:
    return replace(level, time=_hours(level.time - first), source=f"level-{number}")


def _covariate(item: Covariate, first: float) -> Covariate:
    return replace(item, time=_hours(item.time - first), source="")


def _needed(models: Iterable[PopulationModel], record: PatientRecord) -> Iterable[Covariate]:
    """Only what the models read leaves the web process."""
    inputs = {name for model in models for need in model.needs for name in need.inputs}
    return (item for item in record.covariates if item.name in inputs)


def _in_force(covariates: Iterable[Covariate], last: float) -> Iterable[Covariate]:
    """Values up to the last level; of a series that starts later its first one, which is carried backward."""
    seen: set[str] = set()
    for item in covariates:  # in order of time
        if item.time <= last or item.name not in seen:
            seen.add(item.name)
            yield item
