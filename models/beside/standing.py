"""Whether there are estimators beside the fit for a drug, and what they are asked about one patient."""

from collections.abc import Sequence
from functools import cache

from models.beside.opinions import AIMS, Asked, beside
from models.beside.shelf import Shelf
from models.beside.value import Beside
from models.catalog import Catalog
from models.cohorts.design import CohortDesign, designed, load_cohort_design
from models.dosing.advice import Regimen
from models.dosing.case import Case
from models.fit import Posterior
from models.population import PopulationModel
from models.record import PatientRecord
from models.target import Target, unit_of


def standing(
    shelf: Shelf,
    catalog: Catalog,
    case: Case,
    record: PatientRecord,
    fitted: Sequence[tuple[PopulationModel, Posterior]],
    regimen: Regimen | None,
    *,
    signed: bool,
) -> Beside | None:
    """None for a drug without such estimators, or where no regimen is in use that they could speak of.

    shelf: what there is to ask. case: of the advice, whose draws the fit speaks by. fitted: models that hold the
    patient, whatever their weight.
    signed: only estimators that somebody has put into use.
    """
    design = _design(record.drug)
    if design is None or regimen is None or regimen.route != design.standard.route:
        return None
    there = shelf.of(record.drug)
    if signed and not (there.in_use or there.refused):
        return None
    holds = {model.id for model, _ in fitted}
    return beside(
        Asked(
            design=design,
            reference=catalog.model(design.reference) if design.reference in holds else None,
            record=record,
            regimen=regimen,
            fitted=fitted,
            drawn=case.members,
            shelf=there,
            goal=goal_of(design, record, regimen, case.target, case.drug.concentration_unit),
            signed=signed,
        )
    )


def goal_of(
    design: CohortDesign, record: PatientRecord, regimen: Regimen, target: Target, concentration_unit: str
) -> float | None:
    """Middle of a two-sided target of the design's metric, unit and course, of the total drug; else None.

    None in a course already begun, too, whose rest is not its whole.
    """
    aim = AIMS[design.metric]
    same = (target.metric, target.unit, target.free) == (aim, unit_of(aim, concentration_unit), 1.0)
    if not same or not target.two_sided:
        return None
    if design.metric == "course" and not _whole(design, record, regimen, target):
        return None
    return (target.low + target.high) / 2.0


def _whole(design: CohortDesign, record: PatientRecord, regimen: Regimen, target: Target) -> bool:
    """Whether the target's course is that of the design, and none of it was given."""
    begun = any(dose.time <= record.now for dose in record.doses)
    return not begun and target.over == design.practice.course * regimen.interval


@cache
def _design(drug: str) -> CohortDesign | None:
    return load_cohort_design(drug) if drug in designed() else None
