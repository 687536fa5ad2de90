"""The answers that the requirement tests look at, and what became of those tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import pytest

from cds_server.sandbox.hook_request import hook_request
from cds_server.sandbox.orders import draft_of
from cds_server.sandbox.scenarios import Scenario
from cds_server.sandbox.state import Sandbox, start_sandbox
from tests.cds_server.hook_calls import SERVICE, Service, service
from tests.cds_server.requirements.outcomes import Outcomes
from tests.fhir.charts import NOW

_SPACE = UUID("5f0c8b3e-6c0e-4a53-9d4e-0d6f3a4c2b11")
OUTCOMES = pytest.StashKey[Outcomes]()


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One hook of one of the sandbox's patients: what was sent, and the body that came back."""

    scenario: str
    hook: str
    request: dict[str, Any]
    status: int
    body: dict[str, Any]

    @property
    def cards(self) -> list[dict[str, Any]]:
        return list(self.body["cards"])


def pytest_configure(config: pytest.Config) -> None:
    outcomes = Outcomes()
    config.stash[OUTCOMES] = outcomes
    config.pluginmanager.register(outcomes, "requirement outcomes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The test that looks at what became of the others comes after all of them."""
    last = [item for item in items if item.get_closest_marker("last_of_requirements")]
    items[:] = [item for item in items if item not in last] + last


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("requirements")) as found:
        yield found


@pytest.fixture(scope="session")
def heard(running: Service) -> tuple[Heard, ...]:
    """Every hook for every patient of the sandbox, with everything as prefetch."""
    sandbox = start_sandbox(now=NOW)
    templates = {item["hook"]: item["prefetch"] for item in running.client.get("/cds-services").json["services"]}
    return tuple(
        _asked(running, _request(sandbox, scenario, hook, keys), scenario.id)
        for scenario in sandbox.scenarios
        for hook, keys in templates.items()
    )


@pytest.fixture(scope="session")
def cards(heard: tuple[Heard, ...]) -> tuple[dict[str, Any], ...]:
    return tuple(card for one in heard for card in one.cards)


def _asked(running: Service, body: dict[str, Any], scenario: str) -> Heard:
    answer = running.client.post(SERVICE, json=body)
    return Heard(scenario=scenario, hook=body["hook"], request=body, status=answer.status_code, body=answer.json)


def _request(sandbox: Sandbox, scenario: Scenario, hook: str, templates: dict[str, str]) -> dict[str, Any]:
    """As the sandbox sends it; the two hooks that it does not play are made from those it does."""
    like = {"encounter-discharge": "patient-view", "medication-refill": "order-sign"}.get(hook, hook)
    draft = None
    if like != "patient-view":
        form = {"dose": scenario.draft.dose, "every": scenario.draft.every, "minutes": scenario.draft.minutes}
        draft = draft_of(sandbox, scenario.id, form, NOW)
    body = hook_request(
        sandbox,
        scenario.id,
        like,
        draft=draft,
        templates=templates,
        prefetch="full",
        fhir_base="https://ehr.example/fhir",
        now=NOW,
    )
    context = body["context"]
    if hook == "encounter-discharge":
        context = context | {"encounterId": "e1"}
    if hook == "medication-refill":
        context = {name: value for name, value in context.items() if name != "draftOrders"}
        context["medications"] = body["context"]["draftOrders"]
    instance = str(uuid5(_SPACE, f"{scenario.id} {hook}"))
    return body | {"hook": hook, "hookInstance": instance, "context": context}
