"""Covariates that models ask for beside weight and creatinine: laboratory values, conditions, other drugs, answers."""

from dataclasses import replace
from typing import Any

import pytest

from fhir.chart import Chart
from fhir.read import read_chart
from tests.fhir.charts import (
    LOINC,
    ME,
    NOW,
    RXNORM,
    SNOMED,
    at,
    codes,
    creatinine,
    drug,
    given,
    observation,
    patient,
    quantity,
    read,
    said,
)

ATC = "http://www.whocc.no/atc"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"


def asking(*names: str, drug_name: str = "vancomycin", resources: tuple[Any, ...] = ()) -> Chart:
    """The chart for a drug whose models ask for these covariates."""
    asked = replace(drug(drug_name), covariates=names)
    return read_chart((patient(), *resources), patient=ME, drug=asked, now=NOW)


def values(chart: Chart, name: str) -> list[float]:
    return [round(item.value, 6) for item in chart.record.series(name)]


def concept(system: str, code: str, text: str = "") -> dict:
    return {"coding": [{"system": system, "code": code}] if code else [], "text": text}


def condition(system: str, code: str, text: str = "", **changes: Any) -> dict:
    return {
        "resourceType": "Condition",
        "id": f"c-{code or text}".replace(".", "-").replace(" ", "-"),
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": concept(system, code, text),
        "subject": {"reference": f"Patient/{ME}"},
        "onsetDateTime": "2026-11-10",
    } | changes


def status(code: str) -> dict:
    return {"coding": [{"code": code}]}


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


def taken(kind: str, medication: dict, **changes: Any) -> dict:
    """A resource that says that another drug is taken."""
    own = {
        "MedicationRequest": {"status": "active", "intent": "order", "authoredOn": at("15 08:00")},
        "MedicationAdministration": {"status": "completed", "effectiveDateTime": at("19 08:00")},
        "MedicationStatement": {"status": "active", "effectivePeriod": {"start": "2026-10"}},
    }[kind]
    return {
        "resourceType": kind,
        "id": f"{kind}-other",
        "medicationCodeableConcept": medication,
        "subject": {"reference": f"Patient/{ME}"},
        **own,
    } | changes


CLARITHROMYCIN = concept(RXNORM, "21212")


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationAdministration", "MedicationStatement"])
def test_an_interacting_drug_in_use_is_a_flag(kind: str) -> None:
    chart = asking("cyp3a4_strong_inhibitor", drug_name="tacrolimus", resources=(taken(kind, CLARITHROMYCIN),))
    assert values(chart, "cyp3a4_strong_inhibitor") == [1.0]
    assert "interaction-not-found" not in codes(chart)


def test_no_interacting_drug_counts_as_no_and_where_it_was_looked_for_is_said() -> None:
    other = taken("MedicationStatement", concept(RXNORM, "11289"))  # warfarin
    chart = asking("cyp3a4_strong_inhibitor", drug_name="tacrolimus", resources=(other,))
    assert values(chart, "cyp3a4_strong_inhibitor") == []
    text = said(chart, "interaction-not-found")
    assert "strong CYP3A4 inhibitor" in text
    assert "1 medication statement)" in text


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("MedicationRequest", {"status": "stopped"}),
        ("MedicationRequest", {"intent": "proposal"}),
        ("MedicationRequest", {"doNotPerform": True}),
        ("MedicationAdministration", {"status": "not-done"}),
        ("MedicationStatement", {"status": "not-taken"}),
        ("MedicationStatement", {"effectivePeriod": {"start": "2026-10", "end": "2026-11-01"}}),
        ("MedicationStatement", {"effectivePeriod": {"start": "2027-10"}}),
    ],
)
def test_one_that_is_not_in_use_is_none(kind: str, changes: dict) -> None:
    resource = taken(kind, CLARITHROMYCIN, **changes)
    assert values(asking("cyp3a4_strong_inhibitor", resources=(resource,)), "cyp3a4_strong_inhibitor") == []


def test_a_drug_given_last_month_no_longer_counts_but_amiodarone_does() -> None:
    past = {"effectiveDateTime": "2026-10-15T08:00:00+01:00"}
    erythromycin = taken("MedicationAdministration", concept(ATC, "J01FA01"), **past)
    chart = asking("macrolide", resources=(erythromycin,))
    assert values(chart, "macrolide") == []
    assert "2026-10-15" in said(chart, "interaction-past")
    amiodarone = taken("MedicationAdministration", concept(RXNORM, "703"), **past)
    assert values(asking("amiodarone", resources=(amiodarone,)), "amiodarone") == [1.0]


def test_the_dosed_drug_is_not_its_own_interaction() -> None:
    own = taken("MedicationRequest", concept(RXNORM, "8183"))
    chart = asking("other_antiepileptics", drug_name="phenytoin", resources=(own,))
    assert values(chart, "other_antiepileptics") == []
    other = taken("MedicationRequest", concept(ATC, "N03AX09"))
    assert values(
        asking("other_antiepileptics", drug_name="phenytoin", resources=(other,)), "other_antiepileptics"
    ) == [1.0]


def test_an_interacting_drug_in_words_only_is_said() -> None:
    chart = asking("spironolactone", resources=(taken("MedicationRequest", {"text": "Spironolactone 25 mg"}),))
    assert values(chart, "spironolactone") == []
    assert "in words only" in said(chart, "interaction-uncoded")


def test_a_strong_inhibitor_keeps_tacrolimus_models_from_being_used() -> None:
    from models.catalog import load_catalog
    from models.dosing.applicability import applicable

    chart = read(patient(), taken("MedicationRequest", CLARITHROMYCIN), name="tacrolimus")
    model = load_catalog().model("tacrolimus/bergmann2014")
    found = {item.code for item in applicable(model, drug("tacrolimus"), _with(chart, "weight", 70.0))}
    assert "outside-domain" in found or "covariate-missing" in found


def _with(chart: Chart, name: str, value: float) -> Any:
    from models.record import Covariate

    more = (Covariate(name=name, time=chart.record.covariates[-1].time, value=value),)
    return replace(chart.record, covariates=(*chart.record.covariates, *more))


def ordered(amount: float, unit: str, period: float, **changes: Any) -> dict:
    row = {
        "timing": {"repeat": {"frequency": 1, "period": period, "periodUnit": "h"}},
        "doseAndRate": [{"doseQuantity": quantity(amount, unit)}],
    }
    return taken("MedicationRequest", concept(RXNORM, "3008"), dosageInstruction=[row | changes])


def test_the_dose_of_ciclosporin_is_the_days_sum_of_its_orders() -> None:
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(ordered(175, "mg", 12),))
    assert values(chart, "ciclosporin_dose") == [350.0]
    second = ordered(0.05, "g", 24) | {"id": "evening"}
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(ordered(175, "mg", 12), second))
    assert values(chart, "ciclosporin_dose") == [400.0]


CAPSULE = {"numerator": quantity(25, "mg"), "denominator": quantity(1, "{capsule}")}


def capsules(count: float) -> dict:
    """So many capsules every 12 h of a product that holds 25 mg of ciclosporin each."""
    own = {"itemCodeableConcept": concept(RXNORM, "3008"), "strength": CAPSULE}
    product = {"resourceType": "Medication", "id": "m1", "ingredient": [own]}
    charted = ordered(count, "{capsule}", 12) | {"medicationReference": {"reference": "#m1"}, "contained": [product]}
    del charted["medicationCodeableConcept"]
    return charted


def test_capsules_of_a_known_strength_count_by_it() -> None:
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(capsules(3),))
    assert values(chart, "ciclosporin_dose") == [150.0]


def test_capsules_of_an_unknown_strength_are_not_guessed() -> None:
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(ordered(3, "{capsule}", 12),))
    assert values(chart, "ciclosporin_dose") == []
    assert "no strength of the drug" in said(chart, "ciclosporin-dose-unreadable")


@pytest.mark.parametrize("changes", [{"asNeededBoolean": True}, {"timing": {}}, {"doseAndRate": []}])
def test_an_order_of_ciclosporin_that_can_not_be_read_is_said(changes: dict) -> None:
    chart = asking("ciclosporin_dose", drug_name="mycophenolate", resources=(ordered(175, "mg", 12, **changes),))
    assert values(chart, "ciclosporin_dose") == []
    assert "ciclosporin-dose-unreadable" in codes(chart)


def answer(loinc: str, code: str, when: str = "2026-11-01", **changes: Any) -> dict:
    charted = observation(loinc, 0, "1", "01 08:00", valueCodeableConcept=concept(SNOMED, code)) | changes
    del charted["valueQuantity"]
    return charted | {"effectiveDateTime": when}


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


def race(*codes: str) -> dict:
    parts = [
        {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": code}}
        for code in codes
    ]
    return {"extension": [{"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": parts}]}


@pytest.mark.parametrize(
    ("codes_", "expected"),
    [(("2028-9",), [1.0]), (("2106-3",), [0.0]), (("2028-9", "2106-3"), []), (("UNK",), []), ((), [])],
)
def test_ancestry_is_one_category_of_the_us_core_extension(codes_: tuple[str, ...], expected: list[float]) -> None:
    asked = replace(drug("apixaban"), covariates=("asian",))
    chart = read_chart([patient(**race(*codes_))], patient=ME, drug=asked, now=NOW)
    assert values(chart, "asian") == expected
    assert ("ancestry-by-race" in codes(chart)) is bool(expected)


def allergy(**changes: Any) -> dict:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "al",
        "clinicalStatus": status("active"),
        "verificationStatus": status("confirmed"),
        "code": concept(RXNORM, "11124"),
        "patient": {"reference": f"Patient/{ME}"},
    } | changes


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


def genotype(text: str = "", **changes: Any) -> dict:
    return answer("84413-4", "", valueCodeableConcept={"text": text}, **changes)


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


def encounter(kind: str = "ICU", **bed: Any) -> dict:
    place = {
        "resourceType": "Location",
        "id": "bed",
        "type": [concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", kind)],
    }
    row = {"location": {"reference": "#bed"}, "status": "active", "period": {"start": at("18 20:00")}} | bed
    return {
        "resourceType": "Encounter",
        "id": "stay",
        "status": "in-progress",
        "subject": {"reference": f"Patient/{ME}"},
        "contained": [place],
        "location": [row],
    }


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


def test_the_dosed_drug_named_in_words_too_is_no_interaction_in_words_only() -> None:
    mine = ordered(175, "mg", 12)
    mine["medicationCodeableConcept"]["text"] = "Ciclosporin 50 mg capsule"
    chart = asking("cyp3a4_moderate_inhibitor", drug_name="ciclosporin", resources=(mine,))
    assert values(chart, "cyp3a4_moderate_inhibitor") == []
    assert "interaction-uncoded" not in codes(chart)
