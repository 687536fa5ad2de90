"""A job as the JSON of a message, and back: a broker is an input, so nothing in a message is believed unread."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

import models
from models.cohorts.design import designed, load_cohort_design
from models.datafile import Table
from models.errors import ModelsError
from models.learned.companion import KINDS, Kind
from models.learned.job import CompanionsJob
from models.learned.train import Plan as LearnedPlan
from models.learned.train import kinds_of
from models.rules.frozen import FORMS, Form
from models.rules.job import ENGINES, EngineName, RuleJob
from models.rules.task import forms, tasked
from models.rules.train import Plan as RulePlan

FORMAT = 1
Job = RuleJob | CompanionsJob
Message = dict[str, Any]

# Largest number that a plan may name, so that no message keeps a worker busy for days; what is not named: ANY.
MOST = {"patients": 100_000, "calibration": 100_000, "test_patients": 100_000}
SEED, ANY, LONGEST = 2**32 - 1, 100, 50
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "numba", "pyoperon")
_SHIPPED = "library"  # folders of trained files: results, which a training may be writing at this moment
_P = TypeVar("_P", RulePlan, LearnedPlan)


class JobRefused(Exception):
    """A message is no job for this worker; the words say what was expected."""


@cache
def made_with() -> Mapping[str, str]:
    """What decides a training's result besides the job: our code and data, and the libraries that compute."""
    folder, content = Path(models.__file__).parent, sha256()
    for path in sorted(item for kind in ("*.py", "*.toml") for item in folder.rglob(kind)):
        if _SHIPPED not in path.relative_to(folder).parts:
            content.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return {"titrate": content.hexdigest()[:16], **{name: version(name) for name in _LIBRARIES}}


def message(job: Job) -> Message:
    """JSON. Raises JobRefused for a job that no worker would take."""
    asked = {**asdict(job), "format": FORMAT, "kind": _KIND_OF[type(job)], "with": dict(made_with())}
    found: Message = json.loads(json.dumps(asked))
    read(found)
    return found


def task_id(asked: object) -> str:
    """Hash of the job, what it is made with included: who asks for the same again gets the same answer."""
    return sha256(json.dumps(asked, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()).hexdigest()


def read(asked: object) -> Job:
    """JobRefused for whatever is no job, or one that this installation would answer differently."""
    if not isinstance(asked, dict):
        raise JobRefused("a job is a JSON object")
    table = Table("job", "", asked)
    try:
        whole(table, "format", FORMAT, FORMAT)
        job = _READERS[table.text("kind", one_of=tuple(_READERS))](table)
        _same(table.table("with"))
        table.finish()
    except ModelsError as error:
        raise JobRefused(str(error)[:300]) from error
    return job


def _same(table: Table) -> None:
    for name, ours in made_with().items():
        theirs = table.text(name)
        if theirs != ours:
            raise JobRefused(
                f"the job was made out for {name} {theirs[:40]!r}, this worker has {ours}: use one release"
            )
    table.finish()


def _rule(table: Table) -> RuleJob:
    drug = table.text("drug", one_of=tasked())
    scheme = _scheme(table, drug)
    return RuleJob(
        drug=drug,
        scheme=scheme,
        form=cast(Form, table.text("form", one_of=_of(FORMS, forms(load_cohort_design(drug), scheme)))),
        plan=_plan(RulePlan, table.table("plan")),
        engine=cast(EngineName, table.text("engine", one_of=ENGINES)),
        generations=whole(table, "generations", 1, 10_000),
    )


def _companions(table: Table) -> CompanionsJob:
    drug = table.text("drug", one_of=designed())
    scheme = _scheme(table, drug)
    known = _of(KINDS, kinds_of(load_cohort_design(drug), scheme))
    kinds = table.texts("kinds")
    if not kinds or len(set(kinds)) != len(kinds) or not set(kinds) <= set(known):
        raise table.error("kinds", f"each at most once of {list(known)}", kinds)
    plan = _plan(LearnedPlan, table.table("plan"))
    return CompanionsJob(drug=drug, scheme=scheme, kinds=cast(tuple[Kind, ...], kinds), plan=plan)


def _scheme(table: Table, drug: str) -> str:
    return table.text("scheme", one_of=tuple(load_cohort_design(drug).schemes))


def _of(everything: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in everything if item in known)


def _plan(kind: type[_P], table: Table) -> _P:
    """Every field of the plan, each a whole number or a list of them, as its default is."""
    found: dict[str, Any] = {}
    for item in fields(kind):
        high = SEED if "seed" in item.name else MOST.get(item.name, ANY)
        many = isinstance(item.default, tuple)
        found[item.name] = wholes(table, item.name, high) if many else whole(table, item.name, 0, high)
    table.finish()
    return kind(**found)


def whole(table: Table, key: str, low: int, high: int) -> int:
    value = table.anything(key, int)
    if isinstance(value, bool) or not low <= value <= high:
        raise table.error(key, f"a whole number from {low} to {high}", value)
    return int(value)


def wholes(table: Table, key: str, high: int) -> tuple[int, ...]:
    values = table.anything(key, list)
    if len(values) > LONGEST or not all(type(item) is int and 0 <= item <= high for item in values):
        raise table.error(key, f"at most {LONGEST} whole numbers up to {high}", values)
    return tuple(values)


_READERS: Mapping[str, Callable[[Table], Job]] = {"rule": _rule, "companions": _companions}
_KIND_OF = {RuleJob: "rule", CompanionsJob: "companions"}
