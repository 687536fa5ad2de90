"""Hook calls about one synthetic patient, and a service to send them to. Charts are written with tests.fhir.charts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from cds_server import create_app
from cds_server.config import Settings
from cds_server.hooks.cards import EXTENSION
from cds_server.parts import Parts, build_parts
from fhir.ehr.templates import TEMPLATES
from tests.cds_server.card_rules import broken
from tests.fhir.charts import (
    ME,
    NOW,
    Resource,
    creatinine,
    given,
    instruction,
    level,
    observation,
    order,
    patient,
    weight,
)
from tests.fhir.server import bundle

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
SERVICE = "/cds-services/dose-advice"
FEEDBACK = f"{SERVICE}/feedback"


def height(cm: float = 172) -> Resource:
    return observation("8302-2", cm, "cm", "17 09:00")


def doses() -> list[Resource]:
    """1 g over 90 min every 12 h from the 18th at eight; the last one was at 20:00 on the 19th."""
    times = [("18 08:00", "18 09:30"), ("18 20:00", "18 21:30"), ("19 08:00", "19 09:30"), ("19 20:00", "19 21:30")]
    return [given(1000, when=start, until=end) for start, end in times]


def prefetch(**changes: Any) -> dict[str, Any]:
    """Everything the service asks for, of a patient on vancomycin with one trough; changes replace whole keys."""
    usual = {
        "patient": patient(),
        "weight": bundle(weight(70)),
        "height": bundle(height()),
        "creatinine": bundle(creatinine(0.9)),
        "levels": bundle(level(11.0)),
        "administrations": bundle(*doses()),
        "orders": bundle(order()),
    }
    nothing = {key: bundle() for key in TEMPLATES["order-sign"]}
    return {key: value for key, value in {**nothing, **usual, **changes}.items() if value is not ...}


def draft(amount: float = 1000, **changes: Any) -> Resource:
    dosage = [instruction(amount)]
    return order(id="draft-1", status="draft", dosageInstruction=dosage) | changes


def call(hook: str = "order-sign", *, drafts: tuple[Resource, ...] = (), **changes: Any) -> dict[str, Any]:
    """A hook request; `drafts` defaults to one draft of 1 g every 12 h, `prefetch` to a full one."""
    context: dict[str, Any] = {"userId": "Practitioner/1", "patientId": ME}
    chosen = drafts or (draft(),)
    if hook == "encounter-discharge":
        context["encounterId"] = "e1"
    elif hook == "medication-refill":
        context["medications"] = bundle(*chosen)
    elif hook != "patient-view":
        context["draftOrders"] = bundle(*chosen)
        context["selections"] = [f"{item['resourceType']}/{item['id']}" for item in chosen]
    usual = {"hook": hook, "hookInstance": INSTANCE, "context": context, "prefetch": prefetch()}
    return {key: value for key, value in {**usual, **changes}.items() if value is not ...}


@dataclass(frozen=True, kw_only=True, repr=False)
class Service:
    client: FlaskClient
    parts: Parts

    def cards(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The cards of a call that is answered with 200; each keeps every rule of CDS Hooks."""
        answer = self.client.post(SERVICE, json=body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert set(answer.json) == {"cards"}
        assert broken(answer.json) == ()
        return answer.json["cards"]

    def card(self, body: dict[str, Any]) -> dict[str, Any]:
        """The one card of a call."""
        (card,) = self.cards(body)
        return card


def facts(card: dict[str, Any]) -> dict[str, Any]:
    """What a card says to programs."""
    return card["extension"][EXTENSION]


@contextmanager
def service(folder: Path, *, now: datetime = NOW, **settings: Any) -> Iterator[Service]:
    """The service with its fits in this process and its clock standing still."""
    given_settings = {"secret_key": "for tests only", "queue": "in-process", "hook_budget_ms": 60_000}
    chosen = Settings(**{**given_settings, "data_folder": folder, **settings})
    parts = replace(build_parts(chosen), clock=lambda: now)
    app = create_app(chosen, parts=parts)
    try:
        yield Service(client=app.test_client(), parts=parts)
    finally:
        parts.store.close()
