"""Accepting a suggestion neither keeps nor drops anything of the draft in silence."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from fhir.errors import BadResource
from fhir.ordered.write import Draft, draft
from fhir.r4 import faults
from models.dosing.advice import Regimen
from tests.fhir.charts import ME, VANCOMYCIN, drug, instruction, order

REGIMEN = Regimen(amount=1250.0, interval=24.0, duration=2.0, route="iv", start=60.0)
FIRST = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=1)))
HELD = "2026-11-22T09:30:00+01:00"


def written(first: datetime | None = None, repeat: dict[str, Any] | None = None, **changes: Any) -> Draft:
    """A draft with the dosage instruction as usual but for `repeat`, and the order but for `changes`."""
    row = instruction() | ({"timing": {"repeat": repeat}} if repeat else {})
    made = draft(
        order(**{"dosageInstruction": [row], **changes}), regimen=REGIMEN, drug=drug(), patient=ME, first=first
    )
    assert faults(made.resource) == ()
    return made


def period(made: Draft) -> dict[str, Any]:
    return made.resource["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]


def said(made: Draft) -> dict[str, str]:
    return {item.code: item.text for item in made.findings}


def test_a_held_dose_is_in_the_order_and_in_its_words() -> None:
    made = written(FIRST)
    assert period(made) == {"start": HELD}
    assert made.resource["dosageInstruction"][0]["text"].endswith("; first dose not before 2026-11-22 09:30+01:00")


STARTS = [
    ("2026-11-20T08:00:00+01:00", HELD),
    ("2026-11-22T09:29:00+01:00", HELD),
    ("2026-11-22T08:30:00Z", HELD),  # the same instant
    ("2026-11-22", HELD),
    ("soon", HELD),
    ("2026-11-22T12:00:00+01:00", "2026-11-22T12:00:00+01:00"),
    ("2026-11-23", "2026-11-23"),
]


@pytest.mark.parametrize(("sent", "kept"), STARTS)
def test_an_earlier_start_gives_way_and_a_later_one_stays(sent: str, kept: str) -> None:
    assert period(written(FIRST, {"boundsPeriod": {"start": sent}}))["start"] == kept


def test_an_end_before_the_held_start_is_left_out_by_name() -> None:
    made = written(FIRST, {"boundsPeriod": {"start": "2026-11-20", "end": "2026-11-21"}})
    assert period(made) == {"start": HELD}
    assert "boundsPeriod.end" in said(made)["draft-left-out"]
    kept = written(FIRST, {"boundsPeriod": {"start": "2026-11-20", "end": "2026-11-27"}})
    assert period(kept) == {"start": HELD, "end": "2026-11-27"}


def test_a_length_can_not_stand_beside_a_start_and_is_named() -> None:
    made = written(
        FIRST, {"boundsDuration": {"value": 7, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}}
    )
    assert period(made) == {"start": HELD}
    assert "boundsDuration" in said(made)["draft-left-out"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"dosageInstruction": [instruction(2000), instruction(1000)]}, "several dosage instructions"),
        ({"dosageInstruction": [instruction() | {"asNeededBoolean": True}]}, "as needed"),
        ({"dosageInstruction": [instruction() | {"asNeededCodeableConcept": {"text": "fever"}}]}, "as needed"),
        ({"dosageInstruction": [instruction() | {"modifierExtension": [{"url": "u"}]}]}, "modifier"),
        ({"doNotPerform": True}, "not to be given"),
    ],
)
def test_a_draft_that_is_not_one_regimen_is_not_rewritten(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(BadResource, match=why):
        written(**changes)


def test_words_to_nurse_and_patient_are_carried() -> None:
    beside = {"additionalInstruction": [{"text": "central line"}], "patientInstruction": "tell us of a rash"}
    made = written(dosageInstruction=[instruction() | beside])
    row = made.resource["dosageInstruction"][0]
    assert {name: row[name] for name in beside} == beside
    assert made.findings == ()


def test_what_is_dropped_is_named() -> None:
    row = instruction() | {
        "maxDosePerAdministration": {"value": 1, "unit": "g"},
        "timing": {"event": ["2026-11-20"], "repeat": {"count": 3}},
    }
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">1 g q12h</div>'}
    made = written(dosageInstruction=[row], text=narrative)
    assert "text" not in made.resource
    for name in ("text", "maxDosePerAdministration", "timing.event", "timing.repeat.count"):
        assert f'"{name}' in said(made)["draft-left-out"]


FREE_TEXT = [
    ({"note": [{"text": "Give 1 g q12h"}]}, "note"),
    ({"note": [{"text": "every 8 hours as before"}]}, "note"),
    ({"medicationCodeableConcept": VANCOMYCIN | {"text": "Vancomycin 1000 mg/200 mL"}}, "medicationCodeableCon"),
    ({"dispenseRequest": {"quantity": {"value": 14, "unit": "g"}}}, "dispenseRequest"),
    ({"dosageInstruction": [instruction() | {"patientInstruction": "1 g bid"}]}, "patientInstruction"),
]


@pytest.mark.parametrize(("changes", "where"), FREE_TEXT)
def test_a_dose_in_kept_free_text_is_said(changes: dict[str, Any], where: str) -> None:
    made = written(**changes)
    assert where in said(made)["draft-free-text-dose"]
    assert "another" in said(made)["draft-free-text-dose"]


@pytest.mark.parametrize("text", ["see pharmacist", "bed 12, level 3", "ext. 1234"])
def test_free_text_without_a_dose_raises_no_alarm(text: str) -> None:
    assert "draft-free-text-dose" not in said(written(note=[{"text": text}]))
