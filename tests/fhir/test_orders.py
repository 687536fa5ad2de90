"""Orders as regimens: what a draft says, what it does not, and which order is in force."""

import pytest

from fhir.ordered.orders import drugs_of, explain_order, read_order
from tests.fhir.charts import (
    ORAL,
    TACROLIMUS,
    VANCOMYCIN,
    at,
    codes,
    drug,
    given,
    instruction,
    order,
    patient,
    quantity,
    read,
)


def test_an_order_said_in_full() -> None:
    regimen = read_order(order(1, "g"), drug())
    assert regimen is not None
    assert (regimen.amount, regimen.interval, regimen.duration, regimen.route) == (1000.0, 12.0, 1.5, "iv")
    assert (regimen.source, regimen.status, regimen.intent) == ("MedicationRequest/r1", "active", "order")


def test_an_infusion_time_from_the_rate() -> None:
    timing = {"code": {"text": "Q12H"}}
    dose = {"doseQuantity": quantity(1000, "mg"), "rateQuantity": quantity(500, "mg/h")}
    regimen = read_order(order(dosageInstruction=[instruction(timing=timing, doseAndRate=[dose])]), drug())
    assert regimen is not None
    assert (regimen.interval, regimen.duration) == (12.0, 2.0)


def test_capsules_have_no_infusion_time() -> None:
    row = instruction(5, timing={"code": {"text": "BID"}}, route=ORAL)
    regimen = read_order(order(medicationCodeableConcept=TACROLIMUS, dosageInstruction=[row]), drug("tacrolimus"))
    assert regimen is not None
    assert (regimen.amount, regimen.interval, regimen.duration, regimen.route) == (5.0, 12.0, 0.0, "oral")


def test_the_sandbox_draft_is_read_as_far_as_it_goes() -> None:
    """Invalid R4 as a real client sends it: category an object, no intent, no id, a pill as the unit."""
    sent = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "category": {"coding": [{"code": "inpatient"}]},
        "medicationCodeableConcept": VANCOMYCIN,
        "dosageInstruction": [
            {
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "{pill}"}}],
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            }
        ],
    }
    regimen, findings = explain_order(sent, drug())
    assert regimen is not None
    assert (regimen.amount, regimen.interval, regimen.route) == (None, 24.0, None)
    assert (regimen.source, regimen.intent) == ("MedicationRequest", "")
    assert {finding.code for finding in findings} == {"order-unreadable"}
    assert any("{pill}" in finding.text for finding in findings)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"dosageInstruction": []}, "no dosage instruction"),
        ({"dosageInstruction": [instruction(), instruction(500)]}, "several"),
        ({"dosageInstruction": [instruction(asNeededBoolean=True)]}, "as needed"),
        ({"dosageInstruction": [instruction(doseAndRate=[])]}, "no dose"),
        ({"dosageInstruction": [instruction(doseAndRate=[{"doseRange": {"low": quantity(1, "g")}}])]}, "range"),
        ({"dosageInstruction": [instruction(15, "mg/kg")]}, "does not convert"),
        ({"dosageInstruction": [instruction(timing={"code": {"text": "as directed"}})]}, "not known"),
        ({"dosageInstruction": [instruction(route={"text": "rectal"})]}, "route"),
        ({"modifierExtension": [{"url": "x"}]}, "modifier"),
    ],
)
def test_what_an_order_does_not_say_is_none_and_said(changes: dict, why: str) -> None:
    regimen, findings = explain_order(order(**changes), drug())
    assert regimen is not None
    assert None in (regimen.amount, regimen.interval, regimen.route)
    assert any(why in finding.text for finding in findings)


def test_of_two_doses_the_ordered_one_is_taken() -> None:
    def typed(amount: float, kind: str) -> dict:
        return {"type": {"coding": [{"code": kind}]}, "doseQuantity": quantity(amount, "mg")}

    rows = [typed(15, "calculated"), typed(1000, "ordered")]
    regimen = read_order(order(dosageInstruction=[instruction(doseAndRate=rows)]), drug())
    assert regimen is not None
    assert regimen.amount == 1000


def test_an_order_of_another_drug_is_none() -> None:
    assert read_order(order(), drug("tacrolimus")) is None
    assert read_order(order(medicationCodeableConcept={"text": "Vancomycin"}), drug()) is None


def test_drugs_by_code_never_by_words() -> None:
    drugs = (drug("tacrolimus"), drug("vancomycin"))
    words = order(medicationCodeableConcept={"text": "no tacrolimus"})
    assert drugs_of([order(), words], drugs) == ("vancomycin",)
    medication = {"resourceType": "Medication", "id": "m1", "code": TACROLIMUS}
    referring = order(medicationReference={"reference": "Medication/m1"})
    del referring["medicationCodeableConcept"]
    assert drugs_of(
        [{"resourceType": "Bundle", "entry": [{"resource": medication}, {"resource": referring}]}], drugs
    ) == ("tacrolimus",)


def test_a_code_of_the_right_number_in_the_wrong_system_is_not_the_drug() -> None:
    other = {"coding": [{"system": "http://hospital.example/codes", "code": "11124"}]}
    assert drugs_of([order(medicationCodeableConcept=other)], [drug()]) == ()


@pytest.mark.parametrize(
    "changes", [{"status": "draft"}, {"status": "stopped"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_only_an_order_in_force_is_current(changes: dict) -> None:
    assert read(patient(), given(), order(**changes)).current is None


def test_a_loading_dose_is_not_the_current_regimen() -> None:
    once = instruction(2000, timing={"repeat": {"count": 1}})
    chart = read(patient(), given(), order(), order(id="r2", authoredOn=at("18 07:30"), dosageInstruction=[once]))
    assert chart.current is not None
    assert chart.current.amount == 1000


def test_of_several_orders_in_force_the_last_written_is_taken_aloud() -> None:
    chart = read(patient(), given(), order(), order(750, id="r2", authoredOn=at("19 07:00")))
    assert chart.current is not None
    assert chart.current.amount == 750
    assert "several-active-orders" in codes(chart)


def test_an_order_by_a_route_of_no_known_code_has_none() -> None:
    coded = {
        "coding": [{"system": "http://snomed.info/sct", "code": "78421000", "display": "Intramuscular"}],
        "text": "IV",
    }
    regimen = read_order(order(dosageInstruction=[instruction(route=coded)]), drug())
    assert regimen is not None
    assert regimen.route is None


@pytest.mark.parametrize(("text", "passed"), [("Pharmacy to dose", True), ("1500 mg every 12 h", False), ("", True)])
def test_an_order_that_leaves_dosing_to_the_pharmacy_is_not_the_regimen(text: str, passed: bool) -> None:
    placeholder = order(id="r2", authoredOn=at("18 09:00"), dosageInstruction=[{"text": text}])
    chart = read(patient(), order(), placeholder)
    assert chart.current is not None
    assert (chart.current.source == "MedicationRequest/r1") is passed
    assert ("order-without-dose" in codes(chart)) is passed
    assert ("several-active-orders" in codes(chart)) is not passed


def test_a_placeholder_alone_is_said_as_an_order_that_can_not_be_read() -> None:
    chart = read(patient(), order(dosageInstruction=[{"text": "Pharmacy to dose"}]))
    assert "order-unreadable" in codes(chart)
    assert "order-without-dose" not in codes(chart)
