"""What is asked of a patient or stands about the person: smoking, pregnancy, ancestry, allergies, genes, beds."""

from dataclasses import replace

import pytest

from fhir.read import read_chart
from tests.fhir.charts import (
    LOINC,
    ME,
    NOW,
    RXNORM,
    SNOMED,
    at,
    codes,
    drug,
    given,
    patient,
    read,
    said,
)
from tests.fhir.other_charts import (
    ATC,
    CLARITHROMYCIN,
    ICD10,
    allergy,
    answer,
    asking,
    concept,
    condition,
    encounter,
    genotype,
    race,
    status,
    taken,
    values,
)


@pytest.mark.parametrize(("code", "expected"), [("449868002", [1.0]), ("266919005", [0.0]), ("266927001", [])])
def test_smoking_is_answered_yes_or_no(code: str, expected: list[float]) -> None:
    assert values(asking("smoker", resources=(answer("72166-2", code),)), "smoker") == expected


def test_pregnancy_is_read_for_every_drug() -> None:
    assert values(read(patient(), answer("82810-3", "77386006")), "pregnant") == [1.0]
    assert values(read(patient(), answer("82810-3", "60001007")), "pregnant") == [0.0]
    assert values(read(patient(), answer("82810-3", "77386006", "2024-01-01")), "pregnant") == []
    assert values(read(patient(), condition(ICD10, "O09.91")), "pregnant") == [1.0]


def test_breast_feeding_is_said() -> None:
    nursing = answer("63895-7", "413712001")
    assert "breastfeeding" in codes(read(patient(), nursing))
    del nursing["valueCodeableConcept"]
    assert "breastfeeding" not in codes(read(patient(), nursing | {"valueBoolean": False}))


@pytest.mark.parametrize(
    ("codes_", "expected"),
    [(("2028-9",), [1.0]), (("2106-3",), [0.0]), (("2028-9", "2106-3"), []), (("UNK",), []), ((), [])],
)
def test_ancestry_is_one_category_of_the_us_core_extension(codes_: tuple[str, ...], expected: list[float]) -> None:
    asked = replace(drug("apixaban"), covariates=("asian",))
    chart = read_chart([patient(**race(*codes_))], patient=ME, drug=asked, now=NOW)
    assert values(chart, "asian") == expected
    assert ("ancestry-by-race" in codes(chart)) is bool(expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"allergy": "critical"}),
        ({"code": concept(ATC, "J01XA01")}, {"allergy": "critical"}),
        ({"verificationStatus": status("unconfirmed")}, {"allergy-unconfirmed": "warning"}),
        ({"type": "intolerance"}, {"allergy-unconfirmed": "warning"}),
        ({"code": {"text": "Vancomycin: red man"}}, {"allergy-uncoded": "warning"}),
        ({"verificationStatus": status("refuted")}, {}),
        ({"clinicalStatus": status("resolved")}, {}),
        ({"code": concept(SNOMED, "716186003", "No known allergy")}, {}),
        ({"code": {}, "reaction": [{"substance": concept(RXNORM, "11124")}]}, {"allergy": "critical"}),
    ],
)
def test_an_allergy_to_the_very_drug(changes: dict, expected: dict) -> None:
    chart = read(patient(), allergy(**changes))
    found = {item.code: item.severity for item in chart.findings if item.code.startswith("allergy")}
    assert found == expected


@pytest.mark.parametrize("kind", ["Condition", "AllergyIntolerance", "MedicationStatement"])
def test_a_resource_of_another_patient_is_refused_and_reported(kind: str) -> None:
    mine = {
        "Condition": condition(ICD10, "E84"),
        "AllergyIntolerance": allergy(),
        "MedicationStatement": taken("MedicationStatement", CLARITHROMYCIN),
    }[kind]
    whose = "patient" if kind == "AllergyIntolerance" else "subject"
    chart = read(patient(), mine | {whose: {"reference": "Patient/p2"}})
    assert f"1 {kind}" in said(chart, "other-patient")
    assert "allergy" not in codes(chart)
    unsaid = {name: value for name, value in mine.items() if name != whose}
    assert f"1 {kind}" in said(read(patient(), unsaid), "patient-not-stated")


def test_continuous_renal_replacement_is_a_flag_without_a_clearance() -> None:
    crrt = {
        "resourceType": "Procedure",
        "id": "crrt",
        "status": "in-progress",
        "code": concept(SNOMED, "714749008", "Continuous renal replacement therapy"),
        "subject": {"reference": f"Patient/{ME}"},
        "performedPeriod": {"start": at("19 08:00")},
    }
    chart = read(patient(), given(when="18 08:00"), crrt)
    assert values(chart, "crrt") == [1.0]
    assert values(chart, "dialysis") == []
    assert "dialysis-uncoded" not in codes(chart)


@pytest.mark.parametrize(("code", "expected"), [("175901007", [1.0]), ("175902000", [0.0]), ("70536003", [])])
def test_the_donor_of_a_kidney_is_read_only_where_the_code_names_it(code: str, expected: list[float]) -> None:
    operation = {
        "resourceType": "Procedure",
        "id": "tx",
        "status": "completed",
        "code": concept(SNOMED, code),
        "subject": {"reference": f"Patient/{ME}"},
        "performedDateTime": at("10 08:00"),
    }
    chart = read(patient(), operation, name="tacrolimus")
    assert values(chart, "living_donor") == expected
    assert values(chart, "kidney_transplant") == [1.0]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("cyp3a4_22_carrier", "CYP3A4 *1/*22", [1.0]),
        ("cyp3a4_22_carrier", "CYP3A4 *1/*1", [0.0]),
        ("cyp3a4_22_carrier", "CYP3A4 *1/*3", []),
        ("cyp2c19_im_or_pm", "CYP2C19 *1/*2", [1.0]),
        ("cyp2c19_im_or_pm", "CYP2C19 *2/*17", [1.0]),
        ("cyp2c19_im_or_pm", "CYP2C19 *1/*17", [0.0]),
        ("cyp2c19_im_or_pm", "CYP2C19 *1/*35", []),
    ],
)
def test_a_diplotype(name: str, text: str, expected: list[float]) -> None:
    assert values(asking(name, resources=(genotype(text),)), name) == expected


@pytest.mark.parametrize(
    ("code", "expected"), [("LA9657-3", [1.0]), ("LA10317-8", [1.0]), ("LA25391-6", [0.0]), ("LA0-0", [])]
)
def test_a_coded_metaboliser_phenotype(code: str, expected: list[float]) -> None:
    phenotype = answer("79714-2", "", valueCodeableConcept=concept(LOINC, code))
    assert values(asking("cyp2c19_im_or_pm", resources=(phenotype,)), "cyp2c19_im_or_pm") == expected


def test_a_bed_in_intensive_care_is_critical_illness_and_said() -> None:
    chart = asking("critically_ill", resources=(given(when="18 08:00"), encounter()))
    assert [(item.time, item.value) for item in chart.record.series("critically_ill")] == [(12.0, 1.0)]
    assert "taken from the bed" in said(chart, "critical-illness-by-bed")


@pytest.mark.parametrize(
    "resource",
    [
        encounter("HU"),
        encounter("PEDNICU"),
        encounter(status="completed"),
        encounter(status="reserved"),
        encounter(period={"start": at("18 20:00"), "end": at("19 20:00")}),
        encounter(period={"start": at("21 20:00")}),
        encounter(period={"start": "2026-11-18", "end": "unreadable"}),
        encounter() | {"status": "finished"},
        encounter(location={"reference": "Location/elsewhere"}),
    ],
)
def test_any_other_bed_says_nothing(resource: dict) -> None:
    assert values(asking("critically_ill", resources=(resource,)), "critically_ill") == []
