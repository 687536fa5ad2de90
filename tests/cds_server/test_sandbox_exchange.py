"""The whole exchange over HTTP with the real service; and that the judge of it notices what is wrong."""

from dataclasses import replace

import pytest

from cds_server.hooks.cards import EXTENSION
from cds_server.sandbox.exchange import run_once
from cds_server.sandbox.judge import Heard, direction, wrong_with
from cds_server.sandbox.orders import OrderLine
from cds_server.sandbox.scenarios import Expected, load_scenarios
from tests.cds_server.card_rules import broken
from tests.cds_server.live import live_service

SCENARIO = load_scenarios()[1]  # underdosed: expects a higher dose
DRAFT = OrderLine(
    id="d", medication="Vancomycin", text="", status="draft", authored=None, dose=1000.0, every=12.0, minutes=90.0
)


@pytest.mark.slow
def test_every_patient_ends_as_the_scenario_says(tmp_path):
    with live_service(tmp_path) as live:
        lines = list(run_once(live.base))
        charted = [row.outcome for row in live.parts.store.all_feedback()]
    assert [line for line in lines if line["verdict"] != "ok"] == []
    assert [found for line in lines for found in broken({"cards": line["cards"]})] == []
    assert [line["scenario"] for line in lines if line["hook"] == "outcome"] == [s.id for s in load_scenarios()]
    assert charted.count("accepted") == sum(s.exchange.answer == "accept" for s in load_scenarios())
    assert charted.count("overridden") == sum(s.exchange.answer == "override" for s in load_scenarios())


def order(dose, every):
    return {
        "resourceType": "MedicationRequest",
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 1, "period": every, "periodUnit": "h"}},
                "doseAndRate": [{"doseQuantity": {"value": dose, "unit": "mg", "code": "mg"}}],
            }
        ],
    }


def card(amount=1500.0, interval=12.0, *, suggested=None, **changes):
    suggested = suggested or order(amount, interval)
    facts = {
        "kind": "recommendation",
        "findings": list(SCENARIO.expected.findings),
        "proposed": {"amount_mg": amount, "interval_h": interval},
    }
    return {
        "uuid": "u",
        "summary": "A dose",
        "indicator": "warning",
        "suggestions": [{"uuid": "s", "actions": [{"type": "update", "resource": suggested}]}],
        "extension": {EXTENSION: facts},
    } | changes


def verdict(*cards, status=200, expected=SCENARIO.expected):
    heard = [Heard(hook="order-sign", status=status, cards=cards)]
    return wrong_with(replace(SCENARIO, expected=expected), heard, DRAFT)


def test_the_expected_outcome_is_right():
    assert verdict(card()) == ""


@pytest.mark.parametrize(
    ("cards", "complaint"),
    [
        ((), "expected a card of kind recommendation, got []"),
        ((card(500.0),), "1000 mg a day proposed for 2000: lower, expected higher"),
        ((card(1100.0),), "same, expected higher"),
        ((card(suggested=order(1000, 12)),), "the suggested order says 1000 mg every 12.0 h, the card another dose"),
        ((card(suggestions=[]),), "the card suggests no order"),
        ((card(extension={EXTENSION: {"kind": "declined"}}),), "got ['declined']"),
        ((card(summary="x" * 140),), "a summary of 140 characters"),
        ((card(summary=""),), "a summary of 0 characters"),
        ((card(indicator="hard-stop"),), "without a valid indicator"),
        ((card(uuid=""),), "without a valid indicator or uuid"),
    ],
)
def test_each_wrong_outcome_is_named(cards, complaint):
    assert complaint in verdict(*cards)


def test_an_error_is_named_with_its_status():
    assert "order-sign was answered with HTTP 500" in verdict(status=500)


def test_a_card_on_its_way_is_noticed_so_that_the_order_is_opened_again():
    pending = card(extension={EXTENSION: {"kind": "pending"}})
    assert Heard(hook="order-sign", status=200, cards=(pending,)).pending
    assert not Heard(hook="order-sign", status=200, cards=(card(),)).pending
    assert not Heard(hook="order-sign", status=200, cards=()).pending
    assert "expected a card of kind recommendation, got ['pending']" in verdict(pending)


def test_a_finding_that_was_not_said_is_named():
    expected = Expected(kind="recommend", findings=("creatinine-rising",))
    assert verdict(card(), expected=expected) == "not said: creatinine-rising"


def test_a_declined_card_has_to_say_what_would_help_as_loudly_as_expected_and_suggest_nothing():
    declined = card(extension={EXTENSION: {"kind": "declined"}}, detail="A height would help.")
    expected = Expected(kind="declined", would_help="weight", indicator="critical")
    complaints = verdict(declined, expected=expected)
    assert "does not say that weight would help" in complaints
    assert "indicator warning, expected critical" in complaints
    assert "a declined card suggests an order" in complaints


@pytest.mark.parametrize(
    ("before", "after", "said"), [(100, 115, "same"), (100, 85, "same"), (100, 116, "higher"), (100, 84, "lower")]
)
def test_a_daily_dose_counts_as_the_same_within_15_per_cent(before, after, said):
    assert direction(before, after) == said
