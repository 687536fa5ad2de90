"""What became of the cards: rates by hand and by another formula, the dose taken worked out, nothing of the patient."""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given as chosen
from hypothesis import strategies as st

from cds_server import encode
from cds_server.acceptance.facts import card_facts
from cds_server.acceptance.report import report, wilson
from cds_server.cli import titrate
from cds_server.cli.feedback.export import COLUMNS, row
from cds_server.decision import Decision
from cds_server.hooks.feedback import PLACED, parse
from cds_server.record_feedback import record_feedback
from cds_server.store import CardRow, FeedbackRow
from tests.cds_server.hook_calls import FEEDBACK, call, draft, facts, service
from tests.fhir.charts import NOW as CHART_NOW

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OWN = "urn:titrate:override-reason"
HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"


def issued_card(uuid: str, *, drug="vancomycin", model="vancomycin/goti2018", hook="order-sign", kind="recommendation"):
    extension = {"titrate.dose-advice": {"kind": kind, "drug": drug, "model": model}}
    content = {"summary": "s", "extension": extension, "suggestions": [{"uuid": f"{uuid}-1", "label": "1 g"}]}
    return CardRow(
        uuid=uuid,
        advice_id=None,
        kind=kind,
        service="dose-advice",
        hook=hook,
        hook_instance="h",
        issued_at=NOW,
        indicator="info",
        content=json.dumps(content),
    )


def said(card: str, outcome="accepted", *, minutes=0, **changes):
    when = NOW + timedelta(minutes=minutes)
    return FeedbackRow(
        card_uuid=card, service="dose-advice", outcome=outcome, outcome_at=when, received_at=when, **changes
    )


@chosen(total=st.integers(1, 400), share=st.floats(0, 1))
def test_wilson_is_the_interval_of_the_formula(total, share):
    """Independent: Wilson's closed form with z = 1.959964 (97.5 % of the normal). 1e-6: that z has seven digits."""
    count, z = round(share * total), 1.959964
    p = count / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    found = wilson(count, total)
    assert found.low == pytest.approx(max(0, middle - half), abs=1e-6)
    assert found.high == pytest.approx(min(1, middle + half), abs=1e-6)


def test_a_rate_of_nothing_has_no_interval():
    assert (wilson(0, 0).share, wilson(0, 0).low) == (None, None)


def test_the_last_word_counts_and_silence_is_no_consent():
    cards = [issued_card("a"), issued_card("b"), issued_card("c"), issued_card("d", kind="pending")]
    words = [
        said("a", "overridden", minutes=5, reason_system=OWN, reason_code="waiting-for-level"),
        said("a", minutes=1, accepted=("a-1",)),  # came later, happened earlier
        said("b", accepted=("b-1",)),
    ]
    total = report(card_facts(cards, words)).total
    assert (total.fired, total.shown, total.answered.count, total.answered.total) == (4, 3, 2, 3)
    assert (total.accepted.count, total.overridden.count, total.accepted.total) == (1, 1, 2)
    (reason,) = total.reasons
    assert (reason.code, reason.hl7) == (f"{OWN}|waiting-for-level", "need-more-info")


@pytest.mark.parametrize(
    ("system", "code", "hl7"),
    [(OWN, "target-not-right", "recipient-disagrees-evidence"), (HL7, "policy-contradicts", "policy-contradicts")],
)
def test_reasons_are_mapped_to_hl7(system, code, hl7):
    (fact,) = card_facts([issued_card("a")], [said("a", "overridden", reason_system=system, reason_code=code)])
    assert fact.hl7 == hl7


def test_a_code_of_an_unknown_system_stands_for_nothing():
    (fact,) = card_facts([issued_card("a")], [said("a", "overridden", reason_system="x", reason_code="cost")])
    assert (fact.reason, fact.hl7) == ("x|cost", "")


def test_strata_add_up_to_the_total():
    cards = [issued_card(str(n), drug=drug, model=f"{drug}/m", hook=hook) for n, (drug, hook) in enumerate(
        [("vancomycin", "order-sign"), ("vancomycin", "patient-view"), ("tacrolimus", "order-sign")]
    )]  # fmt: skip
    found = report(card_facts(cards, [said("0", accepted=("0-1",)), said("2", "overridden")]))
    for strata in (found.drugs, found.models, found.hooks):
        assert sum(one.shown for one in strata) == found.total.shown == 3
        assert sum(one.accepted.count for one in strata) == found.total.accepted.count == 1


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("acceptance"), now=CHART_NOW) as one:
        yield one


def decision_on(running, card, **entry) -> Decision | None:
    answer = running.client.post(FEEDBACK, json={"feedback": [{"card": card["uuid"], **entry}]})
    assert answer.status_code == 200, answer.json
    row = [one for one in running.parts.store.all_feedback() if one.card_uuid == card["uuid"]][-1]
    return encode.loads(Decision, row.decision) if row.decision else None


def test_an_accepted_suggestion_is_the_dose_taken(running):
    card = running.card(call())
    mine, other = card["suggestions"][:2]
    taken = decision_on(running, card, outcome="accepted", acceptedSuggestions=[{"id": mine["uuid"]}])
    assert (taken.origin, taken.changed) == ("suggestion", False)
    assert taken.taken.attainment == facts(card)["proposed"]["attainment"]
    changed = decision_on(running, card, outcome="accepted", acceptedSuggestions=[{"id": other["uuid"]}])
    assert changed.changed
    assert f"{changed.taken.amount:g} mg" in other["label"].replace(",", "")


def test_an_override_leaves_the_draft_which_has_its_own_probability(running):
    card = running.card(call())
    found = decision_on(running, card, outcome="overridden")
    assert (found.origin, found.taken.amount, found.taken.interval) == ("draft", 1000, 12)
    assert 0 <= found.taken.attainment <= found.proposed.attainment == facts(card)["proposed"]["attainment"]


def test_an_order_placed_instead_is_evaluated_like_a_draft(running):
    """The same order as the draft of a call of its own: the same numbers."""
    card = running.card(call())
    placed = draft(750, status="active")
    found = decision_on(running, card, outcome="overridden", extension={PLACED: placed})
    assert (found.origin, found.taken.amount) == ("order", 750)
    as_draft = decision_on(running, running.card(call(drafts=(draft(750),))), outcome="overridden")
    assert found.taken == as_draft.taken


@pytest.mark.parametrize(
    "placed",
    [
        {"resourceType": "MedicationRequest"},
        draft(dosageInstruction=[]),
        draft(medicationCodeableConcept={"text": "something else"}),
        {"resourceType": "Patient"},
        "no order",
    ],
)
def test_an_order_that_can_not_be_read_is_no_dose_taken(running, placed):
    card = running.card(call())
    found = decision_on(running, card, outcome="overridden", extension={PLACED: placed})
    assert found is None or found.origin == "draft"


def test_a_card_without_an_advice_has_no_dose_taken(running):
    card = running.card(call(prefetch=None, drafts=(draft(medicationCodeableConcept={"text": "Vancomycin"}),)))
    assert decision_on(running, card, outcome="overridden") is None


def test_many_placed_orders_are_not_all_evaluated(running):
    card = running.card(call())
    items = [
        {
            "card": card["uuid"],
            "outcome": "overridden",
            "outcomeTimestamp": f"2026-11-20T08:{n:02}:00Z",
            "extension": {PLACED: draft(750)},
        }
        for n in range(25)
    ]
    said = running.client.post(FEEDBACK, json={"feedback": items}).json
    assert (said["stored"], said["ordersNotEvaluated"]) == (25, 5)


def test_feedback_is_kept_where_its_order_can_not_be_evaluated(running):
    class Broken:
        def estimate(self, *words, **more):
            raise OSError("the estimator is gone")

    card = running.card(call())
    item = {"card": card["uuid"], "outcome": "overridden", "extension": {PLACED: draft(500)}}
    batch = parse({"feedback": [item]}, service="dose-advice", now=CHART_NOW)
    said, status = record_feedback(batch, replace(running.parts, estimator=Broken()))
    assert (said["stored"], status) == (1, 200)


def test_a_code_from_outside_does_not_steer_the_terminal(running):
    card = running.card(call())
    decision_on(running, card, outcome="overridden", overrideReason={"reason": {"system": "x", "code": "a\x1b[2Jb"}})
    for words in ((), ("report",)):
        assert "\x1b" not in run(running, *words).output


def run(running, *words):
    settings = running.parts.settings
    return CliRunner().invoke(titrate, ["feedback", *words], env=settings.to_environment(), catch_exceptions=False)


def test_the_report_and_the_export_on_the_command_line(running, tmp_path):
    card = running.card(call())
    decision_on(running, card, outcome="overridden", overrideReason={"reason": {"system": "=1+1", "code": "=cmd"}})
    text = run(running, "report").output
    assert [word for word in ("vancomycin", "order-sign", "Overridden because") if word not in text] == []
    assert json.loads(run(running, "report", "--json").output)["total"]["shown"] >= 1
    for name in ("cards.csv", "cards.jsonl"):
        assert run(running, "export", "--out", str(tmp_path / name)).exit_code == 0
    with (tmp_path / "cards.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    assert [one["reason"] for one in rows if one["card"] == card["uuid"]] == ["'=1+1|=cmd"]
    lines = [json.loads(line) for line in (tmp_path / "cards.jsonl").read_text().splitlines()]
    assert len(lines) == len(rows)
    assert run(running, "export", "--out", str(tmp_path / "cards.xlsx")).exit_code == 2


def test_a_span_of_time_leaves_out_what_lies_outside(running):
    day = CHART_NOW.date()
    running.card(call())
    inside = json.loads(run(running, "report", "--json", "--since", str(day)).output)["total"]["fired"]
    later = json.loads(run(running, "report", "--json", "--since", str(day + timedelta(days=1))).output)
    assert inside >= 1
    assert later["total"]["fired"] == 0


def test_a_row_of_the_export_names_every_column(running):
    (fact,) = card_facts([issued_card("a")], [])
    assert tuple(row(fact)) == COLUMNS
    assert row(replace(fact, drug=""))["drug"] is None


def test_the_page_on_feedback_names_every_column():
    page = (Path(__file__).parents[2] / "docs" / "feedback.md").read_text(encoding="utf-8")
    short = {name if not name.startswith("proposed_") or name == "proposed_mg" else name.removeprefix("proposed")
             for name in COLUMNS if not name.startswith("taken_")}  # fmt: skip
    assert [name for name in short if f"`{name}`" not in page] == []
    assert f'"{PLACED}"' in page
