"""What has to hold for every shipped model."""

import pytest

from models.catalog import load_catalog
from models.population import PopulationModel
from tests.models.library.published import untested

CATALOG = load_catalog()


def test_no_model_ships_without_a_published_number() -> None:
    assert untested(CATALOG) == ()


@pytest.mark.parametrize("model", CATALOG.models.values(), ids=list(CATALOG.models))
def test_a_patient_of_unknown_age_is_nobodys(model: PopulationModel) -> None:
    """Children's and adults' models of a drug must not be averaged where the chart has no age."""
    inputs = {name for need in model.needs if need.default is None for name in need.inputs}
    required = {limit.name for limit in model.domain if limit.required}
    assert "age" in inputs | required


@pytest.mark.parametrize("drug", ["vancomycin", "gentamicin", "tobramycin", "amikacin"])
def test_nobody_on_continuous_renal_replacement_has_a_model(drug: str) -> None:
    assert "crrt" in CATALOG.drug(drug).covariates
    for model in CATALOG.models_for(drug):
        assert [limit.hard for limit in model.domain if limit.name == "crrt"] == [(0.0, 0.0)]
