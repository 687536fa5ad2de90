"""Which servers are listed, and what is asked of those that know `_elements`."""

import json
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir.ehr.client import FhirClient
from fhir.ehr.elements import elements_of, with_elements
from fhir.ehr.servers import read_servers
from fhir.read import read_chart
from tests.fhir.charts import ME, NOW, drug, given, level, order, patient, weight
from tests.fhir.server import Reply, bundle, serving

ANN, BOB = "token-of-ann", "token-of-bob"
PATIENT = {"resourceType": "Patient", "id": "p1"}
VIAL = {"resourceType": "Medication", "id": "m1", "code": {"text": "vancomycin"}}


def test_elements_are_asked_for_where_the_server_is_listed_as_knowing_them() -> None:
    with serving(lambda path, before: Reply(body=bundle())) as server:
        FhirClient(server.base, elements=True).search("Observation?patient=p1")
        FhirClient(server.base, elements=True).search("Medication?code=x")
        FhirClient(server.base).search("Observation?patient=p1")
    narrowed, unlisted, plain = server.asked.paths
    assert narrowed == with_elements("Observation?patient=p1")
    assert "&_elements=id,meta," in narrowed
    assert (unlisted, plain) == ("Medication?code=x", "Observation?patient=p1")


@pytest.mark.parametrize("kind", ["Observation", "MedicationAdministration", "MedicationRequest", "Procedure"])
def test_every_element_is_one_of_r4_and_every_modifier_is_asked_for(kind: str) -> None:
    """By R4B's own model: no name is misspelt, and no element that can change the meaning of others is left out."""
    fields = get_fhir_model_class(kind).model_fields
    names = {field.alias or name for name, field in fields.items()}
    choices = {"effective", "value", "medication", "reported", "performed"}
    assert set(elements_of(kind)) <= names | choices
    modifiers = {"implicitRules", "modifierExtension", "status", "intent", "doNotPerform"} & names
    assert modifiers <= set(elements_of(kind))


def test_a_chart_narrowed_to_its_elements_reads_the_same() -> None:
    whole = [patient(), weight(), level(), given(until="18 09:30"), order()]
    chatty = [{**item, "text": {"status": "generated", "div": "<div/>"}, "note": [{"text": "n"}]} for item in whole]
    narrowed = [_narrowed(item) for item in chatty]
    assert all("text" not in item for item in narrowed[1:])
    here, there = (read_chart(items, patient=ME, drug=drug(), now=NOW) for items in (whole, narrowed))
    assert there == here


def _narrowed(resource: dict[str, Any]) -> dict[str, Any]:
    """As a server would answer that honours _elements; a type that is not in the table comes whole."""
    names = elements_of(resource["resourceType"])
    return {name: value for name, value in resource.items() if name in (*names, "resourceType")} if names else resource


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"fhir_servers": [{"base": "http://ehr.example/fhir"}]}, "must be https"),
        ({"fhir_servers": [{"base": "https://a.example/fhir", "privat": True}]}, "found privat"),
        ({"fhir_servers": [{"base": "https://a.example/fhir", "private": "yes"}]}, "true or false"),
        ({"fhir_servers": [{"tenant": "north"}]}, "a value is missing"),
        ({"fhir_servers": [{"base": "https://a.example/fhir"}, {"base": "https://a.example/fhir/"}]}, "once"),
        ({"fhir_servers": {"base": "https://a.example/fhir"}}, "array of tables"),
        ({"fhir_servers": [{"base": 7}]}, "a text"),
        (
            {"fhir_servers": [{"base": "https://a.example/fhir", "backend": {"client_id": "c", "kid": "k"}}]},
            "there is no k",
        ),
        ({"keys": [{"kid": "k", "file": "k.pem", "algorithm": "HS256"}]}, "RS384 or ES384"),
        ({"keys": [{"kid": "k", "file": "k.pem", "algorithm": "ES384"}] * 2}, "once"),
    ],
)
def test_a_list_of_servers_that_can_not_be_used_says_why(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_servers(json.loads(json.dumps(table)))


def test_a_list_of_servers() -> None:
    backend = {"client_id": "titrate", "kid": "k"}
    servers, keys = read_servers(
        {
            "fhir_servers": [{"base": "https://a.example/fhir/", "private": True, "backend": backend}],
            "keys": [{"kid": "k", "file": "k.pem", "algorithm": "ES384"}],
        }
    )
    assert (servers[0].base, servers[0].private, servers[0].elements) == ("https://a.example/fhir", True, False)
    assert servers[0].backend is not None
    assert (servers[0].backend.kid, keys[0].kid) == ("k", "k")
