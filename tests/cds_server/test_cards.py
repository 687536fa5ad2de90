"""Cards: what a clinician reads and an EHR takes, checked against CDS Hooks 2.0 and against our own promises."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_server.hooks.cards import EXTENSION, Occasion, card_of
from cds_server.hooks.detail import SUPPORTS
from cds_server.hooks.indicator import NEARLY_SURE, indicator
from cds_server.hooks.notices import failed, getting_ready, on_its_way, uncoded, unrecorded
from cds_server.hooks.overrides import hl7_group, override_reasons
from cds_server.hooks.rows import stored_form
from models.catalog import load_catalog
from models.findings import Finding
from tests.cds_server.card_rules import broken_card
from tests.cds_server.sample_advice import MODEL, issued, sample_declined, sample_recommendation, with_trough_target

DRUG = load_catalog().drug("vancomycin")
DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1", "display": "Canary Name"},
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "11124"}],
        "text": "Vancomycin",
    },
    "note": [{"text": "kept as it was"}],
}


def occasion(draft=DRAFT, link="https://titrate.example/advice/signed") -> Occasion:
    numbers = count(1)
    return Occasion(
        patient="p1",
        draft=draft,
        link=link,
        service_url="https://titrate.example",
        new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
    )


def recommendation(advice=None, **where) -> dict[str, Any]:
    return card_of(issued(advice or sample_recommendation()), DRUG, occasion(**where))


def declined(advice=None) -> dict[str, Any]:
    return card_of(issued(advice or sample_declined()), DRUG, occasion())


def every_card() -> list[dict[str, Any]]:
    notices = [
        on_its_way(DRUG, occasion()),
        getting_ready(DRUG, occasion()),
        failed("ab12", occasion(), DRUG),
        failed("ab12", occasion()),
        unrecorded("ab12", occasion()),
        uncoded(DRUG, occasion()),
    ]
    unordered = recommendation(draft=None)
    return [recommendation(), recommendation(with_trough_target()), unordered, declined(), *notices]


def leaves(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from leaves(item)


@pytest.mark.parametrize("card", every_card(), ids=lambda card: card["extension"][EXTENSION]["kind"])
def test_every_card_is_what_cds_hooks_asks_for(card):
    assert broken_card(card) == ()


def test_the_summary_says_dose_interval_exposure_and_probability():
    summary = recommendation()["summary"]
    for part in (
        "1250 mg every 12 h",
        "AUC24 500 mg·h/L",
        "78 % probability of 400–600",
        "ordered regimen is above a hard limit",
    ):
        assert part in summary


def test_the_detail_compares_at_least_two_regimens_with_the_one_at_hand():
    rows = [line for line in recommendation()["detail"].splitlines() if "mg every" in line and line.startswith("|")]
    assert [row.split("|")[2].strip() for row in rows] == ["proposed", "alternative", "current", "ordered"]
    for row in rows:
        assert re.search(r"\d+ \(\d+–\d+\)", row)  # exposure with its interval
        assert len(re.findall(r"\d+ %", row)) >= 3  # in target, below, above


BASIS = {
    "level value": "12.4",
    "level time in the zone it was charted in": "2026-11-20 07:30+01:00",
    "dose": "1000 mg over 1.5 h",
    "covariate": "creatinine clearance: 98.4 mL/min",
    "covariate without a unit": "sex: male",
    "how the patient differs": "Clearance is 20 % under",
    "model": "A made-up one-compartment model",
    "citation": "Nobody A.",
    "content hash": MODEL.hash[:12],
    "seed": "seed 7",
    "target and its source": "a guideline",
    "doubt": "weight is two days old",
    "not verified": "this model exists for tests only",
    "limit": "8000 mg/d is above the daily limit",
    "support": SUPPORTS,
}


@pytest.mark.parametrize("said", BASIS.values(), ids=BASIS.keys())
def test_the_basis_is_on_the_card(said):
    assert said in recommendation()["detail"]


def test_a_recommendation_without_a_level_says_so():
    advice = replace(sample_recommendation(), levels=(), basis="covariates")
    assert "rests on covariates alone" in recommendation(advice)["detail"]


def test_suggestions_carry_the_whole_draft_with_the_new_dose():
    card = recommendation()
    assert card["selectionBehavior"] == "at-most-one"
    assert [item["isRecommended"] for item in card["suggestions"]] == [True, False]
    for suggestion, amount in zip(card["suggestions"], (1250, 1000), strict=True):
        (action,) = suggestion["actions"]
        assert action["type"] == "update"
        assert action["description"]
        order = action["resource"]
        assert (order["id"], order["note"], order["subject"]) == ("draft-1", DRAFT["note"], DRAFT["subject"])
        assert order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == amount
    uuids = [card["uuid"], *(item["uuid"] for item in card["suggestions"])]
    assert len(set(uuids)) == 3


def test_without_a_draft_there_is_nothing_to_change():
    assert "suggestions" not in recommendation(draft=None)


def test_a_draft_that_can_not_be_changed_is_said_and_the_advice_stays():
    card = recommendation(draft=DRAFT | {"subject": {"reference": "Patient/somebody-else"}})
    assert "suggestions" not in card
    assert "The order itself can not be changed" in card["detail"]


def test_a_declined_card_says_why_and_what_would_help():
    card = declined()
    assert "no dose is proposed" in card["summary"]
    assert "No weight is charted." in card["detail"]
    assert "A weight measured during this stay." in card["detail"]
    assert "suggestions" not in card
    assert card["indicator"] == "warning"


def outcome_of_order(**changes):
    advice = sample_recommendation()
    ordered = replace(advice.regimens[3], limits=(), above=0.1, attainment=0.6)
    return replace(advice, regimens=(*advice.regimens[:3], replace(ordered, **changes)))


INDICATORS = [
    ({}, "info"),
    ({"attainment": 0.5}, "info"),
    ({"attainment": 0.499}, "warning"),
    ({"attainment": 0.05, "above": NEARLY_SURE}, "critical"),
    ({"attainment": 0.05, "above": NEARLY_SURE - 0.001}, "warning"),
    ({"limits": ("over the limit",)}, "critical"),
]


@pytest.mark.parametrize(("changes", "expected"), INDICATORS)
def test_the_indicator_follows_the_regimen_at_hand(changes, expected):
    assert indicator(outcome_of_order(**changes)) == expected


def test_with_nothing_ordered_the_current_regimen_counts_and_without_either_it_is_information():
    advice = sample_recommendation()
    current = replace(advice.regimens[2], attainment=0.3)
    assert indicator(replace(advice, regimens=(*advice.regimens[:2], current))) == "warning"
    assert indicator(replace(advice, regimens=advice.regimens[:2])) == "info"


def test_another_patients_data_are_critical():
    reason = Finding(code="other-patient", severity="critical", text="x")
    assert indicator(replace(sample_declined(), reasons=(reason,))) == "critical"


# Orders to a clinician, at the start of a sentence or after its subject; the card informs and does not command.
IMPERATIVE = re.compile(
    r"(?im)(?:^|[.:;!?]\s+|^\W+)(give|administer|increase|decrease|reduce|start|stop|switch|change|hold|use|do not"
    r"|consider|avoid|adjust|order|prescribe|monitor|repeat)\b|\b(must|shall|should|have to|has to|need to|ought)\b"
)


@pytest.mark.parametrize("card", every_card(), ids=lambda card: card["extension"][EXTENSION]["kind"])
def test_no_card_commands(card):
    labels = [item["label"] for item in card.get("suggestions", [])]
    actions = [action["description"] for item in card.get("suggestions", []) for action in item["actions"]]
    for text in (card["summary"], card["detail"], *labels, *actions):
        assert not IMPERATIVE.search(text), text


@pytest.mark.parametrize(
    "text", ["Give 1 g.", "The dose must be reduced.", "- Stop the infusion", "It is high. Reduce it."]
)
def test_the_lexicon_notices_a_command(text):
    assert IMPERATIVE.search(text)


def test_validated_is_said_nowhere():
    assert not any("validated" in card["detail"].lower() for card in every_card())


def test_override_reasons_are_coded_and_ours_map_to_hl7():
    codes = [reason["code"] for reason in override_reasons()]
    assert len(codes) == len(set(codes))
    for reason in override_reasons():
        own = reason["system"].startswith("urn:titrate")
        assert (hl7_group(reason["code"]) is not None) == own


def test_what_is_stored_of_a_card_names_nobody():
    assert "Canary" in str(recommendation())
    assert "Canary" not in str(stored_form(recommendation()))
    assert [item["uuid"] for item in stored_form(recommendation())["suggestions"]]


@given(st.text(max_size=200), st.floats(1, 1e7), st.floats(1e-6, 1e9), st.floats(0, 1))
def test_whatever_the_numbers_and_words_the_summary_fits(text, amount, exposure, chance):
    advice = sample_recommendation()
    best = advice.regimens[0]
    best = replace(
        best,
        regimen=replace(best.regimen, amount=amount),
        exposure=replace(best.exposure, median=exposure),
        attainment=chance,
    )
    for card in (
        recommendation(replace(advice, regimens=(best, *advice.regimens[1:])), draft=None),
        declined(replace(sample_declined(), reasons=(Finding(code="x", severity="critical", text=text or "x"),))),
    ):
        assert 0 < len(card["summary"]) < 140
        assert "\n" not in card["summary"]
