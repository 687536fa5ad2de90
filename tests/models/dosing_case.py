"""A dosing case of one model, opened as the product opens it."""

from models.dosing.case import Case, open_case
from models.dosing.targets import choose_target
from models.drug import Drug
from models.fit import fit_map
from models.fit.average import ModelFit, average
from models.population import PopulationModel
from models.record import PatientRecord
from models.subject import subject_from_record


def one_case(drug: Drug, model: PopulationModel, record: PatientRecord, *, draws: int, seed: int = 1) -> Case:
    subject = subject_from_record(model, record)
    fits = (ModelFit(model=model, subject=subject, posterior=fit_map(model, subject)),)
    choice = choose_target(drug, record)
    return open_case(drug, fits, average(fits), record, target=choice.target, also=choice.also, seed=seed, draws=draws)
