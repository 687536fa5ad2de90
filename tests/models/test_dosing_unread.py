"""What no chart entry could bring is told apart from what is missing; pregnancy and models not made for it."""

from dataclasses import replace

import pytest

from models.catalog import Catalog, load_catalog
from models.dosing.applicability import applicable
from models.dosing.declining import WOULD_HELP, declined
from models.findings import Finding
from models.population import DomainLimit
from models.record import Covariate, PatientRecord
from models.review.reach import check_reach, out_of_reach


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def record(drug: str = "vancomycin", *, unreadable: tuple[str, ...] = (), **values: float) -> PatientRecord:
    adult = {"weight": 70.0, "height": 175.0, "age": 60.0, "female": 0.0, "creatinine": 1.0} | values
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in adult.items())
    return PatientRecord(drug=drug, now=1.0, covariates=items, unreadable=unreadable)


def critical(catalog: Catalog, model: str, of: PatientRecord) -> list[Finding]:
    found = applicable(catalog.model(model), catalog.drug(of.drug), of)
    return [item for item in found if item.severity == "critical"]


def test_charting_is_only_asked_for_where_it_would_help(catalog: Catalog) -> None:
    model = "linezolid/taubert2016"  # critically ill adults, with a lactate
    ill = {"critically_ill": 1.0}
    (missing,) = critical(catalog, model, record("linezolid", **ill))
    assert missing.code == "covariate-missing"
    (closed,) = critical(catalog, model, record("linezolid", unreadable=("lactate",), **ill))
    assert (closed.code, "does not read" in closed.text) == ("covariate-unread", True)
    refusal = declined(catalog.drug("linezolid"), catalog.model(model), (closed,))
    assert refusal.would_help == (WOULD_HELP["covariate-unread"],)
    assert "harting" not in refusal.would_help[0]


def test_a_population_that_no_chart_names_is_said_so(catalog: Catalog) -> None:
    model = "vancomycin/llopissalvia2006"  # critically ill adults
    assert [item.code for item in critical(catalog, model, record())] == ["domain-unknown"]
    assert [item.code for item in critical(catalog, model, record(unreadable=("critically_ill",)))] == ["domain-unread"]
    assert critical(catalog, model, record(unreadable=("critically_ill",), critically_ill=1.0)) == []


def test_pregnancy_stands_in_the_way_of_a_model_not_made_for_it(catalog: Catalog) -> None:
    model = catalog.model("vancomycin/goti2018")
    assert "pregnant" not in [item.code for item in critical(catalog, model.id, record(pregnant=0.0))]
    assert "pregnant" in [item.code for item in critical(catalog, model.id, record(pregnant=1.0))]
    made = DomainLimit(name="pregnant", unit="1", hard=(0.0, 1.0), soft=None, source="a study of pregnant women")
    for_both = replace(model, domain=(*model.domain, made))
    found = applicable(for_both, catalog.drug("vancomycin"), record(pregnant=1.0))
    assert "pregnant" not in [item.code for item in found]


def test_no_drug_is_dosed_in_pregnancy_by_a_model_of_the_library(catalog: Catalog) -> None:
    for model in catalog.models.values():
        found = critical(catalog, model.id, record(model.drug, pregnant=1.0))
        assert "pregnant" in [item.code for item in found], model.id


def test_a_model_out_of_reach_is_named_with_what_it_asks_for(catalog: Catalog) -> None:
    model = catalog.model("amikacin/burdet2015")
    assert out_of_reach(model, ("critically_ill", "mic", "pao2_fio2")) == ("critically_ill", "pao2_fio2")
    (issue,) = check_reach(model, ("critically_ill",))
    assert (issue.severity, issue.code) == ("warning", "not-from-a-chart")
    assert list(check_reach(model, ())) == []
