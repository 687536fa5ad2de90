"""Which models of a drug speak for a patient, and why the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.dosing.advice import ModelConsidered
from models.dosing.applicability import applicable
from models.drug import Drug
from models.findings import Finding
from models.population import PopulationModel
from models.record import PatientRecord, Route


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """usable: the preferred ones first. left_out: each with its reason. findings: of the first model looked at."""

    usable: tuple[PopulationModel, ...]
    left_out: tuple[ModelConsidered, ...]
    first: PopulationModel
    findings: tuple[Finding, ...]


def choose(
    drug: Drug, models: Sequence[PopulationModel], record: PatientRecord, *, route: Route | None = None
) -> ModelChoice:
    """models: in order of preference. By the site's policy first, then by routes, then by each model's domain.

    route: of the regimens to come, None = the drug's first; those of the doses given have to be described too.
    Under the policy "preferred" the first that holds the patient speaks alone.
    """
    usable: list[PopulationModel] = []
    out: list[ModelConsidered] = []
    seen: dict[str, tuple[Finding, ...]] = {}
    for model in models:
        reason = drug.policy.refuses(model.id.partition("/")[2])
        if not reason:
            reason = _routes(model, {route or drug.routes[0], *(dose.route for dose in record.doses)})
        if not reason:
            seen[model.id] = applicable(model, drug, record)
            reason = " ".join(item.text for item in seen[model.id] if item.severity == "critical")
        if not reason and drug.policy.method == "preferred" and usable:
            reason = f"{usable[0].title} is preferred here and holds the patient."
        if reason:
            out.append(ModelConsidered(id=model.id, hash=model.hash, title=model.title, weight=0.0, reason=reason))
        else:
            usable.append(model)
    first = next((model for model in models if model.id in seen), models[0])
    return ModelChoice(usable=tuple(usable), left_out=tuple(out), first=first, findings=seen.get(first.id, ()))


def _routes(model: PopulationModel, needed: set[Route]) -> str:
    missing = sorted(needed - set(model.structure.routes))
    described = " and ".join(model.structure.routes)
    return f"It describes {described} doses, not {' and '.join(missing)} ones." if missing else ""
