"""Which target holds for a patient: the drug file's, by time after transplant where it depends on that."""

from dataclasses import dataclass

from models.covariates import value_at
from models.drug import Drug, DrugTarget
from models.errors import UnitError
from models.findings import Finding
from models.record import PatientRecord
from models.target import Target


@dataclass(frozen=True, kw_only=True)
class TargetChoice:
    """The target, what lies above and below it in words, and what had to be assumed."""

    target: Target
    above_means: str = ""
    below_means: str = ""
    findings: tuple[Finding, ...] = ()


def choose_target(drug: Drug, record: PatientRecord) -> TargetChoice:
    """The drug file's target in force at record.now; the first of the file, said aloud, where the day is not known."""
    if all(item.from_days is None and item.until_days is None for item in drug.targets):
        return _choice(drug.targets[0])
    day = value_at(record, "days_after_transplant", record.now)
    if day is None:
        return _choice(drug.targets[0], (_assumed(drug.targets[0].target),))
    return _choice(next((item for item in drug.targets if _holds(item, day)), drug.targets[-1]))


def given_target(drug: Drug, target: Target) -> TargetChoice:
    """A clinician's or a site's own target; UnitError where it is not in the drug's canonical unit."""
    expected = drug.exposure_unit if target.metric == "auc24" else drug.concentration_unit
    if target.unit != expected:
        raise UnitError(f"target of {drug.name}: {target.metric} must be in {expected}, got {target.unit!r}")
    if not 0 < target.low < target.high:
        raise UnitError(f"target of {drug.name}: expected 0 < low < high, got {target.low} and {target.high}")
    known = next((item for item in drug.targets if item.target == target), None)
    return _choice(known) if known else TargetChoice(target=target)


def _choice(item: DrugTarget, findings: tuple[Finding, ...] = ()) -> TargetChoice:
    return TargetChoice(
        target=item.target, above_means=item.above_means, below_means=item.below_means, findings=findings
    )


def _holds(item: DrugTarget, day: float) -> bool:
    after = item.from_days is None or day >= item.from_days
    return after and (item.until_days is None or day < item.until_days)


def _assumed(target: Target) -> Finding:
    text = f"The day of transplantation is not charted; the target for {target.indication} was assumed."
    return Finding(code="target-assumed", severity="warning", text=text)
