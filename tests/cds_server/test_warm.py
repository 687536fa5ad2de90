"""Warming up runs what a hook call runs, for every model that ships."""

import pytest

from cds_server.warm import warm
from models.catalog import load_catalog
from models.dosing.advice import Recommendation

CATALOG = load_catalog()


@pytest.fixture(scope="module")
def answers():
    return warm(CATALOG)


@pytest.mark.parametrize("model_id", CATALOG.models)
def test_the_made_up_adult_gets_as_far_as_a_recommendation(answers, model_id):
    advice = answers[model_id]
    assert isinstance(advice, Recommendation), advice
    assert advice.model.id == model_id
    assert advice.basis == "levels"
