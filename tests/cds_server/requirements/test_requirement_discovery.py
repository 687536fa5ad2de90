"""What discovery says of the service, and its prefetch templates."""

import re
from urllib.parse import parse_qsl

import pytest

from tests.cds_server.card_rules import nothing_empty
from tests.cds_server.hook_calls import call, service
from tests.fhir.server import Reply, bundle, serving

TOKEN = re.compile(r"\{\{(.*?)\}\}")
USER_TOKENS = {"userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId"}
PREFIXES = ("eq", "lt", "gt", "ge", "le")


@pytest.fixture(scope="module")
def found(running):
    return running.client.get("/cds-services")


@pytest.fixture(scope="module")
def services(found):
    return found.json["services"]


@pytest.fixture(scope="module")
def templates(services):
    return [text for item in services for text in item["prefetch"].values()]


@pytest.mark.requirement(4, 5, 6, 13)
def test_discovery_answers_get_with_an_array_of_services(found):
    assert found.status_code == 200
    assert set(found.json) == {"services"}
    assert isinstance(found.json["services"], list)
    assert found.json["services"]
    assert tuple(nothing_empty(found.json, "answer")) == ()


@pytest.mark.requirement(7, 8, 9, 10, 12)
@pytest.mark.parametrize("name", ["hook", "id", "title", "description", "usageRequirements"])
def test_each_service_says_what_it_is(services, name):
    assert all(isinstance(item[name], str) and item[name].strip() for item in services)


@pytest.mark.requirement(10, 16)
def test_each_service_answers_under_its_id_on_its_hook(running, services):
    for item in services:
        answer = running.client.post(f"/cds-services/{item['id']}", json=call(item["hook"]))
        assert answer.status_code == 200, item["hook"]
        assert isinstance(answer.json["cards"], list)


@pytest.mark.requirement(78, 210, 211, 212)
def test_one_id_under_several_hooks_lets_a_later_answer_replace_an_earlier_one(services):
    hooks = [item["hook"] for item in services]
    assert len(set(hooks)) == len(hooks) >= 3
    assert len({item["id"] for item in services}) == 1


@pytest.mark.requirement(213)
def test_which_hook_safety_rests_on_is_said_to_who_sets_the_client_up(services):
    assert all("order-sign" in item["usageRequirements"] for item in services)


@pytest.mark.requirement(11, 29, 36)
def test_templates_are_registered_each_under_its_key(services):
    for item in services:
        assert item["prefetch"]
        assert all(isinstance(key, str) and isinstance(text, str) for key, text in item["prefetch"].items())
        assert len(set(item["prefetch"].values())) == len(item["prefetch"])


@pytest.mark.requirement(35, 55, 56, 57, 59)
def test_tokens_are_root_level_primitive_fields_of_the_context(services):
    for item in services:
        context = call(item["hook"])["context"]
        primitive = {f"context.{name}" for name, value in context.items() if isinstance(value, str)}
        for text in item["prefetch"].values():
            assert set(TOKEN.findall(text)) <= primitive | USER_TOKENS
            assert not re.search(r"[{}]", TOKEN.sub("", text))
            assert TOKEN.search(text)


@pytest.mark.requirement(58)
def test_templates_keep_to_reads_and_plain_searches(templates):
    for text in templates:
        path, _, query = TOKEN.sub("p1", text).partition("?")
        assert re.fullmatch(r"[A-Z][A-Za-z]+/p1", path) if not query else re.fullmatch(r"[A-Z][A-Za-z]+", path)
        for name, value in parse_qsl(query, strict_parsing=True) if query else ():
            assert ":" not in name
            assert "." not in name
            assert name in {"patient", "code", "status", "_sort", "_count"} or value.startswith(PREFIXES)


@pytest.mark.requirement(28)
def test_with_everything_as_prefetch_nothing_is_read(tmp_path):
    with serving(lambda path, before: Reply(body=bundle())) as ehr, service(tmp_path, fhir_servers=(ehr.base,)) as one:
        access = {"fhirServer": ehr.base, "fhirAuthorization": {"access_token": "t", "token_type": "Bearer"}}
        assert one.card(call(**access))
    assert ehr.asked.paths == []
