"""The synthetic charts: complete, valid FHIR R4, and telling the story that their files say."""

from collections import Counter
from datetime import datetime, timedelta, timezone
from importlib import import_module

import pytest

from cds_server.sandbox.resources import resources_of
from cds_server.sandbox.scenarios import HOOKS, ScenarioError, load_scenarios, read_scenario

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=timezone(timedelta(hours=1)))
SCENARIOS = load_scenarios()
ISSUE_2 = {
    "vancomycin-steady",
    "vancomycin-underdosed",
    "vancomycin-overdosed",
    "vancomycin-first-dose",
    "vancomycin-obese",
    "vancomycin-level-during-infusion",
    "vancomycin-haemodialysis",
    "vancomycin-missing-weight",
    "vancomycin-other-units",
    "vancomycin-other-patient",
    "tacrolimus-expresser",
    "tacrolimus-below-target",
}


def by_id(name):
    return next(item for item in SCENARIOS if item.id == name)


def of_type(scenario, kind):
    return [item for item in resources_of(scenario, NOW) if item["resourceType"] == kind]


def test_every_question_of_the_demonstration_has_its_patient():
    assert {scenario.id for scenario in SCENARIOS} >= ISSUE_2


def test_names_and_ids_are_unique_and_the_names_say_that_they_are_made_up():
    assert max(Counter(scenario.id for scenario in SCENARIOS).values()) == 1
    assert max(Counter(scenario.patient.name for scenario in SCENARIOS).values()) == 1
    assert all(scenario.patient.name.endswith("-Test") for scenario in SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.id)
def test_every_resource_is_valid_r4(scenario):
    resources = resources_of(scenario, NOW)
    for resource in resources:
        kind = resource["resourceType"]
        getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind).model_validate(resource)
    ids = [(resource["resourceType"], resource["id"]) for resource in resources]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.id)
def test_nothing_lies_in_the_future_and_every_time_carries_the_zone(scenario):
    for resource in resources_of(scenario, NOW):
        for text in _times(resource):
            when = datetime.fromisoformat(text)
            assert when.utcoffset() == timedelta(hours=1)
            assert when <= NOW


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.id)
def test_the_age_in_the_file_is_the_age_in_the_chart(scenario):
    born = datetime.fromisoformat(of_type(scenario, "Patient")[0]["birthDate"])
    completed = NOW.year - born.year - ((NOW.month, NOW.day) < (born.month, born.day))
    assert completed == scenario.patient.age


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.id)
def test_the_demonstration_plays_every_hook_and_knows_what_to_expect(scenario):
    assert scenario.exchange.hooks == HOOKS
    assert scenario.line
    assert len(scenario.story) > 40


def test_prefetch_is_full_partial_and_absent_somewhere():
    assert {scenario.exchange.prefetch for scenario in SCENARIOS} == {"full", "partial", "none"}


def test_the_dose_that_was_held_is_charted_as_not_done_with_its_reason():
    held = of_type(by_id("vancomycin-overdosed"), "MedicationAdministration")[-1]
    assert held["status"] == "not-done"
    assert held["statusReason"][0]["text"].startswith("Held")


def test_the_misfiled_level_names_another_patient_of_the_sandbox():
    subjects = {item["subject"]["reference"] for item in of_type(by_id("vancomycin-other-patient"), "Observation")}
    assert subjects == {"Patient/vancomycin-other-patient", "Patient/vancomycin-overdosed"}


def test_the_mistimed_trough_was_collected_while_the_pump_ran():
    scenario = by_id("vancomycin-level-during-infusion")
    level = next(o for o in of_type(scenario, "Observation") if o["code"]["coding"][0]["code"] == "4092-3")
    drawn = datetime.fromisoformat(level["effectiveDateTime"])
    periods = [item["effectivePeriod"] for item in of_type(scenario, "MedicationAdministration")]
    spans = [(datetime.fromisoformat(p["start"]), datetime.fromisoformat(p["end"])) for p in periods]
    assert sum(start < drawn < end for start, end in spans) == 1


def test_dialysis_lies_between_the_last_level_and_now():
    scenario = by_id("vancomycin-haemodialysis")
    level = next(o for o in of_type(scenario, "Observation") if o["code"]["coding"][0]["code"] == "20578-1")
    session = of_type(scenario, "Procedure")[-1]["performedPeriod"]
    assert level["effectiveDateTime"] < session["start"] < session["end"]


def test_molar_results_stand_in_the_chart_as_the_laboratory_sent_them():
    units = {o["valueQuantity"]["code"] for o in of_type(by_id("vancomycin-other-units"), "Observation")}
    assert units == {"kg", "cm", "umol/L"}


def test_an_unknown_key_is_refused_with_its_file_and_the_known_keys():
    raw = {"id": "x", "drug": "vancomycin", "patient": {"name": "A B-Test", "colour": "blue"}}
    with pytest.raises(ScenarioError, match=r"odd.toml: patient: unknown key colour, expected one of name, sex"):
        read_scenario(raw, "odd.toml")


def test_a_missing_key_is_refused_with_its_file():
    with pytest.raises(ScenarioError, match=r"thin.toml: patient: .*missing .* 'problem'"):
        read_scenario({"patient": {"name": "A B-Test", "sex": "male", "age": 40}}, "thin.toml")


def _times(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("effectiveDateTime", "issued", "authoredOn", "start", "end", "recordedDate"):
                yield value
            else:
                yield from _times(value)
    elif isinstance(node, list):
        for item in node:
            yield from _times(item)
