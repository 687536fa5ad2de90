"""Whether a question for a regimen is one: what is handed in belongs together, and compared regimens can be."""

from collections.abc import Sequence

from models.dosing.advice import Regimen
from models.drug import Drug
from models.errors import ModelsError, RecordError
from models.fit import Posterior
from models.population import PopulationModel
from models.record import PatientRecord, Route


def can_be_asked(
    drug: Drug,
    record: PatientRecord,
    fitted: Sequence[tuple[PopulationModel, Posterior]],
    *,
    current: Regimen | None,
    ordered: Regimen | None,
    route: Route | None,
) -> None:
    """Raises ModelsError where drug, models, record and posteriors do not belong together, RecordError for a regimen
    that can not be or a route that the drug has not. fitted: each model with its posterior."""
    for model, posterior in fitted:
        _belong_together(drug, model, record, posterior)
    _can_be(current, "current")
    _can_be(ordered, "ordered")
    if route and route not in drug.routes:
        raise RecordError(f"{drug.name} is not dosed by route {route!r} here; its routes are {', '.join(drug.routes)}")


def _belong_together(drug: Drug, model: PopulationModel, record: PatientRecord, posterior: Posterior) -> None:
    if not drug.name == model.drug == record.drug:
        raise ModelsError(f"drug {drug.name!r}, model of {model.drug!r} and record of {record.drug!r} do not match")
    if posterior.model_hash != model.hash:
        raise ModelsError(f"the fit was made with another version of {posterior.model_id}; fit again with {model.id}")
    if model.concentration_unit != drug.concentration_unit:
        raise ModelsError(
            f"{model.id} predicts {model.concentration_unit}, {drug.name} is in {drug.concentration_unit}"
        )


def _can_be(regimen: Regimen | None, label: str) -> None:
    if regimen and not (regimen.amount > 0 and regimen.interval > 0 and regimen.duration >= 0):
        raise RecordError(
            f"the {label} regimen must have an amount and an interval above 0 and a duration not below 0, got "
            f"{regimen.amount:g} mg every {regimen.interval:g} h over {regimen.duration:g} h"
        )
