"""What a token's scopes let be asked, and that nothing else is asked."""

from typing import Any

import pytest

from fhir.ehr.prefetch import complete
from fhir.ehr.scopes import Grant, Scope, parse_scopes
from fhir.ehr.templates import HOOKS, KEYS, TEMPLATES
from tests.fhir.charts import given, level, patient
from tests.fhir.server import bundle

CONTEXT = {"patientId": "p1", "userId": "Practitioner/1"}
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LEVELS = "Observation?patient=p1&code=http://loinc.org|20578-1"


class Shelf:
    """A reader with one level, that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        return patient()

    def search(self, query: str) -> list[dict[str, Any]]:
        self.asked.append(query)
        return [level()] if query.startswith("Observation") else []

    def follow(self, bundle: Any) -> list[dict[str, Any]]:
        raise AssertionError("no pages here")


def grant(text: str) -> Grant:
    found = parse_scopes(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("patient/Observation.read", Scope(context="patient", kind="Observation", can="rs")),
        ("patient/Observation.rs", Scope(context="patient", kind="Observation", can="rs")),
        ("patient/Observation.r", Scope(context="patient", kind="Observation", can="r")),
        ("user/*.cruds", Scope(context="user", kind="*", can="cruds")),
        ("user/*.*", Scope(context="user", kind="*", can="cruds")),
        ("system/MedicationRequest.write", Scope(context="system", kind="MedicationRequest", can="cud")),
        (
            f"patient/Observation.rs?category={CATEGORY}|laboratory",
            Scope(context="patient", kind="Observation", can="rs", only=(("category", f"{CATEGORY}|laboratory"),)),
        ),
    ],
)
def test_both_versions_are_understood(text: str, scope: Scope) -> None:
    assert grant(f"launch openid {text} fhirUser").scopes == (scope,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "launch",
        "launch/patient openid fhirUser offline_access",
        "patient/Observation",
        "patient/Observation.",
        "patient/Observation.sr",
        "patient/Observation.rr",
        "patient/Observation.READ",
        "doctor/Observation.read",
        "https://ehr.example/scope",
    ],
)
def test_what_is_no_scope_about_resources_says_nothing(text: str) -> None:
    assert parse_scopes(text) is None


@pytest.mark.parametrize(
    ("text", "query", "covered"),
    [
        ("patient/Observation.read", LEVELS, True),
        ("patient/Observation.s", LEVELS, True),
        ("patient/Observation.r", LEVELS, False),
        ("patient/Observation.s", "Observation/o1", False),
        ("patient/Observation.write", LEVELS, False),
        ("patient/Patient.read", LEVELS, False),
        ("patient/*.read", LEVELS, True),
        ("patient/Observation.cud user/Observation.rs", LEVELS, True),
        (f"patient/Observation.rs?category={CATEGORY}|laboratory", LEVELS, True),
        ("patient/Observation.rs?category=laboratory", LEVELS, True),
        (f"patient/Observation.rs?category={CATEGORY}|vital-signs", LEVELS, False),
        ("patient/Observation.rs?category=laboratory&status=final", LEVELS, False),
        ("patient/Observation.rs?unheard=of", LEVELS, False),
        ("patient/MedicationRequest.rs?status=active", "MedicationRequest?patient=p1&status=active", True),
        ("patient/MedicationRequest.rs?status=completed", "MedicationRequest?patient=p1&status=active", False),
        ("patient/MedicationRequest.rs?status=active", "MedicationRequest?patient=p1", False),
    ],
)
def test_what_a_grant_covers(text: str, query: str, covered: bool) -> None:
    assert grant(text).covers(query, category="laboratory") == covered


def test_only_patient_scopes_are_about_one_patient() -> None:
    assert grant("user/*.rs patient/Patient.r").of_one_patient
    assert not grant("user/*.rs system/*.rs").of_one_patient


def ask(scopes: str, prefetch: dict[str, Any]) -> tuple[Any, list[str]]:
    shelf = Shelf()
    asked = {key: TEMPLATES["order-sign"][key] for key in ("patient", "levels", "administrations", "height")}
    done = complete("order-sign", CONTEXT, prefetch, shelf, grant=parse_scopes(scopes), asked=asked)
    return done, [query.split("?")[0] for query in shelf.asked]


def test_what_the_scopes_leave_out_is_not_asked_for_and_said() -> None:
    done, asked = ask("patient/Patient.r patient/Observation.s", {})
    assert sorted(asked) == ["Observation", "Observation", "Patient/p1"]
    assert (done.missing, done.not_covered) == (("administrations",), ("MedicationAdministration",))
    said = next(item for item in done.findings if item.code == "not-available")
    assert said.severity == "critical"
    assert "the token's scopes do not include MedicationAdministration" in said.text


def test_a_category_that_is_left_out_is_not_read_as_none() -> None:
    """Vital signs alone: a search for levels would come back empty, which is not the same as no level."""
    done, _ = ask(
        f"patient/Patient.r patient/MedicationAdministration.s patient/Observation.s?category={CATEGORY}|vital-signs",
        {},
    )
    assert done.missing == ("levels",)
    assert "levels" not in done.none


def test_what_came_with_the_call_needs_no_scope() -> None:
    sent = {"patient": patient(), "levels": bundle(level()), "administrations": bundle(given()), "height": bundle()}
    done, asked = ask("patient/Patient.r", sent)
    assert (done.missing, asked) == ((), [])


def test_scopes_that_say_nothing_leave_the_judgement_to_the_server() -> None:
    done, asked = ask("launch openid", {})
    assert (done.missing, len(asked)) == ((), 4)


def test_medications_outside_the_scopes_are_said_once() -> None:
    shelf = Shelf()
    dose = given(medicationReference={"reference": "Medication/m1"}, medicationCodeableConcept=None)
    done = complete(
        "order-sign",
        CONTEXT,
        {"administrations": bundle(dose)},
        shelf,
        grant=parse_scopes("patient/MedicationAdministration.rs"),
        asked={"administrations": "MedicationAdministration?patient={{context.patientId}}"},
    )
    assert shelf.asked == []
    assert ["scopes do not include Medication," in item.text for item in done.findings] == [True]


def test_every_observation_asked_for_has_its_category() -> None:
    for hook in HOOKS:
        for key, template in TEMPLATES[hook].items():
            assert bool(KEYS[key].category) == template.startswith("Observation?"), key
