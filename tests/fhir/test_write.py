"""Draft orders: what the EHR sent is kept, the dosage is new, and the result is valid R4."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.errors import BadResource
from fhir.ordered.orders import read_order
from fhir.ordered.write import draft
from fhir.r4 import check, faults
from models.dosing.advice import Regimen
from tests.fhir.charts import ME, TACROLIMUS, VANCOMYCIN, drug, instruction, order

TWICE = Regimen(amount=1250.0, interval=12.0, duration=2.0, route="iv", start=60.0)


def written(original: dict[str, Any] | None, regimen: Regimen = TWICE, name: str = "vancomycin") -> dict[str, Any]:
    return draft(original, regimen=regimen, drug=drug(name), patient=ME).resource


def test_without_a_draft_a_whole_order_is_made() -> None:
    made = written(None)
    assert (made["status"], made["intent"], made["subject"]) == ("draft", "order", {"reference": f"Patient/{ME}"})
    assert made["medicationCodeableConcept"]["text"] == "Vancomycin"
    assert made["medicationCodeableConcept"]["coding"][0]["code"] == "11124"
    assert made["dosageInstruction"][0]["text"] == "1250 mg intravenously over 120 min every 12 h"


def test_all_of_a_valid_draft_is_kept_but_its_dosage() -> None:
    sent = order(status="draft", note=[{"text": "see pharmacist"}], priority="urgent", encounter={"reference": "E/1"})
    made = draft(sent, regimen=TWICE, drug=drug(), patient=ME)
    assert made.findings == ()
    assert {k: v for k, v in made.resource.items() if k != "dosageInstruction"} == {
        k: v for k, v in sent.items() if k != "dosageInstruction"
    } | {"medicationCodeableConcept": VANCOMYCIN}


def test_what_is_written_reads_back_as_the_regimen() -> None:
    for regimen in (TWICE, Regimen(amount=1750.0, interval=36.0, duration=5 / 3, route="iv", start=0.0)):
        back = read_order(written(order(), regimen), drug())
        assert back is not None
        # 1e-3 h: minutes are written to two decimals
        assert (back.amount, back.interval) == (regimen.amount, regimen.interval)
        assert back.duration == pytest.approx(regimen.duration, abs=1e-3)
        assert back.route == regimen.route


def test_capsules() -> None:
    regimen = Regimen(amount=2.5, interval=12.0, duration=0.0, route="oral", start=0.0)
    row = written(order(medicationCodeableConcept=TACROLIMUS), regimen, "tacrolimus")["dosageInstruction"][0]
    assert "duration" not in row["timing"]["repeat"]
    assert row["doseAndRate"][0]["doseQuantity"]["value"] == 2.5
    assert row["text"] == "2.5 mg by mouth every 12 h"


def test_injections_under_the_skin_are_written_as_such() -> None:
    regimen = Regimen(amount=40.0, interval=336.0, duration=0.0, route="sc", start=0.0)
    row = written(None, regimen, "adalimumab")["dosageInstruction"][0]
    assert row["text"] == "40 mg subcutaneously every 336 h"
    assert row["route"]["coding"][0]["code"] == "34206005"


def test_the_sandbox_draft_is_mended_and_what_can_not_be_kept_is_said() -> None:
    sent = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "category": {"coding": [{"code": "inpatient"}]},
        "medicationCodeableConcept": VANCOMYCIN,
        "priority": "soonish",
        "note": [],
        "reasonCode": None,
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "{pill}"}}]}],
    }
    made = draft(sent, regimen=TWICE, drug=drug(), patient=ME)
    assert (made.resource["id"], made.resource["intent"]) == ("request-123", "order")
    assert made.resource["category"] == [{"coding": [{"code": "inpatient"}]}]
    assert "priority" not in made.resource
    assert "note" not in made.resource
    assert '"priority"' in made.findings[0].text


def test_bounds_are_kept_where_they_are_valid() -> None:
    bounds = {"boundsPeriod": {"start": "2026-11-18", "end": "2026-11-25"}}
    sent = order(dosageInstruction=[instruction(timing={"repeat": {"frequency": 1} | bounds})])
    assert written(sent)["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] == bounds["boundsPeriod"]
    sent = order(dosageInstruction=[instruction(timing={"repeat": {"boundsPeriod": {"start": "soon"}}})])
    made = draft(sent, regimen=TWICE, drug=drug(), patient=ME)
    assert "boundsPeriod" not in made.resource["dosageInstruction"][0]["timing"]["repeat"]
    assert "boundsPeriod" in made.findings[0].text


def test_a_text_and_a_code_are_there_for_clients_that_need_both() -> None:
    bare = {"coding": [{"system": "http://www.whocc.no/atc", "code": "J01XA01"}]}
    concept = written(order(medicationCodeableConcept=bare))["medicationCodeableConcept"]
    assert concept == {"coding": bare["coding"], "text": "Vancomycin"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"subject": {"reference": "Patient/p2"}}, "another patient"),
        ({"medicationCodeableConcept": TACROLIMUS}, "not coded as vancomycin"),
        ({"medicationCodeableConcept": {"text": "Vancomycin"}}, "not coded as vancomycin"),
        ({"resourceType": "ServiceRequest"}, "not a MedicationRequest"),
    ],
)
def test_a_dosage_never_lands_in_another_order(changes: dict, why: str) -> None:
    with pytest.raises(BadResource, match=why):
        written(order(**changes))


def test_the_draft_that_was_sent_is_left_as_it_was() -> None:
    sent = order(note=[None, {"text": ""}])
    before = json.dumps(sent)
    written(sent)
    assert json.dumps(sent) == before


@pytest.mark.parametrize(
    "breach",
    [
        {"status": "nonsense"},
        {"intent": "wish"},
        {"category": {"text": "x"}},
        {"authoredOn": "2026-13-45"},
        {"foo": 1},
        {"medicationReference": {"reference": "Medication/1"}},
        {"subject": None},
    ],
)
def test_the_check_can_fail(breach: dict) -> None:
    assert faults(order()) == ()
    with pytest.raises(BadResource):
        check(order(**breach))


def test_only_what_this_service_writes_can_be_checked() -> None:
    with pytest.raises(BadResource, match="not a resource this service writes"):
        check({"resourceType": "Patient"})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(order())), _JSON)
def test_whatever_a_draft_holds_the_answer_is_valid_or_refused(name: str, value: Any) -> None:
    try:
        made = written(order() | {name: value})
    except BadResource:
        return
    check(made)
    assert made["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 1250
    assert made["subject"]["reference"] == f"Patient/{ME}"
