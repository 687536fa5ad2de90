"""The companions of one scheme to be trained, as plain data: the same here and on a worker, and their files' texts."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from models.catalog import Catalog
from models.cohorts.design import load_cohort_design
from models.cohorts.since import Since
from models.learned.companion import BadCompanion, Companion, Kind, companion_of, written
from models.learned.train import Plan, Progress, material, train
from models.signature import UNSIGNED


@dataclass(frozen=True, kw_only=True)
class CompanionsJob:
    """kinds: those wanted; all are made from the same simulated patients."""

    drug: str
    scheme: str
    kinds: tuple[Kind, ...]
    plan: Plan = field(default_factory=Plan)

    @property
    def id(self) -> str:
        return f"{self.drug}/{self.scheme}"

    def named(self, kind: str) -> str:
        """A companion of this job as people call it."""
        return f"{self.id}-{kind}"


def trained_texts(job: CompanionsJob, catalog: Catalog, progress: Progress | None = None) -> Iterator[tuple[Kind, str]]:
    """Each finished companion's file as soon as it is there."""
    if not job.kinds:
        return
    found = material(load_cohort_design(job.drug), catalog, scheme=job.scheme, plan=job.plan, progress=progress)
    for kind in job.kinds:
        yield kind, written(train(found, kind=kind, progress=_of(kind, progress)))


def _of(kind: Kind, progress: Progress | None) -> Progress | None:
    if progress is None:
        return None
    told = progress
    return lambda stage, done, total: told(f"{kind}, {stage}", done, total)


def companion_for(job: CompanionsJob, kind: Kind, text: str, since: Since) -> Companion:
    """From a text that came from elsewhere, read with all checks; BadCompanion where it is not what was asked."""
    found = companion_of(text, job.named(kind))
    if why := not_as_asked(job, kind, found, since):
        raise BadCompanion(f"{job.named(kind)}: what came back is not what was asked for: {why}")
    if written(found) != text or found.signed != UNSIGNED:
        raise BadCompanion(f"{job.named(kind)}: what came back has more in it than a companion that was just trained")
    return found


def not_as_asked(job: CompanionsJob, kind: Kind, found: Companion, since: Since) -> str:
    """Why the companion is another than this job would give, as far as its manifest tells; "" where it is not."""
    if (found.drug, found.scheme, found.kind) != (job.drug, job.scheme, kind):
        return f"it is {found.drug}/{found.scheme}-{found.kind}"
    if found.manifest.get("plan") != json.loads(json.dumps(asdict(job.plan))):
        return "it was trained by another plan"
    try:
        changed = [word for made in found.manifest["populations"] for word in since.changed(job.drug, made)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return "its manifest is damaged"
    return f"changed since: {', '.join(dict.fromkeys(changed))}" if changed else ""
