"""Other drugs of a patient as covariates: interacting ones as flags, doses a day of those a model asks for."""

from dataclasses import replace
from typing import Any

import pytest

from fhir.chart import Chart
from tests.fhir.charts import (
    RXNORM,
    codes,
    drug,
    patient,
    quantity,
    read,
    said,
)
from tests.fhir.other_charts import ATC, CLARITHROMYCIN, asking, concept, ordered, taken, values


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationAdministration", "MedicationStatement"])
def test_an_interacting_drug_in_use_is_a_flag(kind: str) -> None:
    chart = asking("cyp3a4_strong_inhibitor", drug_name="tacrolimus", resources=(taken(kind, CLARITHROMYCIN),))
    assert values(chart, "cyp3a4_strong_inhibitor") == [1.0]
    assert "interaction-not-found" not in codes(chart)


def test_no_interacting_drug_counts_as_no_and_where_it_was_looked_for_is_said() -> None:
    other = taken("MedicationStatement", concept(RXNORM, "11289"))  # warfarin
    chart = asking("cyp3a4_strong_inhibitor", drug_name="tacrolimus", resources=(other,))
    assert values(chart, "cyp3a4_strong_inhibitor") == []
    text = said(chart, "interaction-not-found")
    assert "strong CYP3A4 inhibitor" in text
    assert "1 medication statement)" in text


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("MedicationRequest", {"status": "stopped"}),
        ("MedicationRequest", {"intent": "proposal"}),
        ("MedicationRequest", {"doNotPerform": True}),
        ("MedicationAdministration", {"status": "not-done"}),
        ("MedicationStatement", {"status": "not-taken"}),
        ("MedicationStatement", {"effectivePeriod": {"start": "2026-10", "end": "2026-11-01"}}),
        ("MedicationStatement", {"effectivePeriod": {"start": "2027-10"}}),
    ],
)
def test_one_that_is_not_in_use_is_none(kind: str, changes: dict) -> None:
    resource = taken(kind, CLARITHROMYCIN, **changes)
    assert values(asking("cyp3a4_strong_inhibitor", resources=(resource,)), "cyp3a4_strong_inhibitor") == []


def test_a_drug_given_last_month_no_longer_counts_but_amiodarone_does() -> None:
    past = {"effectiveDateTime": "2026-10-15T08:00:00+01:00"}
    erythromycin = taken("MedicationAdministration", concept(ATC, "J01FA01"), **past)
    chart = asking("macrolide", resources=(erythromycin,))
    assert values(chart, "macrolide") == []
    assert "2026-10-15" in said(chart, "interaction-past")
    amiodarone = taken("MedicationAdministration", concept(RXNORM, "703"), **past)
    assert values(asking("amiodarone", resources=(amiodarone,)), "amiodarone") == [1.0]


def test_the_dosed_drug_is_not_its_own_interaction() -> None:
    own = taken("MedicationRequest", concept(RXNORM, "8183"))
    chart = asking("other_antiepileptics", drug_name="phenytoin", resources=(own,))
    assert values(chart, "other_antiepileptics") == []
    other = taken("MedicationRequest", concept(ATC, "N03AX09"))
    assert values(
        asking("other_antiepileptics", drug_name="phenytoin", resources=(other,)), "other_antiepileptics"
    ) == [1.0]


def test_an_interacting_drug_in_words_only_is_said() -> None:
    chart = asking("spironolactone", resources=(taken("MedicationRequest", {"text": "Spironolactone 25 mg"}),))
    assert values(chart, "spironolactone") == []
    assert "in words only" in said(chart, "interaction-uncoded")


def test_a_strong_inhibitor_keeps_tacrolimus_models_from_being_used() -> None:
    from models.catalog import load_catalog
    from models.dosing.applicability import applicable

    chart = read(patient(), taken("MedicationRequest", CLARITHROMYCIN), name="tacrolimus")
    model = load_catalog().model("tacrolimus/bergmann2014")
    found = {item.code for item in applicable(model, drug("tacrolimus"), _with(chart, "weight", 70.0))}
    assert "outside-domain" in found or "covariate-missing" in found


def _with(chart: Chart, name: str, value: float) -> Any:
    from models.record import Covariate

    more = (Covariate(name=name, time=chart.record.covariates[-1].time, value=value),)
    return replace(chart.record, covariates=(*chart.record.covariates, *more))


def test_the_dose_of_ciclosporin_is_the_days_sum_of_its_orders() -> None:
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(ordered(175, "mg", 12),))
    assert values(chart, "ciclosporin_dose") == [350.0]
    second = ordered(0.05, "g", 24) | {"id": "evening"}
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(ordered(175, "mg", 12), second))
    assert values(chart, "ciclosporin_dose") == [400.0]


CAPSULE = {"numerator": quantity(25, "mg"), "denominator": quantity(1, "{capsule}")}


def capsules(count: float) -> dict:
    """So many capsules every 12 h of a product that holds 25 mg of ciclosporin each."""
    own = {"itemCodeableConcept": concept(RXNORM, "3008"), "strength": CAPSULE}
    product = {"resourceType": "Medication", "id": "m1", "ingredient": [own]}
    charted = ordered(count, "{capsule}", 12) | {"medicationReference": {"reference": "#m1"}, "contained": [product]}
    del charted["medicationCodeableConcept"]
    return charted


def test_capsules_of_a_known_strength_count_by_it() -> None:
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(capsules(3),))
    assert values(chart, "ciclosporin_dose") == [150.0]


def test_capsules_of_an_unknown_strength_are_not_guessed() -> None:
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(ordered(3, "{capsule}", 12),))
    assert values(chart, "ciclosporin_dose") == []
    assert "no strength of the drug" in said(chart, "ciclosporin-dose-unreadable")


@pytest.mark.parametrize("changes", [{"asNeededBoolean": True}, {"timing": {}}, {"doseAndRate": []}])
def test_an_order_of_ciclosporin_that_can_not_be_read_is_said(changes: dict) -> None:
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(ordered(175, "mg", 12, **changes),))
    assert values(chart, "ciclosporin_dose") == []
    assert "ciclosporin-dose-unreadable" in codes(chart)


def test_the_dosed_drug_named_in_words_too_is_no_interaction_in_words_only() -> None:
    mine = ordered(175, "mg", 12)
    mine["medicationCodeableConcept"]["text"] = "Ciclosporin 50 mg capsule"
    chart = asking("cyp3a4_moderate_inhibitor", drug_name="ciclosporin", resources=(mine,))
    assert values(chart, "cyp3a4_moderate_inhibitor") == []
    assert "interaction-uncoded" not in codes(chart)
