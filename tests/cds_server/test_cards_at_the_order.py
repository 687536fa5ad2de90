"""What a card says of the order at hand: a held start, an order that could not be read, a limit, another infusion."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cds_server.hooks import words
from cds_server.hooks.cards import card_of
from cds_server.hooks.detail import UNCERTAINTY, WHY_PROPOSED
from cds_server.hooks.overrides import drugs_named, hl7_group, override_reasons
from cds_server.hooks.shortly import mark, ordered, reason, text
from fhir.chart import Source
from models.catalog import load_catalog
from models.dosing.advice import CovariateUsed, Interval, Recommendation, Regimen
from models.dosing.declining import WOULD_HELP
from models.findings import Finding
from tests.cds_server.sample_advice import ORIGIN, OSLO, issued, sample_declined, sample_recommendation
from tests.cds_server.test_cards import DRAFT, DRUG, occasion

HOLD = Finding(code="hold", severity="warning", text="36.0 mg/L is expected; the start is set 24 h later.")
START = 82.5  # h: 2026-11-22 10:30 in Oslo; the last dose was at 44 h and the next is due at 56 h


def held() -> Recommendation:
    advice = sample_recommendation()
    moved = [
        replace(item, regimen=replace(item.regimen, start=START)) if item.label in ("proposed", "alternative") else item
        for item in advice.regimens
    ]
    return replace(advice, regimens=tuple(moved), findings=(*advice.findings, HOLD))


def like_the_proposal(label: str, advice: Recommendation | None = None, **changes: Any) -> Recommendation:
    """The advice with nothing to compare with but the proposed regimen itself, changed."""
    advice = advice or sample_recommendation()
    best = advice.regimens[0]
    other = replace(best, label=label, regimen=replace(best.regimen, **changes))
    return replace(advice, regimens=(*advice.regimens[:2], other))


def card(advice: Any, draft: Any = DRAFT) -> dict[str, Any]:
    made = card_of(issued(advice), DRUG, occasion(draft=draft))
    assert len(made["summary"]) < 140
    return made


def test_a_held_start_is_in_the_summary_the_labels_and_the_orders() -> None:
    made = card(held())
    assert "1250 mg every 12 h from 2026-11-22 10:30" in made["summary"]
    assert "First dose not before 2026-11-22 10:30+01:00" in made["detail"]
    for suggestion in made["suggestions"]:
        assert "first dose not before 2026-11-22 10:30+01:00" in suggestion["label"]
        row = suggestion["actions"][0]["resource"]["dosageInstruction"][0]
        assert row["timing"]["repeat"]["boundsPeriod"] == {"start": "2026-11-22T10:30:00+01:00"}
        assert "first dose not before 2026-11-22 10:30+01:00" in row["text"]


def test_a_start_as_due_leaves_the_orders_bounds_and_is_still_said() -> None:
    made = card(sample_recommendation())
    assert " from 2026" not in made["summary"]
    for suggestion in made["suggestions"]:
        assert "reckoned with the first dose at 2026-11-21 08:00+01:00" in suggestion["label"]
        repeat = suggestion["actions"][0]["resource"]["dosageInstruction"][0]["timing"]["repeat"]
        assert "boundsPeriod" not in repeat


@pytest.mark.parametrize("label", ["current", None])
def test_an_order_that_could_not_be_read_is_never_calm(label: str | None) -> None:
    advice = sample_recommendation()
    advice = like_the_proposal(label) if label else replace(advice, regimens=advice.regimens[:2])
    made = card(advice)
    assert made["indicator"] == "warning"
    assert "could not be read" in made["summary"]
    assert "as current" not in made["summary"]
    assert card(advice, draft=None)["indicator"] == "info"


def test_with_nothing_at_hand_the_current_regimen_is_compared() -> None:
    assert "(as current)" in card(like_the_proposal("current"), draft=None)["summary"]


def test_the_length_of_an_infusion_counts() -> None:
    assert "(as ordered)" in card(like_the_proposal("ordered"))["summary"]
    summary = card(like_the_proposal("ordered", duration=2.0))["summary"]
    assert "same dose as ordered, infusion 1.5 h instead of 2 h" in summary
    assert "(as ordered)" not in summary
    assert "instead of 5 min" in card(like_the_proposal("ordered", duration=1 / 12))["summary"]


LIMITS = [
    (
        "An infusion rate of 1.2e+04 mg/h is above the limit of 1000 mg/h (x).",
        "ordered infusion rate is above the limit",
    ),
    ("A single dose of 4000 mg is above the limit of 3000 mg (x).", "ordered single dose is above the limit"),
    ("A bolus is faster than the limit of 1000 mg/h (x).", "ordered bolus is faster than the limit"),
]


@pytest.mark.parametrize(("limit", "said"), LIMITS)
def test_a_limit_that_the_order_breaks_is_in_the_summary(limit: str, said: str) -> None:
    advice = like_the_proposal("ordered", duration=1 / 12)
    other = replace(advice.regimens[2], limits=(limit,))
    made = card(replace(advice, regimens=(*advice.regimens[:2], other)))
    assert said in made["summary"]
    assert made["indicator"] == "critical"
    assert "e+" not in made["detail"]


NUMBERS = [(1e6, "1,000,000 mg"), (1250.0, "1250 mg"), (2.5, "2.5 mg"), (10_000.0, "10,000 mg"), (0.5, "0.5 mg")]


@pytest.mark.parametrize(("mg", "said"), NUMBERS)
def test_amounts_are_written_out(mg: float, said: str) -> None:
    assert words.amount(mg) == said


def test_exponents_in_sentences_and_short_infusions_are_written_out() -> None:
    assert words.readable("a rate of 6.6667e+05 mg/h, 1e-05 g") == "a rate of 666,670 mg/h, 0.00001 g"
    lengths = {1 / 12: "5 min", 0.5: "30 min", 1.5: "1.5 h", 5 / 3: "100 min", 24.0: "24 h"}
    assert {hours: words.duration(hours) for hours in lengths} == lengths
    regimen = Regimen(amount=1e6, interval=12.0, duration=1 / 12, route="iv", start=0.0)
    assert words.dose_in_full(regimen) == "1,000,000 mg every 12 h, infused over 5 min"
    assert words.interval(Interval(median=400000, low=1, high=2, unit="mg.h/L")) == "400,000 (1.0–2.0)"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"dosageInstruction": [{"text": "a"}, {"text": "b"}]}, "several dosage instructions"),
        ({"dosageInstruction": [{"asNeededBoolean": True}]}, "as needed"),
    ],
)
def test_a_draft_that_is_not_one_regimen_gets_no_update_and_the_card_says_why(changes: dict, why: str) -> None:
    made = card(sample_recommendation(), draft=DRAFT | changes)
    assert "suggestions" not in made
    assert why in made["detail"]


def test_what_accepting_keeps_or_drops_is_on_the_card() -> None:
    made = card(sample_recommendation(), draft=DRAFT | {"note": [{"text": "1 g q12h"}], "text": {"div": "<div/>"}})
    assert "still names a dose" in made["detail"]
    assert '"text" goes with the old dosage and was left out' in made["detail"]


def test_the_proposal_is_not_called_the_best_and_its_probability_is_explained_once() -> None:
    detail = card(sample_recommendation())["detail"]
    assert "highest probability |" not in detail
    assert detail.count(WHY_PROPOSED) == 1
    assert detail.count(UNCERTAINTY) == 1
    assert "within 5 points" in WHY_PROPOSED


def test_refused_levels_are_not_passed_over_as_absent() -> None:
    advice = replace(
        sample_recommendation(),
        levels=(),
        basis="covariates",
        differs=("No level has been used yet: the estimate rests on covariates alone.",),
        findings=(Finding(code="level-no-value", severity="warning", text="A level has no unit."),),
    )
    detail = card_of(issued(advice, levels=()), DRUG, occasion())["detail"]
    assert "No level has been used yet" not in detail
    assert detail.count("None of the charted levels could be used") == 2
    plain = card_of(issued(replace(advice, findings=()), levels=()), DRUG, occasion())["detail"]
    assert "No level has been used yet" in plain


def test_one_zone_for_all_times_of_a_card() -> None:
    found = issued(sample_recommendation())
    doses = {
        dose.source: Source(resource="M/1", version="", time=ORIGIN + timedelta(hours=dose.time))
        for dose in found.chart.record.doses[:2]
    }
    late = Source(resource="O/9", version="", time=ORIGIN + timedelta(hours=46))  # a weight, charted in UTC
    chart = replace(found.chart, sources={**doses, **found.chart.sources, "w": late})
    detail = card_of(replace(found, chart=chart), DRUG, occasion())["detail"]
    assert "+01:00" in detail
    assert "+00:00" not in detail
    assert words.zone_of(chart) == OSLO


def test_sex_age_and_dialysis_are_said_in_words() -> None:
    used = (
        CovariateUsed(name="female", value=0.0, unit="1", time=0.0, derivation="measured"),
        CovariateUsed(name="age", value=58.0, unit="a", time=0.0, derivation="measured"),
        CovariateUsed(name="dialysis", value=0.0, unit="1", time=None, derivation="default of the model file"),
    )
    detail = card(replace(sample_recommendation(), covariates=used))["detail"]
    for line in (
        "- sex: male\n",
        "- age: 58 years \\(from the birth date)",
        "- intermittent haemodialysis: not charted; the model was run as without dialysis",
    ):
        assert line.replace("\\", "") in detail.replace("\\", "")
    missing = Finding(code="covariate-missing", severity="critical", text="The chart has no sex (1) and no age (a).")
    assert text(missing) == "The chart has no sex and no age (years)."


def test_findings_stand_in_the_order_of_their_weight_and_only_data_is_doubtful() -> None:
    found = [
        Finding(code="no-loading-dose", severity="info", text="a"),
        Finding(code="weight-stale", severity="warning", text="b"),
        Finding(code="x", severity="critical", text="c"),
        Finding(code="ordered-breaks-limit", severity="warning", text="d"),
        HOLD,
        Finding(code="large-change", severity="warning", text="e"),
    ]
    shown = ordered(found)
    assert [item.code for item in shown][:3] == ["ordered-breaks-limit", "hold", "x"]
    assert [mark(item) for item in shown] == ["Warning", "Warning", "Serious", "Doubtful", "Warning", "Note"]


def test_a_refusals_summary_is_a_whole_sentence_with_the_whole_reason_in_the_detail() -> None:
    long = Finding(code="levels-unexplained", severity="critical", text="No level fits, " + "for many reasons, " * 9)
    made = card_of(issued(replace(sample_declined(), reasons=(long,))), DRUG, occasion())
    assert made["summary"] == "Vancomycin: no dose is proposed. No level is explained by the fit."
    assert long.text.strip() in made["detail"]
    for code in WOULD_HELP:
        short = reason((replace(long, code=code),))
        assert short.endswith(".")
        assert short != "The detail says why."


def test_each_drugs_reasons_are_its_own_and_all_map_to_hl7() -> None:
    assert drugs_named() <= set(load_catalog().drugs)
    codes = {drug: {item["code"] for item in override_reasons(drug)} for drug in load_catalog().drugs}
    assert {"access-or-pump-limit", "renal-function-changing"} <= codes["vancomycin"] - codes["tacrolimus"]
    own = {"interaction-changing", "formulation-changed", "doses-missed"}
    assert own <= codes["tacrolimus"] - codes["vancomycin"]
    for item in override_reasons("tacrolimus"):
        assert (hl7_group(item["code"]) is not None) == item["system"].startswith("urn:titrate")
