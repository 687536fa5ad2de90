"""The rules that ship: read, proved again, honest about themselves."""

import re

import pytest

from models.catalog import Catalog, load_catalog
from models.cohorts.design import load_cohort_design
from models.rules.frozen import FORMS, FrozenRule
from models.rules.interval import finite, increasing
from models.rules.library import LIBRARY, load_library
from models.rules.task import tasked

RULES = tuple(load_library().rules.values())
POINTS = 2.0  # of RMSE, %: a rule without a model ships where it is within so many of the informed one


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def named(rule: FrozenRule, on: int, measure: str) -> float:
    return next(item.value for item in rule.assessments[on].measures if item.name == measure)


def test_every_file_is_a_rule() -> None:
    assert load_library().refused == ()
    assert len(RULES) == len(list(LIBRARY.glob("*/*.toml")))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_shipped_rule_keeps_its_promises(rule: FrozenRule) -> None:
    assert rule.nodes <= 20
    assert rule.form in FORMS
    assert finite(rule.formula, rule.box).how == "proved"
    levels = [item for item in rule.inputs if item.bottom.startswith("level_")]
    each = rule.monotone == "each"
    asked = [item.symbol for item in levels] if each else [tuple(item.symbol for item in levels)]
    assert all(increasing(rule.formula, names, rule.box).how == "proved" for names in asked)
    assert len(rule.proofs) == 1 + len(asked)
    assert each or any("in proportion" in line for line in rule.not_verified), "what is unusual is said"
    assert rule.not_verified
    assert not rule.signed, "nobody of the project signs for a hospital"
    assert [item.share for item in rule.spreads] == [0.8, 0.95]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_shipped_rule_was_trained_as_it_says(rule: FrozenRule, catalog: Catalog) -> None:
    design = load_cohort_design(rule.drug)
    population = rule.training["population"]
    assert population["design"] == design.hash
    assert population["models"] == {id: catalog.model(id).hash for id in population["models"]}
    assert len(rule.training["plan"]["seeds"]) >= 5
    assert re.fullmatch(r"pyoperon \S+", rule.engine["name"])
    trained_on = {item.model for item in design.of_part("training")}
    assert set(population["models"]) == trained_on | {design.reference}
    assert rule.assessments[-1].patients >= 1200


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_was_measured_in_training_holds_there(rule: FrozenRule) -> None:
    """Conformal limits, the wider of two: of other patients and of those of a model left out at least what is promised,
    and of the worse of both not more than 3 points above. 0.1: three digits."""
    for name, promised in (("coverage_80", 80.0), ("coverage_95", 95.0)):
        worse = min(named(rule, on, name) for on in (0, 1))
        assert promised - 0.1 <= worse <= promised + 3.0


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.form == "alone"], ids=lambda rule: rule.id)
def test_a_rule_without_a_model_is_nearly_as_good(rule: FrozenRule) -> None:
    informed = load_library().rules.get(rule.id.replace("-alone", "-informed"))
    if informed is None:
        assert rule.scheme == "none", "only without levels is there nothing to compare with"
        return
    assert named(rule, 0, "rmse") <= named(informed, 0, "rmse") + POINTS


def test_rules_know_their_drugs() -> None:
    assert {rule.drug for rule in RULES} <= set(tasked())
