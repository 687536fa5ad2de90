"""A chart with every kind of entry: its record does not depend on their order, and nothing in it can raise."""

import copy
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.chart import Chart
from fhir.read import read_chart
from fhir.vocabulary import read_from
from tests.fhir.charts import ME, NOW, RXNORM, SNOMED, at, creatinine, drug, level, observation, patient, weight
from tests.fhir.charts import given as dose
from tests.fhir.other_charts import (
    CLARITHROMYCIN,
    ICD10,
    allergy,
    answer,
    concept,
    condition,
    encounter,
    genotype,
    ordered,
    race,
    taken,
)
from tests.fhir.test_read_hostile import ODD, bent, spots

EVERYTHING = tuple(read_from())


def chart() -> list[dict[str, Any]]:
    return [
        patient(**race("2028-9")),
        dose(when="18 08:00", until="18 09:30"),
        level(
            when="19 07:30", specimen={"reference": "Specimen/tube"}, identifier=[{"system": "urn:lab", "value": "1"}]
        ),
        {
            "resourceType": "Specimen",
            "id": "tube",
            "subject": {"reference": f"Patient/{ME}"},
            "collection": {"collectedDateTime": at("19 07:25")},
        },
        weight(),
        creatinine(method={"text": "Jaffe"}),
        observation("76516-4", 31, "wk", "18 10:00"),
        observation("2524-7", 1.9, "mmol/L", "19 10:00"),
        observation("524-9", 1, "ug/mL", "19 10:00"),
        condition(ICD10, "E84.0"),
        condition(ICD10, "C64.1"),
        condition(SNOMED, "49436004", onsetDateTime="2019"),
        condition("", "", "Acute respiratory distress syndrome"),
        taken("MedicationRequest", CLARITHROMYCIN),
        taken("MedicationStatement", concept(RXNORM, "9997")),
        taken("MedicationAdministration", concept(RXNORM, "703")),
        ordered(175, "mg", 12) | {"id": "cs"},
        answer("72166-2", "449868002"),
        answer("63895-7", "413712001"),
        genotype("CYP2C19 *1/*2"),
        allergy(verificationStatus={"coding": [{"code": "unconfirmed"}]}),
        encounter(),
    ]


def read(resources: list[Any]) -> Chart:
    return read_chart(resources, patient=ME, drug=replace(drug(), covariates=EVERYTHING), now=NOW)


def test_it_holds_what_it_says() -> None:
    found = {item.name: item.value for item in read(chart()).record.covariates}
    expected = {
        "asian": 1.0, "black": 0.0, "jaffe_creatinine": 1.0, "gestational_age": 31.0, "lactate": 1.9, "mic": 1.0,
        "cystic_fibrosis": 1.0, "tumour_type": 1.0, "atrial_fibrillation": 1.0, "cyp3a4_strong_inhibitor": 1.0,
        "spironolactone": 1.0, "amiodarone": 1.0, "cyp3a4_weak_inhibitor": 1.0, "pgp_inhibitor": 1.0,
        "ciclosporin_dose": 350.0, "cyp3a4_moderate_inhibitor": 1.0, "smoker": 1.0, "cyp2c19_im_or_pm": 1.0,
        "critically_ill": 1.0,
    }  # fmt: skip
    assert {name: found.get(name) for name in expected} == expected


@given(st.permutations(chart()))
@settings(max_examples=60, deadline=None)
def test_the_chart_does_not_depend_on_the_order_of_its_entries(shuffled: list[dict[str, Any]]) -> None:
    assert read(shuffled) == read(chart())


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bent_places_raise_nothing_and_keep_to_what_is_plausible(data: st.DataObject) -> None:
    resources: list[Any] = chart()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([spot for spot in spots(resources) if spot]))
        resources = bent(resources, path, copy.deepcopy(data.draw(ODD)))
    found = read(resources)
    plausible = drug().plausible
    for item in found.record.covariates:
        limits = plausible.get(item.name)
        assert limits is None or limits.judge(item.value) != "impossible"
    assert all("p2" not in finding.text for finding in found.findings)
