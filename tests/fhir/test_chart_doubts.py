"""Chart entries that contradict each other, a patient who has died, and products that the model does not cover."""

import pytest

from fhir.ordered.orders import explain_order
from tests.fhir.charts import (
    ORAL,
    TACROLIMUS,
    codes,
    creatinine,
    drug,
    given,
    instruction,
    level,
    observation,
    order,
    patient,
    quantity,
    read,
    said,
    weight,
)


def severity(chart, code: str) -> str:
    (finding,) = [item for item in chart.findings if item.code == code]
    return finding.severity


def capsule(when: str, mg: float = 2, **changes):
    return given(
        when=when, medicationCodeableConcept=TACROLIMUS, dosage={"route": ORAL, "dose": quantity(mg, "mg")}
    ) | ({"id": f"t-{when}-{mg}".replace(" ", "-").replace(":", "")} | changes)


def capsules_ordered(period: int = 12, **changes):
    timing = {"repeat": {"frequency": 1, "period": period, "periodUnit": "h"}}
    row = instruction(2, "mg", timing=timing, route=ORAL)
    return order(medicationCodeableConcept=TACROLIMUS, dosageInstruction=[row]) | changes


@pytest.mark.parametrize(
    ("second", "twice"), [("18 08:03", True), ("18 09:59", True), ("18 10:59", True), ("18 11:01", False)]
)
def test_an_equal_dose_within_a_quarter_of_the_interval_is_a_repeat(second: str, twice: bool) -> None:
    chart = read(patient(), order(), given(when="18 08:00"), given(when=second))
    assert ("dose-twice" in codes(chart)) is twice  # every 12 h: 3 h
    if twice:
        assert severity(chart, "dose-twice") == "critical"


def test_another_amount_soon_after_is_no_repeat() -> None:
    assert "dose-twice" not in codes(read(patient(), order(), given(when="18 08:00"), given(500, when="18 09:00")))


def test_without_an_order_the_doses_own_spacing_says_the_interval() -> None:
    times = ("16 08:00", "17 08:00", "18 08:00", "18 13:00")
    chart = read(patient(), *(given(when=when) for when in times))
    assert "300 min later" in said(chart, "dose-twice")  # every 24 h: 6 h
    assert "dose-twice" not in codes(read(patient(), *(given(when=when) for when in ("18 08:00", "18 13:00"))))


def test_parts_of_one_infusion_are_no_repeat_but_two_whole_doses_in_a_row_are() -> None:
    parts = [given(500, when="18 08:00", until="18 08:45"), given(500, when="18 08:45", until="18 09:30")]
    assert "dose-twice" not in codes(read(patient(), order(), *parts))
    whole = [given(1000, when="18 08:00", until="18 09:30"), given(1000, when="18 09:30", until="18 11:00")]
    assert "dose-twice" in codes(read(patient(), order(), *whole))


def test_two_equal_capsules_of_one_minute_are_refused_with_the_reason() -> None:
    chart = read(patient(), capsule("18 08:00"), capsule("18 08:00", id="t-other"), name="tacrolimus")
    assert "parts of one dose, or one dose charted twice" in said(chart, "dose-twice")
    assert severity(chart, "dose-twice") == "critical"


@pytest.mark.parametrize(
    ("later", "when", "jump"), [(9.0, "18 09:00", True), (4.5, "19 09:00", True), (4.4, "18 09:00", False)]
)
def test_creatinine_fivefold_in_two_days_is_a_slip_first(later: float, when: str, jump: bool) -> None:
    chart = read(patient(), creatinine(0.9), creatinine(later, when=when))
    assert ("creatinine-jump" in codes(chart)) is jump


def test_a_slow_fivefold_rise_is_kidney_failure() -> None:
    assert "creatinine-jump" not in codes(read(patient(), creatinine(0.9), creatinine(9.0, when="19 10:00")))


def test_a_creatinine_that_few_adults_have_is_said() -> None:
    assert severity(read(patient(), creatinine(0.29)), "creatinine-unusual") == "warning"
    assert "creatinine-unusual" not in codes(read(patient(), creatinine(0.30)))


def test_a_creatinine_of_tomorrow_is_a_warning() -> None:
    assert severity(read(patient(), creatinine(1.0, when="21 09:00")), "creatinine-in-future") == "warning"


@pytest.mark.parametrize(
    ("kg", "cm", "expected"),
    [(70, 175, None), (180, 172, "warning"), (35, 175, "warning"), (70, 70, "critical"), (34.7, 170, None)],
)
def test_weight_and_height_are_held_against_each_other(kg: float, cm: float, expected: str | None) -> None:
    chart = read(patient(), weight(kg), observation("8302-2", cm, "cm", "17 09:00"))
    assert [item.severity for item in chart.findings if item.code == "bmi-unusual"] == ([expected] if expected else [])


@pytest.mark.parametrize("entry", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-11-19T04:10:00+01:00"}])
def test_a_patient_who_has_died_is_not_dosed(entry: dict) -> None:
    assert severity(read(patient(**entry)), "deceased") == "critical"


def test_a_patient_charted_as_living_is() -> None:
    assert "deceased" not in codes(read(patient(deceasedBoolean=False)))


def test_two_values_of_one_sample_are_not_both_used() -> None:
    chart = read(patient(), given(), level(12.5), level(31, id="o-other"))
    assert severity(chart, "level-disagree") == "critical"


@pytest.mark.parametrize("named", ["Advagraf 5 mg", "Envarsus XR", "tacrolimus 5 mg prolonged-release capsule"])
def test_a_prolonged_release_product_is_not_covered(named: str) -> None:
    drugged = TACROLIMUS | {"text": named}
    for resource in (
        capsule("18 08:00", medicationCodeableConcept=drugged),
        capsules_ordered(medicationCodeableConcept=drugged),
    ):
        chart = read(patient(), resource, name="tacrolimus")
        assert severity(chart, "product-not-covered") == "critical"
        assert "immediate-release tacrolimus given twice a day only" in said(chart, "product-not-covered")
    ended = capsules_ordered(medicationCodeableConcept=drugged, status="stopped")
    assert "product-not-covered" not in codes(read(patient(), ended, name="tacrolimus"))


def test_a_draft_of_another_product_or_interval_is_refused() -> None:
    tacrolimus = drug("tacrolimus")
    assert [item.code for item in explain_order(capsules_ordered(24), tacrolimus)[1]] == ["interval-not-covered"]
    assert explain_order(capsules_ordered(12), tacrolimus)[1] == ()
    named = capsules_ordered(medicationCodeableConcept=TACROLIMUS | {"text": "Advagraf"})
    assert [item.code for item in explain_order(named, tacrolimus)[1]] == ["product-not-covered"]
    assert explain_order(order(), drug())[1] == ()  # vancomycin may be given at any interval


def test_capsules_given_once_a_day_are_not_covered() -> None:
    daily = [capsule(f"{day} 08:00") for day in (16, 17, 18, 19)]
    assert severity(read(patient(), *daily, name="tacrolimus"), "interval-not-covered") == "critical"
    twice = [capsule(f"{day} {hour}:00") for day in (17, 18) for hour in ("08", "20")]
    assert "interval-not-covered" not in codes(read(patient(), *twice, name="tacrolimus"))
    # one evening dose missed makes no pattern
    missed = [capsule(when) for when in ("17 08:00", "17 20:00", "18 08:00", "19 08:00", "19 20:00")]
    assert "interval-not-covered" not in codes(read(patient(), *missed, name="tacrolimus"))
