"""Warming up: one made-up adult through every model, so that each kernel is compiled before the first hook call."""

from typing import Any

import numpy as np

from models.catalog import Catalog, load_catalog
from models.covariates.series import DERIVED
from models.dosing.advice import Advice
from models.dosing.applicability import applicable
from models.dosing.candidates import duration
from models.dosing.recommend import recommend
from models.drug import Drug
from models.fit import fit_map
from models.pk import concentrations
from models.population import PopulationModel
from models.population.plan import plan_of
from models.record import Covariate, Dose, Level, PatientRecord
from models.subject import subject_from_record

# Of nobody: round figures inside every model's domain, in the units of models.units.
_ADULT = {
    "weight": 70.0,
    "height": 172.0,
    "age": 50.0,
    "female": 0.0,
    "creatinine": 1.0,
    "haematocrit": 0.35,
    "albumin": 38.0,
    "cyp3a5_expresser": 0.0,
    "days_after_transplant": 30.0,
    "kidney_transplant": 1.0,
    "dialysis": 0.0,
}
_DOSES = 4


def warm(catalog: Catalog) -> dict[str, Advice]:
    """The answer for the made-up adult by model id; what matters is that everything a hook call runs has run.

    The kernels are the same for all models: one model for each way of solving and each way of dosing compiles them all.
    """
    return {model.id: _answer(catalog.drug(model.drug), model) for model in _one_of_each(catalog)}


def _one_of_each(catalog: Catalog) -> tuple[PopulationModel, ...]:
    """For each way of solving and of dosing the first model; one that holds the adult where there is one."""
    chosen: dict[tuple[int, str], PopulationModel] = {}
    for holding in (True, False):
        for drug in catalog.drugs.values():
            for model in catalog.models_for(drug.name) if drug.products else ():
                if _readable(model) and (not holding or _holds(drug, model)):
                    chosen.setdefault((plan_of(model).method, drug.products[0].route), model)
    return tuple(chosen.values())


def _readable(model: PopulationModel) -> bool:
    return all(need.default is not None or set(need.inputs) <= {*_ADULT, *DERIVED} for need in model.needs)


def _holds(drug: Drug, model: PopulationModel) -> bool:
    return not any(item.severity == "critical" for item in applicable(model, drug, _record(drug, model)))


def _answer(drug: Drug, model: PopulationModel) -> Advice:
    record = _record(drug, model)
    posterior = fit_map(model, subject_from_record(model, record))
    return recommend(drug, model, record, posterior, seed=1, draws=1000)


def _record(drug: Drug, model: PopulationModel) -> PatientRecord:
    """Four equal doses and a level before the fifth, as the population predicts it."""
    product = drug.products[0]
    amount = product.increment * round((product.smallest + product.largest) / 2 / product.increment)
    interval = product.intervals[len(product.intervals) // 2]
    given: dict[str, Any] = {"amount": amount, "route": product.route, "duration": duration(product, amount)}
    doses = tuple(Dose(time=n * interval, source=f"dose-{n}", **given) for n in range(_DOSES))
    covariates = tuple(Covariate(name=name, time=0.0, value=value) for name, value in _ADULT.items())
    now = _DOSES * interval
    untested = PatientRecord(drug=drug.name, now=now, doses=doses, covariates=covariates)
    subject, nobody = subject_from_record(model, untested), np.zeros((1, len(model.eta_names)))
    value = float(concentrations(model, subject, nobody, np.array([now - 0.5]))[0, 0])
    level = Level(time=now - 0.5, value=value, unit=drug.concentration_unit, source="level-0")
    return PatientRecord(drug=drug.name, now=now, doses=doses, levels=(level,), covariates=covariates)


if __name__ == "__main__":
    warm(load_catalog())
