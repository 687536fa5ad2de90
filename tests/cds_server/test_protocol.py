"""Hook calls as EHRs send them: what is needed is checked and named, all else passes."""

from copy import deepcopy

import pytest

from cds_server.hooks.errors import BadRequest
from cds_server.hooks.protocol import parse

HOOKS = ("patient-view", "order-select", "order-sign")
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
DRAFT = {"resourceType": "MedicationRequest", "id": "draft-1", "status": "draft"}
OTHER = {"resourceType": "MedicationRequest", "id": "draft-2", "status": "draft"}
SELECT = {
    "hook": "order-select",
    "hookInstance": INSTANCE,
    "fhirServer": "https://ehr.example/fhir",
    "fhirAuthorization": {"access_token": "canary-token", "token_type": "Bearer", "expires_in": 300},
    "context": {
        "userId": "Practitioner/1",
        "patientId": "p1",
        "selections": ["MedicationRequest/draft-1"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": DRAFT}, {"resource": OTHER}]},
    },
    "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}},
}


def without(path):
    body = deepcopy(SELECT)
    *parents, last = path.split(".")
    inner = body
    for name in parents:
        inner = inner[name]
    del inner[last]
    return body


def changed(path, value):
    body = deepcopy(SELECT)
    *parents, last = path.split(".")
    inner = body
    for name in parents:
        inner = inner[name]
    inner[last] = value
    return body


def test_an_order_select_is_read_whole():
    read = parse(SELECT, hooks=HOOKS)
    assert (read.hook, read.hook_instance, read.patient) == ("order-select", INSTANCE, "p1")
    assert read.drafts == (DRAFT,)
    assert read.access.base == "https://ehr.example/fhir"
    assert read.access.token == "canary-token"


def test_order_sign_takes_every_draft():
    assert parse(changed("hook", "order-sign"), hooks=HOOKS).drafts == (DRAFT, OTHER)


@pytest.mark.parametrize(
    "path",
    [
        "hook",
        "hookInstance",
        "context",
        "context.userId",
        "context.patientId",
        "context.selections",
        "context.draftOrders",
        "fhirServer",
    ],
)
def test_a_missing_field_is_named(path):
    with pytest.raises(BadRequest) as caught:
        parse(without(path), hooks=HOOKS)
    assert caught.value.where == path
    assert path in caught.value.message
    assert "expected" in caught.value.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hook", 3),
        ("hookInstance", "not-a-uuid"),
        ("context", []),
        ("context.patientId", "../Patient/2"),
        ("context.patientId", "1&_include=*"),
        ("context.patientId", ""),
        ("context.selections", "MedicationRequest/draft-1"),
        ("context.draftOrders", [DRAFT]),
        ("fhirServer", 7),
        ("fhirAuthorization", "Bearer abc"),
        ("prefetch", []),
    ],
)
def test_a_wrong_field_is_named(path, value):
    with pytest.raises(BadRequest) as caught:
        parse(changed(path, value), hooks=HOOKS)
    assert caught.value.where.startswith(path)


@pytest.mark.parametrize("value", ["Mrs Canary, 1 2 3", ["Mrs Canary"], {"Canary": "Canary"}, "Canary\u00e9\n"])
@pytest.mark.parametrize("path", ["context.patientId", "fhirAuthorization.access_token"])
def test_a_refusal_quotes_no_name_identifier_or_token(path, value):
    """An error body is kept in logs and tickets on the EHR's side."""
    with pytest.raises(BadRequest) as caught:
        parse(changed(path, value), hooks=HOOKS)
    assert "Canary" not in caught.value.message
    assert "expected" in caught.value.message


@pytest.mark.parametrize("body", [None, [], "text", 5])
def test_a_body_that_is_no_object_is_refused(body):
    with pytest.raises(BadRequest):
        parse(body, hooks=HOOKS)


def test_extensions_and_unknown_fields_pass():
    body = changed("extension", {"com.example": {"deep": [1]}}) | {"unknown": None}
    body["context"]["encounterId"] = None
    body["context"]["extension"] = {"com.example": 1}
    assert parse(body, hooks=HOOKS).patient == "p1"


def test_what_the_cds_hooks_sandbox_and_medplum_send_is_read():
    # no Bundle type, an order without a medication, category an object: invalid R4, and usual
    draft = {"resourceType": "MedicationRequest", "id": "order-1", "category": {"text": "x"}, "dosageInstruction": {}}
    body = changed("context.draftOrders", {"entry": [{"resource": draft}, {"other": 1}, None]})
    body["context"]["selections"] = ["MedicationRequest/order-1"]
    del body["fhirServer"], body["fhirAuthorization"]
    read = parse(body, hooks=HOOKS)
    assert read.drafts == (draft,)
    assert read.access is None


def test_a_patient_reference_says_the_same_as_an_id():
    assert parse(changed("context.patientId", "Patient/p1"), hooks=HOOKS).patient == "p1"


def test_the_token_is_in_no_repr_and_no_message():
    assert "canary" not in repr(parse(SELECT, hooks=HOOKS))
    with pytest.raises(BadRequest) as caught:
        parse(changed("fhirAuthorization", {"access_token": ["canary-token"]}), hooks=HOOKS)
    assert "canary" not in caught.value.message


@pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "\u00e4", "tab\t", "\x7f"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(token):
    with pytest.raises(BadRequest) as refused:
        parse(changed("fhirAuthorization.access_token", token), hooks=HOOKS)
    assert refused.value.where == "fhirAuthorization.access_token"
    assert token not in refused.value.message
