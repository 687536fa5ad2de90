"""Crossing tenants and patients: each route that takes an id, tried by another tenant and by nobody."""

from contextlib import contextmanager

import pytest

from tests.cds_server.hook_calls import FEEDBACK as FEEDBACK_PATH
from tests.cds_server.hook_calls import SERVICE as SERVICE_PATH
from tests.cds_server.hook_calls import call, prefetch, service
from tests.fhir.charts import level
from tests.fhir.server import Reply, bundle, serving
from tests.security.issuers import FEEDBACK, ISS, Ehr, ec_key, registry_file

NORTH = Ehr()
SOUTH = Ehr(iss="https://ehr.south.example", key=ec_key("south"))
TENANTS = [{"name": "north"}, {"name": "south"}]
ISSUERS = [
    {"iss": ISS, "tenants": ["north"], "jwks": NORTH.jwks()},
    {"iss": SOUTH.iss, "tenants": ["south"], "jwks": SOUTH.jwks()},
]


@contextmanager
def two_tenants(folder, *, servers=(), **settings):
    file = registry_file(folder, tenants=TENANTS, issuers=ISSUERS, fhir_servers=list(servers))
    with service(folder, registry_file=file, fhir_deadline_ms=20_000, **settings) as running:
        yield running


def asked(running, ehr, body):
    return running.client.post(SERVICE_PATH, json=body, headers=ehr.bearer())


def said(running, ehr, item):
    return running.client.post(FEEDBACK_PATH, json={"feedback": [item]}, headers=ehr.bearer(FEEDBACK)).json


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with two_tenants(tmp_path_factory.mktemp("both")) as running:
        yield running


def test_feedback_on_another_tenants_card_is_on_no_card(both):
    (card,) = asked(both, NORTH, call()).json["cards"]
    item = {"card": card["uuid"], "outcome": "overridden"}
    others = said(both, SOUTH, item)
    made_up = said(both, SOUTH, {"card": "00000000-0000-4000-8000-000000000000", "outcome": "overridden"})
    assert others == {"stored": 0, "repeated": 0, "unknownCards": [card["uuid"]]}
    assert {**made_up, "unknownCards": [card["uuid"]]} == others  # nothing tells the two apart
    assert said(both, NORTH, item)["stored"] == 1
    assert {row.tenant for row in both.parts.store.all_feedback()} == {"north"}


def test_a_suggestion_of_another_tenants_card_is_not_named(both):
    (card,) = asked(both, NORTH, call()).json["cards"]
    taken = [{"id": item["uuid"]} for item in card["suggestions"]]
    item = {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": taken}
    assert said(both, SOUTH, item) == {"stored": 0, "repeated": 0, "unknownCards": [card["uuid"]]}


def test_rows_carry_the_tenant_of_the_token_and_not_of_the_body(both):
    body = call() | {"tenant": "north", "extension": {"tenant": "north"}}
    body["context"] |= {"tenant": "north"}
    (card,) = asked(both, SOUTH, body).json["cards"]
    assert both.parts.store.card(card["uuid"]).tenant == "south"


def test_what_one_tenant_was_shown_is_not_repeated_to_another(both):
    """Same ids in both hospitals, as small numbers are: a card of one says nothing of the other's."""
    shown = [asked(both, ehr, call("patient-view", hookInstance=number)).json["cards"] for ehr, number in TWO_CALLS]
    assert [("Shown to you before" in card["detail"]) for cards in shown for card in cards] == [False, False]


TWO_CALLS = [
    (NORTH, "11111111-1111-4111-8111-111111111111"),
    (SOUTH, "22222222-2222-4222-8222-222222222222"),
]


def test_a_fhir_server_is_read_for_its_own_tenant(tmp_path):
    """The request names it and carries a token for it; that is not enough."""
    lacking = prefetch(levels=...)
    with serving(lambda path, before: Reply(body=bundle(level(11.0)))) as ehr:
        access = {"fhirServer": ehr.base, "fhirAuthorization": {"access_token": "t", "token_type": "Bearer"}}
        body = call(**access) | {"prefetch": lacking}
        with two_tenants(tmp_path, servers=[{"base": ehr.base, "tenant": "north"}]) as running:
            assert asked(running, SOUTH, body).status_code == 412
            assert ehr.asked.paths == []
            assert asked(running, NORTH, body).status_code == 200
            assert ehr.asked.paths != []


def test_a_caller_without_a_token_reaches_no_tenants_server(tmp_path):
    with serving(lambda path, before: Reply(body=bundle())) as ehr:
        body = call(fhirServer=ehr.base) | {"prefetch": prefetch(levels=...)}
        servers = [{"base": ehr.base, "tenant": "north"}]
        with two_tenants(tmp_path, servers=servers, trusted_proxy=True, jwt_optional=True) as running:
            assert running.client.post(SERVICE_PATH, json=body).status_code == 412
        assert ehr.asked.paths == []


def test_a_page_opens_by_its_signed_link_alone(both):
    (card,) = asked(both, NORTH, call()).json["cards"]
    path = card["links"][0]["url"].partition("8080")[2]
    row = both.parts.store.card(card["uuid"])
    assert both.client.get(path).status_code == 200
    tried = [row.advice_id, row.uuid, path.rpartition("/")[2][:-2] + "AA", f"{row.advice_id}.AAAA.AAAA", "..%2fadvice"]
    assert [both.client.get(f"/advice/{one}").status_code for one in tried] == [404] * len(tried)


def test_a_page_names_no_patient(both):
    (card,) = asked(both, NORTH, call()).json["cards"]
    page = both.client.get(card["links"][0]["url"].partition("8080")[2]).get_data(as_text=True)
    assert "Patient/" not in page


def test_an_advice_is_bound_to_its_patient_by_a_salted_commitment(both):
    """Two advices on one patient can not be told to be of one patient from the log."""
    for _ in range(2):
        asked(both, NORTH, call())
    bound = [entry["patient"] for _, event, entry, _ in both.parts.store.audit_entries() if event == "recommendation"]
    assert len(set(bound)) == len(bound) >= 2
