"""Covariates, sex, age, genotype, transplantation, dialysis; and where hour 0 is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fhir.chart import Chart
from fhir.errors import BadResource
from fhir.read import read_chart
from tests.fhir.charts import (
    LOINC,
    ME,
    NOW,
    SNOMED,
    at,
    codes,
    creatinine,
    drug,
    given,
    level,
    observation,
    patient,
    read,
    said,
    weight,
)


def values(chart: Chart, name: str) -> list[tuple[float, float]]:
    return [(round(item.time, 6), round(item.value, 6)) for item in chart.record.series(name)]


def test_covariates_in_canonical_units_at_their_times() -> None:
    chart = read(
        patient(),
        given(when="18 08:00", until="18 09:00"),
        weight(154, "[lb_av]", "18 10:00"),
        observation("8302-2", 1.76, "m", "18 10:00"),
        creatinine(97, "umol/L", "18 10:00"),
    )
    assert values(chart, "weight") == [(2.0, 69.853225)]
    assert values(chart, "height") == [(2.0, 176.0)]
    assert values(chart, "creatinine") == [(2.0, round(97 * 113.12 / 1e4, 6))]


def test_haematocrit_becomes_a_fraction() -> None:
    chart = read(patient(), observation("4544-3", 29, "%", "18 08:00"), name="tacrolimus")
    assert values(chart, "haematocrit") == [(0.0, 0.29)]


def test_a_percentage_without_its_unit_is_refused() -> None:
    chart = read(patient(), observation("4544-3", 29, "1", "18 08:00"), name="tacrolimus")
    assert "haematocrit-implausible" in codes(chart)
    assert chart.record.series("haematocrit") == ()


@pytest.mark.parametrize(
    ("value", "unit", "problem", "words"),
    [
        (10_000, "kg", "implausible", "500 kg"),
        (-70, "kg", "implausible", "can not be true"),
        (70, "{bag}", "unit-refused", "not known"),
        (70, "cm", "unit-refused", "does not convert"),
    ],
)
def test_an_absurd_weight_is_refused_and_said(value: float, unit: str, problem: str, words: str) -> None:
    chart = read(patient(), given(), weight(value, unit))
    assert chart.record.series("weight") == ()
    assert words in said(chart, f"weight-{problem}")


def test_a_weight_with_only_its_day_is_placed_at_midnight_utc() -> None:
    chart = read(patient(), given(when="18 08:00"), weight(effectiveDateTime="2026-11-18"))
    assert values(chart, "weight") == [(-7.0, 70.0)]


def test_a_creatinine_with_only_its_day_is_refused() -> None:
    assert "creatinine-time-refused" in codes(read(patient(), given(), creatinine(effectiveDateTime="2026-11-18")))


def test_a_creatinine_below_a_limit_is_refused() -> None:
    value = {"value": 0.2, "unit": "mg/dL", "comparator": "<"}
    assert "not as one value" in said(read(patient(), given(), creatinine(valueQuantity=value)), "creatinine-no-value")


def test_of_values_before_the_first_dose_only_the_last_counts() -> None:
    old = [creatinine(2.0, when="11 08:00"), creatinine(1.0, when="17 08:00"), creatinine(1.2, when="18 20:00")]
    assert values(read(patient(), given(when="18 08:00"), *old), "creatinine") == [(-24.0, 1.0), (12.0, 1.2)]


def test_a_weight_inside_a_panel_is_found() -> None:
    part = {
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
        "valueQuantity": {"value": 70, "unit": "kg"},
    }
    panel = observation("85353-1", 0, "kg", "18 08:00", component=[part])
    del panel["valueQuantity"]
    assert values(read(patient(), panel), "weight") == [(0.0, 70.0)]


def test_two_weights_of_one_moment_that_differ_are_said() -> None:
    chart = read(patient(), given(), weight(70), weight(84, id="other"))
    assert "70 kg and 84 kg" in said(chart, "weight-disagree")


def test_sex_and_age_at_hour_0() -> None:
    chart = read(patient(gender="male", birthDate="1956-11-18"), given(when="18 08:00"))
    assert values(chart, "female") == [(0.0, 0.0)]
    assert values(chart, "age") == [(0.0, round(25567 / 365.25, 6))]  # days from 1956-11-18 to 2026-11-18


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"birthDate": "1956"}, "birth-date-missing"),
        ({"birthDate": ""}, "birth-date-missing"),
        ({"birthDate": "1956-02-30"}, "birth-date-missing"),
        ({"birthDate": "1826-02-03"}, "age-implausible"),
        ({"birthDate": "2027-02-03"}, "age-implausible"),
        ({"gender": "other"}, "sex-missing"),
        ({"gender": None}, "sex-missing"),
    ],
)
def test_what_the_patient_does_not_say_is_said(changes: dict, code: str) -> None:
    chart = read(patient(**changes), given(until="18 09:00"))
    assert codes(chart) == [code]
    missing = "female" if code == "sex-missing" else "age"
    assert chart.record.series(missing) == ()


def test_a_chart_without_its_patient_is_said() -> None:
    assert "patient-missing" in codes(read(given(until="18 09:00")))
    assert "other-patient" in codes(read(patient(id="p2")))


def genotype(text: str, **changes: Any) -> dict:
    charted = observation("84413-4", 0, "1", "01 08:00", valueCodeableConcept={"text": text}) | changes
    del charted["valueQuantity"]
    return charted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CYP3A5 *1/*3", 1.0),
        ("CYP3A5 *1/*1", 1.0),
        ("CYP3A5 *3/*1", 1.0),
        ("CYP3A5 *3/*3", 0.0),
        ("CYP3A5 *3/*6", 0.0),
        ("CYP3A5 *1A/*3C", 1.0),
    ],
)
def test_an_expresser_has_one_working_allele(text: str, expected: float) -> None:
    chart = read(patient(), genotype(text), name="tacrolimus")
    assert values(chart, "cyp3a5_expresser") == [(0.0, expected)]


@pytest.mark.parametrize("text", ["CYP3A5 *3/*9", "CYP3A5 normal", "CYP3A5 *3", "CYP3A5 *1/*3; CYP3A4 *1/*22"])
def test_a_genotype_that_is_not_judged_is_said(text: str) -> None:
    chart = read(patient(), genotype(text), name="tacrolimus")
    assert chart.record.series("cyp3a5_expresser") == ()
    assert "genotype-unreadable" in codes(chart)


def test_another_gene_is_not_cyp3a5() -> None:
    assert codes(read(patient(), genotype("CYP2C19 *1/*2"), name="tacrolimus")) == ["interaction-not-found"]


def test_a_genotype_with_gene_and_diplotype_as_components() -> None:
    def part(loinc: str, text: str) -> dict:
        return {"code": {"coding": [{"system": LOINC, "code": loinc}]}, "valueCodeableConcept": {"text": text}}

    charted = genotype("", component=[part("48018-6", "CYP3A5"), part("84413-4", "*1/*3")])
    del charted["valueCodeableConcept"]
    assert values(read(patient(), charted, name="tacrolimus"), "cyp3a5_expresser") == [(0.0, 1.0)]


def procedure(code: str, when: str, text: str = "", **changes: Any) -> dict:
    return {
        "resourceType": "Procedure",
        "id": f"p-{code}-{when}".replace(" ", "-").replace(":", ""),
        "status": "completed",
        "code": {"coding": [{"system": SNOMED, "code": code}] if code else [], "text": text},
        "subject": {"reference": f"Patient/{ME}"},
        "performedDateTime": at(when),
    } | changes


def test_days_after_transplant_count_from_the_last_one() -> None:
    first = procedure("70536003", "01 08:00", performedDateTime="2019-03-01")
    chart = read(patient(), first, procedure("70536003", "10 08:00"), weight(when="18 08:00"), name="tacrolimus")
    assert values(chart, "days_after_transplant") == [(-192.0, 0.0)]  # 8 days before hour 0
    assert values(chart, "kidney_transplant") == [(-192.0, 1.0)]
    assert chart.record.series("lung_transplant") == ()


@pytest.mark.parametrize(("code", "text"), [("88039007", ""), ("", "Bilateral lung transplant")])
def test_a_lung_transplantation_is_read_by_code_and_by_words(code: str, text: str) -> None:
    chart = read(patient(), procedure(code, "10 08:00", text), weight(when="18 08:00"), name="tacrolimus")
    assert values(chart, "lung_transplant") == [(-192.0, 1.0)]
    assert chart.record.series("kidney_transplant") == ()


def test_a_transplantation_in_words_only_is_said() -> None:
    chart = read(patient(), procedure("", "10 08:00", "Kidney transplant"), name="tacrolimus")
    assert chart.record.series("days_after_transplant") == ()
    assert chart.record.series("kidney_transplant") == ()
    assert "transplant-unreadable" in codes(chart)


@pytest.mark.parametrize("code", ["302497006", "265764009"])
def test_a_dialysis_session_is_a_covariate_and_is_said(code: str) -> None:
    session = procedure(code, "19 08:00", performedPeriod={"start": at("19 08:00"), "end": at("19 12:00")})
    del session["performedDateTime"]
    chart = read(patient(), given(when="18 08:00"), session)
    assert values(chart, "dialysis") == [(24.0, 1.0)]
    assert "2026-11-19 08:00 UTC+01:00 to 2026-11-19 12:00 UTC+01:00" in said(chart, "dialysis")


def test_dialysis_by_cpt_code() -> None:
    session = procedure("", "19 08:00")
    session["code"] = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "90935"}]}
    assert values(read(patient(), given(when="18 08:00"), session), "dialysis") == [(24.0, 1.0)]


@pytest.mark.parametrize(("when", "severity"), [("2026-11-18", "critical"), ("2026-08-01", "warning")])
def test_filtration_in_words_stands_in_the_way_while_it_is_recent(when: str, severity: str) -> None:
    chart = read(patient(), procedure("", "19 08:00", "Continuous venovenous hemofiltration", performedDateTime=when))
    (found,) = [finding for finding in chart.findings if finding.code == "dialysis-uncoded"]
    assert found.severity == severity


@pytest.mark.parametrize(
    "words",
    [
        "Continuous renal replacement therapy",
        "CRRT",
        "Start CVVH",
        "CVVHD",
        "CVVHDF day 2",
        "Kidney replacement, prolonged",
    ],
)
def test_continuous_renal_replacement_in_words_stands_in_the_way(words: str) -> None:
    chart = read(patient(), procedure("", "19 08:00", words))
    (found,) = [finding for finding in chart.findings if finding.code == "dialysis-uncoded"]
    assert found.severity == "critical"


def test_dialysis_is_no_matter_for_a_drug_it_does_not_remove() -> None:
    assert codes(read(patient(), procedure("302497006", "19 08:00"), name="tacrolimus")) == ["interaction-not-found"]


@pytest.mark.parametrize(("pounds", "said_so"), [(104, False), (105, True), (154, True)])
def test_a_weight_that_jumps_is_said(pounds: float, said_so: bool) -> None:
    """70 kg, then 105 "kg": from half again on, one of the two can not be true."""
    chart = read(patient(), weight(70), weight(pounds, when="19 08:00"))
    assert ("weight-jump" in codes(chart)) == said_so


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": {"text": "Continuous venovenous hemofiltration"}}, "dialysis-uncoded"),
        ({"performedDateTime": at("21 08:00")}, "dialysis-planned"),
        ({"performedDateTime": "2026-08-01"}, "dialysis-old"),
    ],
)
def test_a_session_that_is_no_covariate_is_said(changes: dict, code: str) -> None:
    chart = read(patient(), given(), procedure("302497006", "19 08:00") | changes)
    assert chart.record.series("dialysis") == ()
    assert code in codes(chart)


def test_a_session_without_a_date_counts_as_of_this_stay() -> None:
    session = procedure("302497006", "19 08:00")
    del session["performedDateTime"]
    chart = read(patient(), given(), session)
    assert [item.value for item in chart.record.series("dialysis")] == [1.0]
    assert "without a date" in said(chart, "dialysis")


@pytest.mark.parametrize("status", ["not-done", "entered-in-error", "preparation"])
def test_a_session_that_did_not_take_place_is_none(status: str) -> None:
    assert read(patient(), given(until="18 09:00"), procedure("302497006", "19 08:00", status=status)).findings == ()


def test_hour_0_is_the_first_dose_or_level_and_does_not_move_with_now() -> None:
    chart = [patient(), given(when="18 08:00"), level(), weight(when="11 08:00")]
    early, late = read(*chart, now=NOW), read(*chart, now=NOW + timedelta(hours=5))
    assert early.origin == late.origin == datetime(2026, 11, 18, 7, 0, tzinfo=UTC)
    assert (early.record.now, late.record.now) == (pytest.approx(48 + 5 / 60), pytest.approx(53 + 5 / 60))
    assert early.record.doses == late.record.doses
    assert early.record.covariates == late.record.covariates


def test_hour_0_without_dose_or_level_is_the_latest_covariate() -> None:
    chart = read(patient(), weight(when="17 09:00"), creatinine(when="18 09:00"))
    assert chart.origin == datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
    assert values(chart, "weight") == [(-24.0, 70.0)]


def test_the_order_of_resources_does_not_matter() -> None:
    parts = [patient(), given(when="18 08:00"), given(when="18 20:00"), level(), weight(), creatinine()]
    assert read(*parts) == read(*reversed(parts))


def test_a_bundle_reads_as_its_resources() -> None:
    parts = [patient(), given(), level(), weight()]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": part} for part in parts]}
    assert read(bundle) == read(*parts)


def test_a_naive_now_and_an_empty_patient_are_the_callers_errors() -> None:
    with pytest.raises(ValueError, match="aware"):
        read_chart([], patient=ME, drug=drug(), now=datetime(2026, 11, 20))  # noqa: DTZ001
    with pytest.raises(BadResource, match="logical id"):
        read_chart([], patient="", drug=drug(), now=NOW)
