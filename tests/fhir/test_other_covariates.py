"""Covariates that models ask for beside weight and creatinine: laboratory values and conditions."""

import pytest

from tests.fhir.charts import (
    SNOMED,
    codes,
    creatinine,
    given,
    observation,
    said,
)
from tests.fhir.other_charts import ICD10, asking, condition, status, values


@pytest.mark.parametrize(
    ("name", "loinc", "value", "unit", "expected"),
    [
        ("gestational_age", "76516-4", 31, "wk", 31.0),
        ("gestational_age", "76516-4", 217, "d", 31.0),
        ("birth_weight", "8339-4", 1450, "g", 1.45),
        ("measured_crcl", "2164-2", 84, "mL/min", 84.0),
        ("direct_bilirubin", "14629-0", 12, "umol/L", 12.0),
        # 1.0 mg/dL is 10 mg/L; over 584.673 mg/mmol that is 17.1036 umol/L
        ("direct_bilirubin", "1968-7", 1.0, "mg/dL", 17.103578),
        ("crp", "1988-5", 4.2, "mg/dL", 42.0),
        # Taubert 2016: 13.0 umol/L is 4.4 g/L
        ("fibrinogen", "3255-7", 4.42, "g/L", 13.0),
        ("lactate", "2524-7", 1.9, "mmol/L", 1.9),
        ("temperature", "8310-5", 38.5, "Cel", 38.5),
        ("paco2", "2019-8", 44, "mm[Hg]", 44.0),
        ("pao2_fio2", "50984-4", 210, "mm[Hg]", 210.0),
    ],
)
def test_a_laboratory_value_in_its_canonical_unit(
    name: str, loinc: str, value: float, unit: str, expected: float
) -> None:
    chart = asking(name, resources=(observation(loinc, value, unit, "20 07:00"),))
    assert values(chart, name) == [expected], codes(chart)


def test_an_apgar_score_is_a_number_without_a_unit() -> None:
    charted = observation("9274-2", 7, "{score}", "19 07:00")
    whole = observation("9274-2", 8, "{score}", "20 07:00", valueInteger=8)
    del whole["valueQuantity"]
    assert values(asking("apgar_5", resources=(charted,)), "apgar_5") == [7.0]
    assert values(asking("apgar_5", resources=(whole,)), "apgar_5") == [8.0]


def test_a_clearance_per_body_surface_is_not_taken_for_an_absolute_one() -> None:
    chart = asking("measured_crcl", resources=(observation("2164-2", 84, "mL/min/{1.73_m2}", "20 07:00"),))
    assert values(chart, "measured_crcl") == []
    assert "measured-crcl-unit-refused" in codes(chart)


def test_a_lactate_of_last_week_is_not_used_and_said() -> None:
    old, fresh = observation("2524-7", 4, "mmol/L", "12 07:00"), observation("2524-7", 2, "mmol/L", "19 07:00")
    chart = asking("lactate", resources=(old,))
    assert values(chart, "lactate") == []
    assert "over 3 days old" in said(chart, "lactate-old")
    assert values(asking("lactate", resources=(fresh, old)), "lactate")[-1] == 2.0


def test_the_mic_is_the_drugs_own_and_one() -> None:
    resources = (observation("6652-2", 2, "ug/mL", "19 07:00"), observation("267-5", 1, "mg/L", "19 07:00"))
    assert values(asking("mic", drug_name="meropenem", resources=resources), "mic") == [2.0]
    two = (*resources, observation("6652-2", 8, "mg/L", "19 07:00", id="o-second"))
    chart = asking("mic", drug_name="meropenem", resources=two)
    assert values(chart, "mic") == []
    assert "2, 8 mg/L" in said(chart, "mic-disagree")


@pytest.mark.parametrize(("method", "expected"), [("Jaffe, kinetic", [1.0]), ("Enzymatic", [0.0]), ("other", [])])
def test_how_a_creatinine_was_measured(method: str, expected: list[float]) -> None:
    chart = asking("creatinine", "jaffe_creatinine", resources=(creatinine(method={"text": method}),))
    assert values(chart, "jaffe_creatinine") == expected


@pytest.mark.parametrize(
    ("name", "system", "code"),
    [
        ("cystic_fibrosis", ICD10, "E84.0"),
        ("cystic_fibrosis", SNOMED, "190905008"),
        ("haematological_malignancy", ICD10, "C92.00"),
        ("ards", ICD10, "J80"),
        ("peritonitis", ICD10, "K65.0"),
        ("atrial_fibrillation", ICD10, "I48.91"),
        ("acute_coronary_syndrome", ICD10, "I21.4"),
        ("gist", ICD10, "C49.A2"),
        ("kidney_transplant", ICD10, "Z94.0"),
        ("lung_transplant", ICD10, "Z94.2"),
    ],
)
def test_a_condition_is_a_flag_from_its_onset(name: str, system: str, code: str) -> None:
    chart = asking(name, resources=(given(when="08 08:00"), condition(system, code)))
    (flag,) = chart.record.series(name)
    assert (flag.value, round(flag.time, 3)) == (1.0, 41.0)  # 8th 08:00 UTC+1 to 10th 00:00 UTC
    assert chart.sources[flag.source].resource.startswith("Condition/")


@pytest.mark.parametrize("code", ["I48.92", "I48.3", "E840x", "Z83.49"])
def test_a_neighbouring_code_is_not_the_condition(code: str) -> None:
    names = ("atrial_fibrillation", "cystic_fibrosis")
    chart = asking(*names, resources=(condition(ICD10, code if code != "E840x" else "E85.0"),))
    assert [item.name for item in chart.record.covariates if item.name in names] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"clinicalStatus": status("remission")},
        {"clinicalStatus": status("resolved")},
        {"verificationStatus": status("refuted")},
        {"verificationStatus": status("entered-in-error")},
        {"verificationStatus": status("provisional")},
        {"verificationStatus": status("unheard-of")},
        {"abatementDateTime": "2026-11-12"},
        {"abatementString": "last week"},
        {"onsetDateTime": "2026-12-24"},
        {"modifierExtension": [{"url": "urn:x"}]},
    ],
)
def test_what_is_not_in_force_is_said_and_not_counted(changes: dict) -> None:
    chart = asking("ards", resources=(condition(ICD10, "J80", **changes),))
    assert values(chart, "ards") == []
    assert codes(chart) == ["ards-not-counted"]


def test_an_acute_condition_of_long_ago_is_not_taken_as_still_so() -> None:
    chart = asking("ards", resources=(condition(ICD10, "J80", onsetDateTime="2025-03"),))
    assert values(chart, "ards") == []
    assert "over 30 days ago" in said(chart, "ards-not-counted")


def test_a_condition_of_a_known_year_holds_from_its_first_day() -> None:
    chart = asking("cystic_fibrosis", resources=(condition(ICD10, "E84", onsetDateTime="1998"),))
    assert values(chart, "cystic_fibrosis") == [1.0]


def test_a_condition_in_words_only_is_said() -> None:
    chart = asking("cystic_fibrosis", resources=(condition("", "", "No cystic fibrosis"),))
    assert values(chart, "cystic_fibrosis") == []
    assert "in words only" in said(chart, "cystic-fibrosis-uncoded")


def test_one_kind_of_tumour_is_taken_and_two_are_not() -> None:
    liver, kidney = condition(ICD10, "C22.0"), condition(ICD10, "C64.1")
    assert values(asking("tumour_type", resources=(liver,)), "tumour_type") == [2.0]
    chart = asking("tumour_type", resources=(liver, kidney))
    assert values(chart, "tumour_type") == []
    assert "C64.1" in said(chart, "tumour-type-ambiguous")
