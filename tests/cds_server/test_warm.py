"""Warming up runs what a hook call runs, once for each way of solving a model."""

from cds_server.warm import warm
from models.catalog import load_catalog
from models.dosing.advice import Recommendation
from models.population.plan import MODAL, plan_of

CATALOG = load_catalog()


def test_every_way_of_solving_is_warmed_and_the_closed_form_gets_as_far_as_a_recommendation() -> None:
    answers = warm(CATALOG)
    assert {plan_of(CATALOG.model(id)).method for id in answers} == {plan_of(m).method for m in CATALOG.models.values()}
    closed = [advice for id, advice in answers.items() if plan_of(CATALOG.model(id)).method == MODAL]
    assert all(isinstance(advice, Recommendation) and advice.basis == "levels" for advice in closed)
    assert all(advice.model and advice.model.id == id for id, advice in answers.items())
