"""A dosing case, and an answer, of one model: as the product makes them, for patients that read like charts."""

from models.catalog import Catalog
from models.dosing import recommend
from models.dosing.advice import Recommendation, Regimen
from models.dosing.case import Case, open_case
from models.dosing.targets import choose_target
from models.drug import Drug
from models.fit import fit_map
from models.fit.average import ModelFit, average
from models.population import PopulationModel
from models.record import PatientRecord
from models.subject import subject_from_record
from tests.builders import Patient, on_vancomycin

EVERY_12 = Regimen(amount=1000, interval=12, duration=2, route="iv", start=0)
CAPSULES = Regimen(amount=3, interval=12, duration=0, route="oral", start=0)


def one_case(drug: Drug, model: PopulationModel, record: PatientRecord, *, draws: int, seed: int = 1) -> Case:
    subject = subject_from_record(model, record)
    fits = (ModelFit(model=model, subject=subject, posterior=fit_map(model, subject)),)
    choice = choose_target(drug, record)
    return open_case(drug, fits, average(fits), record, target=choice.target, also=choice.also, seed=seed, draws=draws)


def advise(catalog: Catalog, patient: Patient, *, now: float, seed: int = 1, **asked):
    drug, model = catalog.drug(patient.drug), catalog.models_for(patient.drug)[0]
    record = patient.record(now=now)
    posterior = fit_map(model, subject_from_record(model, record))
    return recommend(drug, model, record, posterior, seed=seed, **asked)


def treated(creatinine: float = 1.2) -> Patient:
    """Four infusions of 1 g, 12 h apart."""
    patient = on_vancomycin().infused(1000, at=0, over=2, every=12, times=4)
    return patient.creatinine(creatinine, at=40)


def codes(advice) -> list[str]:
    return [finding.code for finding in advice.findings]


def labels(advice: Recommendation) -> list[str]:
    return [item.label for item in advice.regimens]
