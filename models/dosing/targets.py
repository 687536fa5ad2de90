"""Which target holds for a patient: the drug file's, by what is known of the patient and how the drug is given."""

from dataclasses import dataclass

from models.covariates import value_at, words
from models.drug import Drug, DrugTarget
from models.drug.drug import Condition
from models.errors import ModelsError, UnitError
from models.findings import Finding
from models.record import PatientRecord
from models.target import Target, unit_of
from models.terms import TERMS


@dataclass(frozen=True, kw_only=True)
class TargetChoice:
    """The target, what lies above and below it in words, and what had to be assumed."""

    target: Target
    also: tuple[Target, ...] = ()
    above_means: str = ""
    below_means: str = ""
    findings: tuple[Finding, ...] = ()


def choose_target(drug: Drug, record: PatientRecord, *, continuous: bool = False) -> TargetChoice:
    """As find_target; ModelsError where no target of the drug file is for the patient."""
    choice = find_target(drug, record, continuous=continuous)
    if choice is None:
        raise ModelsError(f"no target of {drug.name} is for this patient: give one, or add one to its drug file")
    return choice


def find_target(drug: Drug, record: PatientRecord, *, continuous: bool = False) -> TargetChoice | None:
    """The first target of the drug file that holds at record.now; where a condition's covariate is not known, the first
    that may hold, said aloud; None where none is for the patient."""
    given = ("any", "continuous" if continuous else "intermittent")
    fitting = [item for item in drug.targets if item.given in given] or list(drug.targets)
    values = {
        item.covariate: value_at(record, item.covariate, record.now) for target in fitting for item in target.when
    }
    for item in fitting:
        unknown = [c.covariate for c in item.when if values[c.covariate] is None and not _silence_means_no(c)]
        if all(c.covariate in unknown or c.holds(values[c.covariate] or 0.0) for c in item.when):
            return _choice(item, tuple(_assumed(name, item.target) for name in dict.fromkeys(unknown)))
    return None


def _silence_means_no(condition: Condition) -> bool:
    """What is charted only where it is so, in a target for those without it."""
    term = TERMS[condition.covariate]
    return term.flag and term.nature == "charted" and condition.holds(0.0)


def given_target(drug: Drug, target: Target) -> TargetChoice:
    """A clinician's or a site's own target; UnitError where it is not in the drug's canonical unit."""
    expected = unit_of(target.metric, drug.concentration_unit)
    if target.unit != expected:
        raise UnitError(f"target of {drug.name}: {target.metric} must be in {expected}, got {target.unit!r}")
    if not 0 <= target.low < target.high:
        raise UnitError(f"target of {drug.name}: expected 0 <= low < high, got {target.low} and {target.high}")
    known = next((item for item in drug.targets if item.target == target), None)
    return _choice(known) if known else TargetChoice(target=target)


def _choice(item: DrugTarget, findings: tuple[Finding, ...] = ()) -> TargetChoice:
    return TargetChoice(
        target=item.target,
        also=item.also,
        above_means=item.above_means,
        below_means=item.below_means,
        findings=findings,
    )


_DAY_UNKNOWN = "The day of transplantation is not charted; the target for {indication} was assumed."


def _assumed(covariate: str, target: Target) -> Finding:
    unknown = f"{words(covariate).capitalize()} is not charted; the target for {{indication}} was assumed."
    text = _DAY_UNKNOWN if covariate == "days_after_transplant" else unknown
    return Finding(code="target-assumed", severity="warning", text=text.format(indication=target.indication))
