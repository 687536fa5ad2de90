"""What makes doses and levels doubtful: their age, each other, and the patient they would need."""

from dataclasses import replace

import numpy as np
import pytest

from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.dosing.advice import Advice, Declined, Recommendation, Regimen
from models.dosing.consistency import contradictions
from models.dosing.recency import recency
from models.dosing.schedule import schedule
from models.dosing.start import starts_of
from models.fit import fit_map
from models.pk import concentrations
from models.record import Level
from models.subject import subject_from_record
from tests.builders import Patient, on_tacrolimus, on_vancomycin
from tests.models.dosing_case import one_case

EVERY_12 = Regimen(amount=1000, interval=12, duration=2, route="iv", start=0)
CAPSULES = Regimen(amount=3, interval=12, duration=0, route="oral", start=0)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def advise(catalog: Catalog, patient: Patient, *, now: float, **asked) -> Advice:
    drug, model = catalog.drug(patient.drug), catalog.models_for(patient.drug)[0]
    record = patient.record(now=now)
    return recommend(drug, model, record, fit_map(model, subject_from_record(model, record)), seed=1, **asked)


def treated() -> Patient:
    """Four infusions of 1 g, 12 h apart, the last from 36 to 38 h."""
    return on_vancomycin().infused(1000, at=0, over=2, every=12, times=4).creatinine(1.2, at=40)


def on_capsules() -> Patient:
    return on_tacrolimus().swallowed(3, at=0, every=12, times=10)


def found(advice: Advice) -> dict[str, str]:
    """Severity by code."""
    reasons = advice.reasons if isinstance(advice, Declined) else ()
    return {item.code: item.severity for item in (*reasons, *advice.findings)}


def reasons(advice: Advice) -> list[str]:
    assert isinstance(advice, Declined)
    assert advice.would_help
    return [item.code for item in advice.reasons]


# --- how old ---------------------------------------------------------------------------------------------------------


def test_a_chart_of_today_is_calm(catalog: Catalog) -> None:
    calm = found(advise(catalog, treated().level(14.5, at=47.5), now=47.75, current=EVERY_12))
    assert not {"level-stale", "dose-gap"} & set(calm)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (60.0, set()),  # 24 h since the last dose: exactly two intervals
        (60.1, {"dose-gap"}),
        (47.5 + 96.0, {"dose-gap"}),
        (47.5 + 96.1, {"dose-gap", "level-stale"}),
        (36.0 + 168.0, {"dose-gap", "level-stale"}),
    ],
)
def test_the_same_chart_grows_old_aloud(catalog: Catalog, now: float, expected: set[str]) -> None:
    advice = advise(catalog, treated().level(14.5, at=47.5), now=now, current=EVERY_12)
    assert isinstance(advice, Recommendation)
    assert {"level-stale", "dose-gap"} & set(found(advice)) == expected


@pytest.mark.parametrize("days", [7.01, 10, 60])
def test_levels_of_a_course_long_over_carry_no_advice(catalog: Catalog, days: float) -> None:
    advice = advise(catalog, treated().level(14.5, at=47.5), now=36 + 24 * days, current=EVERY_12)
    assert reasons(advice) == ["last-dose-too-old"]
    advice = advise(catalog, on_capsules().level(7, at=107.5), now=108 + 24 * days, current=CAPSULES)
    assert reasons(advice) == ["last-dose-too-old"]


def test_an_order_that_is_not_given_is_not_called_given_and_has_no_advantage(catalog: Catalog) -> None:
    drug, record = catalog.drug("vancomycin"), treated().record(now=72)
    (finding,) = recency(drug, record, EVERY_12)
    assert "an order that is not being charted as given" in finding.text
    assert "36 h" in finding.text
    assert "order" not in recency(drug, record, None)[0].text  # known from the doses' own spacing


def test_old_doses_without_levels_are_no_reason_to_decline(catalog: Catalog) -> None:
    assert isinstance(advise(catalog, treated().creatinine(1.2, at=400), now=400), Recommendation)


# --- slips -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "censored"), [(0.0137, False), (0.01, True)])
def test_a_level_a_thousandfold_low_is_declined(catalog: Catalog, value: float, censored: bool) -> None:
    patient = treated()
    drawn = Level(time=47.5, value=value, unit="mg/L", censored=censored, source="level@47.5")
    assert "level-tenfold" in reasons(advise(catalog, replace(patient, levels=(drawn,)), now=47.75))


def test_a_low_level_is_said_and_used_where_it_could_be_true(catalog: Catalog) -> None:
    young = on_vancomycin().creatinine(0.5).infused(500, at=0, over=1, every=12, times=4)
    assert found(advise(catalog, young.level(1.9, at=47.5), now=47.75))["level-low"] == "warning"
    assert "level-low" not in found(advise(catalog, young.level(2.0, at=47.5), now=47.75))
    # 30 min after the very first dose nothing can be said yet
    first = on_tacrolimus().swallowed(3, at=0).level(0.9, at=0.5)
    assert "level-low" not in found(advise(catalog, first, now=1.0))


def test_both_levels_tenfold_high_are_declined_with_the_parameter(catalog: Catalog) -> None:
    advice = advise(catalog, treated().level(122, at=35.5).level(137, at=47.5), now=47.75)
    assert {"estimate-implausible", "level-tenfold"} & set(reasons(advice))
    high = advise(catalog, treated().level(70, at=35.5).level(76, at=47.5), now=47.75)  # inside the plausible range
    assert reasons(high) == ["estimate-implausible"]
    assert "CL" in high.reasons[0].text
    assert "L/h as usual" in high.reasons[0].text


def test_a_change_of_threefold_on_the_same_doses_is_said(catalog: Catalog) -> None:
    advice = advise(catalog, treated().level(6, at=35.5).level(19, at=47.5), now=47.75)
    assert found(advice)["level-changed"] == "warning"
    assert "level-changed" not in found(advise(catalog, treated().level(7, at=35.5).level(19, at=47.5), now=47.75))


# --- levels against each other ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "impossible"),
    [
        ((12.0, 46.0), (18.0, 47.5), False),  # 1.5 times: at the bound
        ((12.0, 46.0), (18.1, 47.5), True),  # nothing was given after 38 h
        ((10.0, 35.0), (25.0, 40.0), False),  # a dose ran from 36 to 38 h
        ((40.0, 44.0), (7.8, 47.0), False),  # 40 * 0.5 ** (3 / 1.5) / 1.3 = 7.69
        ((40.0, 44.0), (7.6, 47.0), True),
        ((90.0, 38.2), (14.0, 39.2), False),  # within the hour after an infusion: distribution, or its own line
        ((16.0, 47.0), (31.0, 47.0), True),  # one moment, two values
    ],
)
def test_what_no_body_can_do_between_two_samples(catalog: Catalog, first, second, impossible: bool) -> None:
    patient = treated().level(first[0], at=first[1]).level(second[0], at=second[1])
    codes = [item.code for item in contradictions(catalog.drug("vancomycin"), patient.record(now=48))]
    assert ("levels-contradict" in codes) is impossible


def test_contradicting_levels_are_declined(catalog: Catalog) -> None:
    assert "levels-contradict" in reasons(advise(catalog, treated().level(45, at=46).level(9, at=47.5), now=47.75))


def test_a_swallowed_dose_may_still_be_rising(catalog: Catalog) -> None:
    rising = on_capsules().level(8, at=108.5).level(20, at=110)
    tacrolimus = catalog.drug("tacrolimus")
    assert contradictions(tacrolimus, rising.record(now=111)) == ()
    late = on_capsules().level(6, at=115).level(12, at=119)
    assert [item.code for item in contradictions(tacrolimus, late.record(now=119.5))] == ["levels-contradict"]


def test_the_level_that_does_not_fit_the_others_is_named(catalog: Catalog) -> None:
    steady = on_capsules().level(7, at=59.5).level(7.3, at=71.5).level(7.1, at=83.5).level(7.2, at=95.5)
    assert "level-contradicts-others" not in found(advise(catalog, steady, now=108))
    advice = advise(catalog, steady.level(20, at=107.5), now=108)
    odd = [item for item in advice.findings if item.code == "level-contradicts-others"]
    assert "level@107.5" in [source for item in odd for source in item.sources]


def test_tacrolimus_says_what_it_does_not_read(catalog: Catalog) -> None:
    advice = advise(catalog, on_capsules().level(7, at=107.5), now=107.75, current=CAPSULES)
    assert found(advice)["not-read"] == "info"
    assert "interacting drugs" in next(item.text for item in advice.findings if item.code == "not-read")


# --- the start, the words --------------------------------------------------------------------------------------------


def test_no_start_is_proposed_more_than_72_h_from_now(catalog: Catalog) -> None:
    weekly = replace(EVERY_12, interval=110.0)
    late = advise(catalog, treated().level(14.5, at=47.5), now=47.75, current=weekly)  # due 98 h from now
    assert reasons(late) == ["due-too-late"]


@pytest.mark.parametrize(("under_at", "found"), [(60.0, True), (66.0, True), (80.0, False)])
def test_the_search_for_a_start_ends_72_h_from_now_and_not_from_the_dose_due(
    catalog: Catalog, under_at: float, found: bool
) -> None:
    drug, model = catalog.drug("vancomycin"), catalog.models_for("vancomycin")[0]
    record = treated().level(14.5, at=47.5).record(now=48)
    case = one_case(drug, model, record, draws=200)
    falls = np.median(concentrations(model, case.lead.subject, case.lead.etas, np.array([48 + under_at])), axis=0)
    case = replace(case, drug=replace(drug, hold_above=float(falls[0]) * 1.0001))
    plan = schedule(case.record, replace(EVERY_12, interval=54.0))  # due 36 + 54 = 90 h, 42 h from now
    (start,) = starts_of(case, plan, [12.0]).values()
    assert (start.time is not None) is found
    if found:
        assert start.time == 48 + under_at  # 42 h and steps of 6 h
    else:
        assert start.finding is not None
        assert start.finding.code == "hold-too-long"


def test_poor_attainment_names_the_highest_found(catalog: Catalog) -> None:
    advice = advise(catalog, on_vancomycin(), now=1.0)
    text = next(item.text for item in advice.findings if item.code == "attainment-poor")
    highest = float(text.split("more than ")[1].split(" %")[0]) / 100
    # the sentence rounds to whole per cent
    assert all(item.attainment <= highest + 0.005 for item in advice.regimens)


def test_no_sentence_for_clinicians_speaks_of_our_memory_or_of_columns_that_are_not_there(catalog: Catalog) -> None:
    huge = Regimen(amount=4000, interval=12, duration=2, route="iv", start=0)
    texts = [item.text for item in advise(catalog, on_vancomycin(), now=1.0, ordered=huge).findings]
    assert any("4500 mg/d" in text for text in texts)
    assert not any("memory" in text or "beside each" in text for text in texts)
