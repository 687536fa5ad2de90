"""Prefetch: the six states of a key, reads in their place, and what is said when data can not be had."""

import re
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from fhir.ehr.client import FhirClient
from fhir.ehr.prefetch import TEMPLATES, complete, templates
from fhir.ehr.templates import HOOKS, KEYS
from fhir.errors import BadResource, IncompleteAnswer, ServerRefused
from tests.fhir.charts import ME, VANCOMYCIN, drug, given, level, patient, weight
from tests.fhir.server import Reply, bundle, outcome, serving

CONTEXT = {"patientId": ME, "userId": "Practitioner/1"}
ASKED = {"patient": "Patient/{{context.patientId}}", "levels": "Observation?patient={{context.patientId}}&code=x|1"}


class Shelf:
    """A FHIR server as a table of answers; an error in the table is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, []

    def _answer(self, name: str, question: str) -> Any:
        self.asked.append(question)
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def read(self, path: str) -> dict[str, Any]:
        return self._answer(path.replace("/", "_"), path)

    def search(self, query: str) -> list[dict[str, Any]]:
        return self._answer(query.partition("?")[0], query)

    def follow(self, bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
        return self._answer("more", bundle["link"][0]["url"])


def ask(prefetch: Any, shelf: Shelf | None) -> Any:
    return complete("patient-view", CONTEXT, prefetch, shelf, asked=ASKED)


def test_present_keys_need_no_server() -> None:
    done = ask({"patient": patient(), "levels": bundle(level())}, None)
    assert done.resources == (patient(), level())
    assert (done.missing, done.none, done.findings) == ((), (), ())


def test_absent_keys_are_read() -> None:
    shelf = Shelf(Patient_p1=patient(), Observation=[level()])
    done = ask({}, shelf)
    assert done.resources == (patient(), level())
    assert done.missing == ()
    assert sorted(shelf.asked) == ["Observation?patient=p1&code=x|1", "Patient/p1"]


def test_absent_keys_without_a_server_are_missing_aloud() -> None:
    done = ask(None, None)
    assert done.missing == ("patient", "levels")
    assert [finding.severity for finding in done.findings] == ["critical", "critical"]
    assert "named no server" in done.findings[0].text


@pytest.mark.parametrize("nothing", [None, bundle(), {"resourceType": "Bundle"}])
def test_null_and_empty_mean_the_ehr_has_none_which_is_said(nothing: Any) -> None:
    shelf = Shelf()
    done = ask({"patient": patient(), "levels": nothing}, shelf)
    assert (done.missing, done.none, shelf.asked) == ((), ("levels",), [])
    assert [finding.code for finding in done.findings] == ["ehr-has-none"]


@pytest.mark.parametrize("broken", [outcome(), "garbage", 7, [], [level()], {"foo": 1}, bundle(level(), outcome())])
def test_an_outcome_or_garbage_is_replaced_by_a_read(broken: Any) -> None:
    shelf = Shelf(Observation=[level(13)])
    done = ask({"patient": patient(), "levels": broken}, shelf)
    assert done.resources == (patient(), level(13))
    assert done.missing == ()


def test_an_outcome_without_a_server_is_missing() -> None:
    done = ask({"patient": patient(), "levels": outcome()}, None)
    assert done.missing == ("levels",)
    assert "sent an error" in done.findings[0].text


def test_further_pages_are_followed() -> None:
    shelf = Shelf(more=[level(13, id="second")])
    done = ask({"patient": patient(), "levels": bundle(level(), next_url="https://ehr.example/fhir?page=2")}, shelf)
    assert done.resources == (patient(), level(), level(13, id="second"))
    assert shelf.asked == ["https://ehr.example/fhir?page=2"]


@pytest.mark.parametrize("shelf", [None, Shelf(more=ServerRefused("HTTP 500", status=500))])
def test_pages_that_can_not_be_had_are_missing_and_the_first_is_kept(shelf: Shelf | None) -> None:
    done = ask({"patient": patient(), "levels": bundle(level(), next_url="https://ehr.example/fhir?page=2")}, shelf)
    assert done.resources == (patient(), level())
    assert done.missing == ("levels",)
    assert done.findings[0].text.startswith("Not every drug level could be had")


def test_fewer_entries_than_the_total_are_read_again() -> None:
    shelf = Shelf(Observation=[level(), level(13, id="second")])
    assert len(ask({"patient": patient(), "levels": bundle(level(), total=2)}, shelf).resources) == 3
    assert ask({"patient": patient(), "levels": bundle(level(), total=2)}, None).missing == ("levels",)


def test_a_broken_off_answer_keeps_what_came() -> None:
    shelf = Shelf(Observation=IncompleteAnswer("over 20 pages", resources=(level(),)))
    done = ask({"patient": patient()}, shelf)
    assert done.resources == (patient(), level())
    assert done.missing == ("levels",)


def test_a_refused_read_says_so_without_naming_anyone() -> None:
    shelf = Shelf(Patient_p1=ServerRefused("The FHIR server answered with HTTP 403.", status=403), Observation=[])
    done = ask({}, shelf)
    assert done.missing == ("patient",)
    assert "HTTP 403" in done.findings[0].text
    assert ME not in done.findings[0].text


def test_what_dosing_does_not_need_is_said_but_not_missing() -> None:
    done = complete("patient-view", CONTEXT, {}, None, asked={"height": "Observation?patient={{context.patientId}}"})
    assert done.missing == ()
    assert [(finding.code, finding.severity) for finding in done.findings] == [("not-available", "warning")]


def test_medications_that_administrations_refer_to_are_read() -> None:
    medication = {"resourceType": "Medication", "id": "m1", "code": VANCOMYCIN}
    dose = given(medicationReference={"reference": "https://ehr.example/fhir/Medication/m1"})
    shelf = Shelf(Medication_m1=medication)
    done = complete("patient-view", CONTEXT, {"administrations": bundle(dose)}, shelf, asked={"administrations": "M?x"})
    assert done.resources == (dose, medication)


def test_a_slow_server_is_not_waited_for() -> None:
    release = threading.Event()

    class Stalling(Shelf):
        def search(self, query: str) -> list[dict[str, Any]]:
            release.wait(10)
            return []

    done = complete("patient-view", CONTEXT, {}, Stalling(Patient_p1=patient()), asked=ASKED, deadline_s=0.2)
    release.set()
    assert done.missing == ("levels",)
    assert done.resources == (patient(),)
    assert "in time" in done.findings[0].text


def test_a_fault_of_our_own_is_not_taken_for_the_servers() -> None:
    with pytest.raises(KeyError):
        ask({"patient": patient()}, Shelf())


@pytest.mark.parametrize("bad", [None, "", "a/b", "p1&x=1", "{{x}}", 7, "x" * 65])
def test_a_patient_id_that_is_none_is_refused(bad: Any) -> None:
    with pytest.raises(BadResource, match="patientId"):
        complete("patient-view", {"patientId": bad}, {}, None, asked=ASKED)


def test_an_unknown_hook_is_refused() -> None:
    with pytest.raises(BadResource, match="hook must be one of"):
        complete("appointment-book", CONTEXT, {}, None)


def test_the_templates_ask_for_each_level_and_covariate_of_the_catalog() -> None:
    assert set(TEMPLATES) == set(HOOKS)
    asked = TEMPLATES["order-sign"]
    assert set(asked) <= set(KEYS)
    for name in ("vancomycin", "tacrolimus"):
        assert all(f"http://loinc.org|{code.loinc}" in asked["levels"] for code in drug(name).level_codes)
        measured = {"weight", "height", "creatinine", "haematocrit"} & set(drug(name).covariates)
        assert measured <= set(asked)


def test_the_templates_keep_to_what_every_client_can_resolve() -> None:
    """Reads and type searches, one simple token, and only reference, token, _count and _sort parameters."""
    for template in TEMPLATES["patient-view"].values():
        assert re.findall(r"\{\{.*?\}\}", template) == ["{{context.patientId}}"]
        _, _, query = template.partition("?")
        names = {pair.split("=")[0] for pair in query.split("&") if pair}
        assert names <= {"patient", "code", "status", "_sort", "_count"}


def test_a_drug_asks_only_for_what_it_reads() -> None:
    assert "creatinine" not in templates([drug("tacrolimus")])["patient-view"]
    assert "genotype" not in templates([drug("vancomycin")])["patient-view"]


def test_through_a_real_server_with_paging() -> None:
    def answer(path: str, before: int) -> Reply:
        if path == "Patient/p1":
            return Reply(body=patient())
        if "page=2" in path:
            return Reply(body=bundle(weight(71, when="18 09:00")))
        return Reply(body=bundle(weight(), next_url="Observation?page=2") if "29463-7" in path else bundle())

    with serving(answer) as server:
        done = complete("patient-view", CONTEXT, {}, FhirClient(server.base))
    assert done.missing == ()
    assert [resource["resourceType"] for resource in done.resources] == ["Patient", "Observation", "Observation"]
    assert set(done.none) == set(TEMPLATES["patient-view"]) - {"patient", "weight"}
