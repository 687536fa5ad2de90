"""One rule to be trained, as plain data: the same here and on a worker of a cluster, and the finished file's text."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from models.catalog import Catalog
from models.cohorts.since import Since
from models.errors import RuleError
from models.rules.checkpoint import Checkpoints
from models.rules.engines.engine import Engine
from models.rules.engines.operon import Operon
from models.rules.engines.pysr import Pysr
from models.rules.frozen import Form, FrozenRule
from models.rules.rulefile import rule_of, written
from models.rules.task import load_task
from models.rules.train import Plan, Populations, Progress, train

EngineName = Literal["pyoperon", "pysr"]
ENGINES: tuple[EngineName, ...] = ("pyoperon", "pysr")


@dataclass(frozen=True, kw_only=True)
class RuleJob:
    """generations: of each of pyoperon's searches; PySR has its own measure and does not read them."""

    drug: str
    scheme: str
    form: Form
    plan: Plan = field(default_factory=Plan)
    engine: EngineName = "pyoperon"
    generations: int = Operon.generations

    @property
    def id(self) -> str:
        """Of the rule that comes of it."""
        return f"{self.drug}/{self.scheme}-{self.form}"

    def searching(self, threads: int = 1) -> Engine:
        """threads: the result does not depend on them."""
        if self.engine == "pysr":
            return Pysr()
        return Operon(generations=self.generations, threads=threads)


def trained_text(
    job: RuleJob,
    catalog: Catalog,
    *,
    threads: int = 1,
    made: Populations | None = None,
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
) -> str:
    """The finished rule's file. made: the populations, where they are at hand. RuleError where there can be no rule."""
    engine = job.searching(threads)
    found = train(
        catalog, job.drug, job.scheme, job.form, engine,
        plan=job.plan, made=made, checkpoints=checkpoints, progress=progress,
    )  # fmt: skip
    return written(found.rule)


def rule_for(job: RuleJob, text: str, since: Since) -> FrozenRule:
    """The rule in a text that came from elsewhere: read with all checks; RuleError where it is not what was asked."""
    rule = rule_of(text, job.id)
    if why := not_as_asked(job, rule, since):
        raise RuleError(f"{job.id}: what came back is not what was asked for: {why}")
    if written(rule) != text or rule.signatures:
        raise RuleError(f"{job.id}: what came back has more in it than a rule that was just trained")
    return rule


def not_as_asked(job: RuleJob, rule: FrozenRule, since: Since) -> str:
    """Why the rule is another than this job would give, as far as its manifest tells; "" where it is not."""
    if rule.id != job.id:
        return f"it is {rule.id}"
    if rule.training.get("plan") != _plain(asdict(job.plan)):
        return "it was trained by another plan"
    if not _by_engine_of(job, rule):
        return "it was searched by another engine or with other settings"
    try:
        changed = since.changed(job.drug, rule.training["population"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return "its manifest is damaged"
    return f"changed since: {', '.join(changed)}" if changed else ""


def _by_engine_of(job: RuleJob, rule: FrozenRule) -> bool:
    symbols = load_task(job.drug).search(job.scheme).symbols
    engine = job.searching().allowing(symbols)
    name, settings = rule.engine.get("name"), {key: value for key, value in rule.engine.items() if key != "name"}
    if settings != _plain(dict(engine.settings)):
        return False
    # PySR's version is known where PySR is, which need not be here
    return str(name).startswith("PySR ") if job.engine == "pysr" else name == engine.name


def _plain(content: Any) -> Any:
    """As a file gives it back: lists for tuples."""
    return json.loads(json.dumps(content))
