"""The sandbox's patients in somebody else's FHIR server: the same records are read there, and the same cards come."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from cds_server.sandbox import create_sandbox_blueprint
from cds_server.sandbox.hook_request import hook_request
from cds_server.sandbox.resources import order, resources_of
from cds_server.sandbox.scenarios import Ordered, Scenario, load_scenarios
from cds_server.sandbox.state import Sandbox
from fhir.ehr.client import FhirClient
from fhir.ehr.prefetch import complete
from fhir.ehr.templates import KEYS
from fhir.errors import IncompleteAnswer
from tests.cds_server.hook_calls import SERVICE, Service, service
from tests.e2e.medplum import TOKEN, ThirdParty, medplum, why_not
from tests.fhir.charts import NOW

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

SCENARIOS = load_scenarios()


def filed_by_subject() -> Sandbox:
    """The sandbox with each result in the chart of the patient it names: a search by patient finds no other."""
    sandbox = Sandbox(now=NOW, scenarios=SCENARIOS)
    for resource in everything():
        about = resource.get("subject", resource.get("patient", {})).get("reference", f"Patient/{resource['id']}")
        sandbox.store.file(about.removeprefix("Patient/"), [resource], NOW)
    return sandbox


def everything() -> list[dict[str, Any]]:
    return [resource for scenario in SCENARIOS for resource in resources_of(scenario, NOW)]


@contextmanager
def over_http(sandbox: Sandbox) -> Iterator[str]:
    """Our own sandbox's FHIR base, served on a free port."""
    app = Flask("sandbox")
    app.register_blueprint(create_sandbox_blueprint(sandbox, clock=lambda: NOW, public_url=""))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sandbox/fhir"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def theirs() -> Iterator[ThirdParty]:
    with medplum(everything()) as server:
        yield server


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return filed_by_subject()


@pytest.fixture(scope="module")
def ours(sandbox: Sandbox) -> Iterator[str]:
    with over_http(sandbox) as base:
        yield base


def test_their_validator_finds_nothing_in_our_charts(theirs: ThirdParty) -> None:
    assert theirs.invalid == ()


def test_their_validator_can_find_something() -> None:
    with medplum([{"resourceType": "Observation", "id": "o1", "status": "final"}]) as server:
        assert server.invalid == ("Observation/o1: Missing required property (Observation.code)",)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_the_same_records_are_read(scenario: Scenario, theirs: ThirdParty, ours: str, sandbox: Sandbox) -> None:
    token = sandbox.tokens.issue(scenario.id, NOW)
    here, there = (read(scenario, base, token) for base, token in ((ours, token), (theirs.base, TOKEN)))
    assert there == here
    assert sum(key[0] == "Observation" for key in there) >= 2


def read(scenario: Scenario, base: str, token: str) -> dict[tuple[str, str], dict[str, Any]]:
    """All that the templates ask for, by type and id; a server's own stamps aside."""
    client = FhirClient(base, token=token, deadline_s=30)
    done = complete("patient-view", {"patientId": scenario.id}, {}, client, deadline_s=60)
    assert done.missing == ()
    return {(item["resourceType"], item["id"]): _unstamped(item) for item in done.resources}


def _unstamped(resource: dict[str, Any]) -> dict[str, Any]:
    meta = {name: value for name, value in resource["meta"].items() if name not in ("versionId", "lastUpdated")}
    return {**resource, "meta": meta}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, ours: str, theirs: ThirdParty) -> Iterator[dict[str, Service]]:
    """One service for each server, so that neither knows what the other has shown."""
    folder = tmp_path_factory.mktemp("services")
    waits = {"fhir_deadline_ms": 60_000, "base_url": "https://titrate.example"}
    with (
        service(folder / "ours", fhir_servers=(ours,), **waits) as here,
        service(folder / "theirs", fhir_servers=(theirs.base,), **waits) as there,
    ):
        yield {ours: here, theirs.base: there}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_the_same_cards_come(
    scenario: Scenario, services: dict[str, Service], ours: str, theirs: ThirdParty, sandbox: Sandbox
) -> None:
    for hook in ("patient-view", "order-sign"):
        here, there = (cards(scenario, hook, sandbox, base, services[base]) for base in (ours, theirs.base))
        assert _lines(there) == _lines(here)
        assert len(there) == 1 or hook == "patient-view"  # before the first dose an open chart asks for nothing


def cards(scenario: Scenario, hook: str, sandbox: Sandbox, base: str, running: Service) -> list[Any]:
    """The cards of a call that brings no prefetch, without what is new in every card."""
    body = hook_request(
        sandbox,
        scenario.id,
        hook,
        draft=drafted(scenario, hook),
        templates={},
        prefetch="none",
        fhir_base=base,
        now=NOW,
    )
    if base.endswith("/r4"):
        body["fhirAuthorization"]["access_token"] = TOKEN
    answer = running.client.post(SERVICE, json=body)
    assert answer.status_code == 200, answer.json
    return _without(answer.json["cards"], ("uuid", "url", "adviceId"))


def drafted(scenario: Scenario, hook: str) -> dict[str, Any] | None:
    if hook == "patient-view":
        return None
    draft = scenario.draft
    wished = Ordered(drug=scenario.drug, hours=0, dose=draft.dose, every=draft.every, minutes=draft.minutes)
    return {**order(wished, scenario.id, NOW, status="draft"), "id": f"{scenario.id}-new1"}


def _lines(found: list[Any]) -> list[str]:
    return json.dumps(found, indent=1, ensure_ascii=False).replace("\\n", "\n").splitlines()


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value


def test_their_validator_takes_the_orders_we_suggest(tmp_path: Path, theirs: ThirdParty, sandbox: Sandbox) -> None:
    scenario = next(item for item in SCENARIOS if item.id == "vancomycin-underdosed")
    with service(tmp_path, fhir_servers=(theirs.base,), fhir_deadline_ms=60_000) as running:
        found = cards(scenario, "order-sign", sandbox, theirs.base, running)
    actions = [action for card in found for suggestion in card["suggestions"] for action in suggestion["actions"]]
    written = [{**action["resource"], "id": f"w{number}"} for number, action in enumerate(actions)]
    assert len(written) >= 2
    with medplum(written) as server:
        assert server.invalid == ()


def test_a_page_that_names_no_next_one_is_not_taken_for_the_whole() -> None:
    """The repository itself gives totals and no links: without our adapter's links three of six doses would come."""
    scenario = SCENARIOS[0]
    with medplum(everything(), links=False) as server:
        client = FhirClient(server.base, token=TOKEN, deadline_s=30)
        with pytest.raises(IncompleteAnswer, match="more than it gave"):
            client.search(f"MedicationAdministration?patient=Patient/{scenario.id}")
        done = complete("patient-view", {"patientId": scenario.id}, {}, client, deadline_s=60)
    assert "administrations" in done.missing
    assert KEYS["administrations"].needed


def test_the_shorter_way_to_name_a_patient_finds_nothing_there(theirs: ThirdParty) -> None:
    """R4 allows patient=1 and patient=Patient/1; this server knows the second only, which is why both are tried."""
    client = FhirClient(theirs.base, token=TOKEN, deadline_s=30)
    assert client.search(f"Observation?patient={SCENARIOS[0].id}") == []
    assert len(client.search(f"Observation?patient=Patient/{SCENARIOS[0].id}")) == 7
