"""Doses given: amount, time, duration and route, each as charted; a missed dose is always said."""

from typing import Any

import pytest

from tests.fhir.charts import (
    IV,
    ORAL,
    RXNORM,
    TACROLIMUS,
    VANCOMYCIN,
    at,
    codes,
    given,
    level,
    order,
    patient,
    quantity,
    read,
    said,
    weight,
)


def test_infusions_with_charted_ends() -> None:
    chart = read(patient(), given(1, "g", "18 20:00", "18 21:30"), given(1000, "mg", "18 08:00", "18 09:00"))
    assert [(dose.time, dose.amount, dose.duration, dose.route) for dose in chart.record.doses] == [
        (0.0, 1000.0, 1.0, "iv"),
        (12.0, 1000.0, 1.5, "iv"),
    ]
    assert [dose.source for dose in chart.record.doses] == ["d1", "d2"]
    assert chart.findings == ()


def test_capsules_are_swallowed_at_once() -> None:
    dosage = {"route": ORAL, "dose": quantity(5, "mg")}
    chart = read(patient(), given(medicationCodeableConcept=TACROLIMUS, dosage=dosage), name="tacrolimus")
    (dose,) = chart.record.doses
    assert (dose.amount, dose.duration, dose.route) == (5.0, 0.0, "oral")


def test_amount_from_rate_and_times() -> None:
    dosage = {"route": IV, "rateQuantity": quantity(10, "mg/min")}
    (dose,) = read(patient(), given(until="18 09:40", dosage=dosage)).record.doses
    assert (dose.amount, dose.duration) == (pytest.approx(1000), pytest.approx(5 / 3))  # float hours of 100 min


def test_duration_from_amount_and_rate() -> None:
    ratio = {"numerator": quantity(500, "mg"), "denominator": quantity(1, "h")}
    dosage = {"route": IV, "dose": quantity(1, "g"), "rateRatio": ratio}
    (dose,) = read(patient(), given(dosage=dosage)).record.doses
    assert (dose.amount, dose.duration) == (1000.0, 2.0)


def test_an_infusion_without_an_end_takes_the_drugs_usual_rate_aloud() -> None:
    chart = read(patient(), given(1500))
    assert chart.record.doses[0].duration == 2.5  # 1500 mg at 600 mg/h, drug file
    assert "2.5 h was assumed" in said(chart, "infusion-time-assumed")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"status": "not-done"}, "dose-not-given", "not given"),
        ({"status": "entered-in-error"}, "dose-withdrawn", "error"),
        ({"status": "unknown"}, "dose-status-unknown", "not known"),
        ({"status": "on-hold"}, "dose-status-unknown", "not known"),
        ({"effectiveDateTime": "2026-11-18"}, "dose-unreadable", "only a date"),
        ({"effectiveDateTime": "2026-11-18T08:00:00"}, "dose-unreadable", "no time zone"),
        ({"effectiveDateTime": at("21 08:00")}, "dose-unreadable", "after now"),
        ({"dosage": {"route": IV}}, "dose-unreadable", "neither an amount nor a rate"),
        ({"dosage": {"route": IV, "dose": quantity(200, "mL")}}, "dose-unreadable", "does not convert to mg"),
        ({"dosage": {"route": IV, "dose": quantity(15, "mg/kg")}}, "dose-unreadable", "does not convert to mg"),
        ({"dosage": {"route": IV, "dose": quantity(1, "{pill}")}}, "dose-unreadable", "not known"),
        ({"dosage": {"route": IV, "dose": quantity(-1000, "mg")}}, "dose-unreadable", "negative"),
        ({"dosage": {"route": IV, "dose": quantity(0, "mg")}}, "dose-unreadable", "charted as 0"),
        ({"dosage": {"route": IV, "dose": quantity(1000, "g")}}, "dose-unreadable", "can not be true"),
        ({"dosage": {"dose": quantity(1, "g")}}, "dose-unreadable", "no route"),
        ({"dosage": {"route": ORAL, "dose": quantity(125, "mg")}}, "dose-unreadable", "does not cover"),
        ({"dosage": {"route": {"text": "intrathecal"}, "dose": quantity(1, "g")}}, "dose-unreadable", "not known here"),
        ({"modifierExtension": [{"url": "x"}]}, "dose-unreadable", "modifier"),
        ({"medicationCodeableConcept": {"text": "Vancomycin 1 g"}}, "dose-uncoded", "words only"),
        (
            {"medicationCodeableConcept": {"coding": [{"code": "1", "display": "VANCOCIN"}]}},
            "dose-uncoded",
            "words",
        ),
    ],
)
def test_a_dose_that_is_not_counted_is_said(changes: dict, code: str, words: str) -> None:
    chart = read(patient(), given() | changes)
    assert chart.record.doses == ()
    assert words in said(chart, code)


def test_an_end_before_the_start_is_refused() -> None:
    assert "ends before it starts" in said(read(patient(), given(when="18 09:00", until="18 08:00")), "dose-unreadable")


def test_an_infusion_of_days_is_the_orders_span() -> None:
    assert "running for 72 h" in said(read(patient(), given(when="16 08:00", until="19 08:00")), "dose-unreadable")


def test_a_stopped_infusion_that_ran_longer_than_its_amount_lasts_is_refused() -> None:
    dosage = {"route": IV, "dose": quantity(1000, "mg"), "rateQuantity": quantity(1000, "mg/h")}
    chart = read(patient(), given(until="18 09:30", status="stopped", dosage=dosage))
    assert chart.record.doses == ()
    assert "1000 mg, but its rate and times make 1500 mg" in said(chart, "dose-unreadable")


def test_a_stopped_infusion_with_one_amount_is_counted_and_said() -> None:
    chart = read(patient(), given(400, until="18 08:30", status="stopped"))
    assert chart.record.doses[0].amount == 400
    (remark,) = [finding for finding in chart.findings if finding.code == "dose-stopped"]
    assert remark.sources == ("d1",)


def test_a_completed_dose_whose_rate_differs_keeps_its_amount_aloud() -> None:
    dosage = {"route": IV, "dose": quantity(1000, "mg"), "rateQuantity": quantity(900, "mg/h")}
    chart = read(patient(), given(until="18 09:00", dosage=dosage))
    assert chart.record.doses[0].amount == 1000
    assert "dose-rate-disagree" in codes(chart)


def test_the_edges_of_a_plausible_dose() -> None:
    """3000 mg is the largest single dose of the drug file; three times that is where a slip begins."""
    assert read(patient(), given(3000, until="18 12:00")).findings == ()
    assert codes(read(patient(), given(3001, until="18 12:00"))) == ["dose-unusual"]
    assert len(read(patient(), given(9000, until="18 12:00")).record.doses) == 1
    assert read(patient(), given(9001, until="18 12:00")).record.doses == ()


@pytest.mark.parametrize(
    ("mg", "kilos", "codes_said"),
    [(250, 70, []), (100, 70, ["dose-unusual"]), (49, 70, ["dose-unreadable"]), (49, 3, []), (1, 3, ["dose-unusual"])],
)
def test_a_dose_under_the_smallest_for_the_weight(mg: float, kilos: float, codes_said: list[str]) -> None:
    """250 mg is the smallest dose of the adult's products in the drug file, 4 mg that of the smallest newborns."""
    chart = read(patient(), weight(kilos), given(mg))
    assert [code for code in codes(chart) if code.startswith("dose-")] == codes_said


def test_micrograms_for_milligrams_are_not_a_part_of_a_continuous_infusion() -> None:
    assert "smallest single dose 250 mg" in said(
        read(patient(), weight(70), given(1000, "ug", until="18 09:00")), "dose-unreadable"
    )
    assert codes(read(patient(), weight(70), given(25, until="18 09:00"))) == []


def test_equal_doses_at_one_instant_are_both_counted_and_critical() -> None:
    chart = read(patient(), given(), given(id="again"))
    assert len(chart.record.doses) == 2
    (finding,) = [finding for finding in chart.findings if finding.code == "dose-twice"]
    assert finding.severity == "critical"


def test_a_referenced_a_contained_and_an_atc_coded_medication() -> None:
    medication = {"resourceType": "Medication", "id": "m1", "code": VANCOMYCIN}
    atc = {"coding": [{"system": "http://www.whocc.no/atc", "code": "J01XA01"}]}
    doses = [
        given(when="18 08:00", medicationReference={"reference": "Medication/m1"}),
        given(when="18 20:00", medicationReference={"reference": "#m1"}, contained=[medication]),
        given(when="19 08:00", medicationReference={"reference": "#bag"}, contained=[_bag()]),
    ]
    for dose in doses:
        del dose["medicationCodeableConcept"]
    chart = read(patient(), medication, *doses, given(when="19 20:00", medicationCodeableConcept=atc))
    assert len(chart.record.doses) == 4


def _bag() -> dict:
    """Vancomycin in saline: the drug is one of the ingredients."""
    saline = {"itemCodeableConcept": {"coding": [{"system": RXNORM, "code": "9863"}], "text": "sodium chloride"}}
    return {"resourceType": "Medication", "id": "bag", "ingredient": [saline, {"itemCodeableConcept": VANCOMYCIN}]}


def test_a_medication_that_was_not_supplied_is_said() -> None:
    dose = given(medicationReference={"reference": "Medication/elsewhere"})
    del dose["medicationCodeableConcept"]
    assert "1 administration(s)" in said(read(patient(), dose), "administration-unnamed")


def elsewhere(amount: float, when: str, **changes: Any) -> dict:
    """A dose whose Medication was not supplied."""
    dose = given(amount, when=when, medicationReference={"reference": "Medication/elsewhere"}, **changes)
    del dose["medicationCodeableConcept"]
    return dose


def test_a_medication_that_was_not_supplied_is_that_of_its_order() -> None:
    request = {"request": {"reference": "MedicationRequest/r1"}}
    chart = read(patient(), given(when="18 08:00"), elsewhere(1000, "18 20:00", **request), order())
    assert [(dose.time, dose.amount) for dose in chart.record.doses] == [(0.0, 1000.0), (12.0, 1000.0)]
    assert said(chart, "dose-by-order").startswith("1 administration(s) refer to a medication that was not supplied")
    other = order(medicationCodeableConcept={"coding": [{"system": RXNORM, "code": "29561"}], "text": "Meropenem"})
    chart = read(patient(), given(when="18 08:00"), elsewhere(1000, "18 20:00", **request), other)
    assert len(chart.record.doses) == 1
    assert "administration-unnamed" not in codes(chart)


@pytest.mark.parametrize(("amount", "severity"), [(1000, "critical"), (500, "warning")])
def test_an_unnamed_dose_of_the_drugs_amount_is_not_passed_over(amount: float, severity: str) -> None:
    chart = read(patient(), given(when="18 08:00"), elsewhere(amount, "18 20:00"))
    (finding,) = [item for item in chart.findings if item.code == "administration-unnamed"]
    assert finding.severity == severity


@pytest.mark.parametrize("status", ["on-hold", "unknown"])
def test_a_planned_dose_of_later_is_no_doubt_about_what_was_given(status: str) -> None:
    past = given(when="19 20:00", until="19 21:30")
    chart = read(patient(), past, given(when="20 20:00", status=status))
    assert len(chart.record.doses) == 1
    assert [(item.code, item.severity) for item in chart.findings] == [("dose-planned", "info")]


def test_other_drugs_are_passed_over_in_silence() -> None:
    other = {"coding": [{"system": RXNORM, "code": "29561"}], "text": "Meropenem"}
    chart = read(patient(), given(medicationCodeableConcept=other))
    assert (chart.record.doses, chart.findings) == ((), ())


def test_orders_are_not_turned_into_doses() -> None:
    chart = read(patient(), order(), level())
    assert chart.record.doses == ()
    (finding,) = [finding for finding in chart.findings if finding.code == "no-administrations"]
    assert finding.severity == "critical"
    assert chart.current is not None


@pytest.mark.parametrize("text", ["IV", "intravenous", "i.v.", "IVPB", "Intravenous infusion"])
def test_routes_in_words(text: str) -> None:
    dosage = {"route": {"text": text}, "dose": quantity(1, "g")}
    assert read(patient(), given(until="18 09:00", dosage=dosage)).record.doses[0].route == "iv"


def test_a_running_infusion_is_counted_in_full_and_said() -> None:
    chart = read(patient(), given(when="20 07:30", until="20 09:00", status="in-progress"))
    assert (chart.record.doses[0].amount, chart.record.doses[0].duration) == (1000, 1.5)
    assert "still running" in said(chart, "dose-in-progress")


def test_a_dose_of_years_ago_that_can_not_be_read_does_not_matter() -> None:
    for when, severity in (("2024-11-18T08:00:00Z", "info"), ("2026-11-10T08:00:00Z", "critical")):
        chart = read(patient(), given(effectiveDateTime=when, dosage={"route": IV}))
        (problem,) = [item for item in chart.findings if item.code == "dose-unreadable"]
        assert problem.severity == severity
