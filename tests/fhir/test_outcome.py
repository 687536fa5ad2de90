"""What an EHR could keep of an advice: strictly valid R4, by reference only, and true to the advice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir.chart import Chart, Source
from fhir.errors import BadResource
from fhir.ordered.orders import read_order
from fhir.outcome.advised import Advised
from fhir.outcome.collection import collection, resources_of
from fhir.outcome.guidance import guidance_response, proposed_order
from fhir.outcome.issues import detected_issues
from fhir.outcome.risk import risk_assessments
from fhir.outcome.trail import audit_event, provenance
from fhir.r4 import check, faults
from models.catalog import load_catalog
from models.dosing import recommend
from models.dosing.advice import Advice, Declined, Recommendation
from models.findings import Finding
from models.fit import fit_map
from models.subject import subject_from_record
from tests.fhir.charts import ME, NOW, creatinine, drug, order, patient, read, trough, weight
from tests.fhir.charts import given as dose

NAME = "Xanthippe-Canary"
TIMES = ("18 08:00", "18 20:00", "19 08:00", "19 20:00")


@cache
def chart() -> Chart:
    """1 g every 12 h and one trough; the creatinine came without an id and the trough in its third version."""
    doses = [dose(1000, when=when, until=when.replace(":00", ":59")) for when in TIMES]
    level = trough(11.0, "19 07:30", id="level-1", meta={"versionId": "3"})
    named = patient(name=[{"family": NAME}], identifier=[{"value": NAME}])
    height = weight(172, "cm", id="h1", code={"coding": [{"system": "http://loinc.org", "code": "8302-2"}]})
    return read(named, *doses, level, weight(70), height, creatinine(0.9, id=""), order())


@cache
def recommendation() -> Recommendation:
    medicine, record = drug(), chart().record
    model = load_catalog().models_for("vancomycin")[0]
    fitted = fit_map(model, subject_from_record(model, record))
    made = recommend(medicine, model, record, fitted, seed=1)
    assert isinstance(made, Recommendation)
    return made


def declined(*reasons: Finding) -> Declined:
    usual = Finding(code="covariate-missing", severity="critical", text="The chart has no weight (kg).")
    return Declined(drug="vancomycin", reasons=reasons or (usual,), would_help=("Charting weight (kg).",))


def advised(advice: Advice | None = None, **changes: Any) -> Advised:
    usual: dict[str, Any] = {
        "id": "0" * 32,
        "at": NOW,
        "patient": ME,
        "drug": drug(),
        "advice": advice or recommendation(),
        "chart": chart(),
        "software": "titrate 0.1.0",
    }
    return Advised(**usual | changes)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == "reference" and isinstance(value, str))
        yield from (found for value in node.values() for found in references(value))
    elif isinstance(node, list):
        yield from (found for value in node for found in references(value))


@pytest.mark.parametrize("case", [advised(), advised(declined()), advised(user="Practitioner/1", encounter="E/1")])
def test_every_resource_of_an_advice_is_valid(case: Advised) -> None:
    bundle = collection([case])
    assert faults(bundle) == ()
    for entry in bundle["entry"]:
        assert faults(entry["resource"]) == ()


def test_a_recommendation_is_kept_as_these_kinds() -> None:
    kinds = [item["resourceType"] for item in resources_of(advised())]
    risks = len(recommendation().regimens)
    warned = sum(item.severity != "info" for item in recommendation().findings)
    assert kinds == [
        "GuidanceResponse",
        "MedicationRequest",
        *["RiskAssessment"] * risks,
        *["DetectedIssue"] * warned,
        "Provenance",
        "AuditEvent",
        "Device",
    ]


def test_every_reference_leads_to_the_patient_a_source_or_into_the_bundle() -> None:
    bundle = collection([advised()])
    inside = {entry["fullUrl"] for entry in bundle["entry"]}
    charted = {source.resource for source in chart().sources.values()}
    for reference in references(bundle):
        plain = reference.split("/_history/")[0]
        assert plain in inside | charted | {f"Patient/{ME}", "#proposal"}, reference


def test_no_name_or_identifier_leaves_with_it() -> None:
    assert NAME not in json.dumps(collection([advised()]))


def test_attainment_is_what_the_advice_says() -> None:
    made = risk_assessments(advised())
    for assessment, outcome in zip(made, recommendation().regimens, strict=True):
        shares = [item["probabilityDecimal"] for item in assessment["prediction"]]
        # 5e-5: written to four digits
        assert shares == pytest.approx([outcome.attainment, outcome.below, outcome.above], abs=5e-5)
        assert outcome.label in assessment["code"]["text"]
    codings = made[0]["method"]["coding"]
    assert [(item["code"], item["version"]) for item in codings] == [
        (recommendation().model.id, recommendation().model.hash)
    ]
    assert "400-600 mg·h/L" in made[0]["prediction"][0]["outcome"]["text"]


def test_the_proposed_order_reads_back_as_the_regimen_and_starts_when_it_does() -> None:
    made = proposed_order(advised())
    assert made is not None
    best, back = recommendation().regimens[0].regimen, read_order(made, drug())
    assert back is not None
    assert (back.amount, back.interval, back.route, back.intent) == (best.amount, best.interval, "iv", "proposal")
    start = made["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["start"]
    assert start == advised().moment(best.start).isoformat(timespec="seconds")


def test_a_no_is_an_answer_with_its_reasons_and_without_an_order() -> None:
    made = guidance_response(advised(declined()))
    assert (made["status"], "result" in made) == ("data-required", False)
    assert "no weight" in made["note"][0]["text"]
    assert guidance_response(advised(replace(declined(), would_help=())))["status"] == "success"
    assert proposed_order(advised(declined())) is None
    assert risk_assessments(advised(declined())) == ()


def test_findings_become_issues_by_severity_and_name_what_they_are_about() -> None:
    found = (
        Finding(code="level-odd", severity="warning", text="Odd.", sources=("l1", "no-such-key")),
        Finding(code="by-the-way", severity="info", text="By the way."),
    )
    made = detected_issues(advised(replace(declined(), findings=found)))
    assert [(item["code"]["coding"][0]["code"], item["severity"]) for item in made] == [
        ("covariate-missing", "high"),
        ("level-odd", "moderate"),
    ]
    assert made[1]["implicated"] == [{"reference": "Observation/level-1"}]
    assert made[1]["detail"] == "Odd."


def test_provenance_names_inputs_by_version_and_files_by_hash() -> None:
    case = advised()
    whats = [entity["what"] for entity in provenance(case, ["urn:uuid:a"])["entity"]]
    assert {"reference": "Observation/level-1/_history/3"} in whats
    assert {"type": "Observation", "display": "Observation without a usable id"} in whats
    files = {item["identifier"]["value"] for item in whats if "identifier" in item}
    model = recommendation().model
    assert files == {f"vancomycin@{drug().hash}", f"{model.id}@{model.hash}"}


def test_the_audit_event_says_who_asked() -> None:
    by_user = audit_event(advised(user="Practitioner/1"))
    assert [agent["requestor"] for agent in by_user["agent"]] == [True, False]
    assert by_user["agent"][0]["who"] == {"reference": "Practitioner/1"}
    assert [agent["requestor"] for agent in audit_event(advised())["agent"]] == [True]


def test_the_same_advice_has_the_same_ids_and_another_one_others() -> None:
    ids = [{item["id"] for item in resources_of(case)} for case in (advised(), advised(), advised(id="1" * 32))]
    assert ids[0] == ids[1]
    assert not ids[0] & ids[2]


def test_two_advices_stand_in_one_bundle() -> None:
    urls = [entry["fullUrl"] for entry in collection([advised(), advised(id="1" * 32)])["entry"]]
    assert len(urls) == len(set(urls))


def test_no_advice_makes_no_bundle() -> None:
    with pytest.raises(BadResource):
        collection([])


BREACHES = [
    ("GuidanceResponse", {"status": "fine"}),
    ("GuidanceResponse", {"contained": [{"resourceType": "RequestGroup", "status": "draft", "intent": "wish"}]}),
    ("RiskAssessment", {"status": "done"}),
    ("RiskAssessment", {"subject": None}),
    ("DetectedIssue", {"severity": "critical"}),
    ("Provenance", {"entity": [{"role": "input", "what": {"display": "x"}}]}),
    ("Provenance", {"agent": []}),
    ("AuditEvent", {"action": "X"}),
    ("AuditEvent", {"outcome": "1"}),
    ("AuditEvent", {"recorded": "today"}),
    ("Device", {"deviceName": [{"name": "x", "type": "nickname"}]}),
    ("MedicationRequest", {"dosageInstruction": [{"text": ""}]}),
]


@pytest.mark.parametrize(("kind", "breach"), BREACHES)
def test_each_check_can_fail(kind: str, breach: dict[str, Any]) -> None:
    case = advised(replace(declined(), findings=recommendation().findings)) if kind == "DetectedIssue" else advised()
    made = next(item for item in resources_of(case) if item["resourceType"] == kind)
    with pytest.raises(BadResource):
        check(made | breach)
    with pytest.raises(BadResource):
        check({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": made | breach}]})


@given(text=st.text(min_size=1), key=st.text(), version=st.text())
@settings(max_examples=60, deadline=None)
def test_whatever_the_chart_holds_there_is_no_narrative_and_no_reference_of_its_making(
    text: str, key: str, version: str
) -> None:
    said = Finding(code="unit-refused", severity="critical", text=f"The unit “{text}” <script>", sources=("x",))
    bent = replace(chart(), sources={"x": Source(resource=f"Observation/{key}", version=version, time=None)})
    try:
        bundle = collection([advised(declined(said), chart=bent)])
    except BadResource:
        assert not text.isprintable()  # findings quote printable text only (fhir.wire.quoted)
        return
    assert '"div"' not in json.dumps(bundle)
    assert all("text" not in entry["resource"] and "contained" not in entry["resource"] for entry in bundle["entry"])
    for reference in references(bundle):
        assert "<" not in reference
        assert " " not in reference
