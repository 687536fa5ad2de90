"""The whole exchange as an EHR would have it over HTTP, for every sandbox patient, and whether it ended as expected."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter, sleep
from typing import Any

import requests

from cds_server.sandbox.judge import Heard, wrong_with
from cds_server.sandbox.orders import order_line
from cds_server.sandbox.scenarios import Scenario, load_scenarios

SERVICE = "dose-advice"
TIMEOUT_S = 30.0
# A card may say that the estimate is on its way: the prescriber then opens the order again a little later.
ASKED_AGAIN, PAUSE_S = 20, 0.5
Line = dict[str, Any]


@dataclass(kw_only=True)
class Ehr:
    """One EHR's connection to the sandbox and the service at `base` (no slash at its end)."""

    base: str
    session: requests.Session
    pause: Callable[[float], None] = sleep
    templates: dict[str, dict[str, str]] = field(default_factory=dict)

    def discover(self) -> requests.Response:
        """GET the services; keeps each hook's prefetch templates."""
        path = "/cds-services"
        answer = self.session.get(f"{self.base}{path}", headers=self._signed(path), timeout=TIMEOUT_S)
        answer.raise_for_status()
        for item in answer.json()["services"]:
            if item["id"] == SERVICE:
                self.templates[item["hook"]] = item.get("prefetch", {})
        return answer

    def request_for(self, scenario: Scenario, hook: str, order: Mapping[str, Any] | None) -> dict[str, Any]:
        """The hook request that the sandbox EHR would send for this chart."""
        body: dict[str, Any] = {"hook": hook, "templates": self.templates.get(hook, {})}
        if hook != "patient-view":
            body["order"] = order
        address = f"{self.base}/sandbox/patients/{scenario.id}/hook-request"
        answer = self.session.post(address, json=body, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return dict(answer.json())

    def call(self, request: Mapping[str, Any]) -> requests.Response:
        """POST one hook request to the service."""
        return self._post(f"/cds-services/{SERVICE}", request)

    def feedback(self, entry: Mapping[str, Any]) -> requests.Response:
        """POST one feedback entry."""
        entry = {**entry, "outcomeTimestamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}
        return self._post(f"/cds-services/{SERVICE}/feedback", {"feedback": [entry]})

    def sign(self, order: Mapping[str, Any], token: str) -> requests.Response:
        """PUT one order as active to the sandbox's FHIR endpoint, and the order that it replaces as stopped."""
        stored = self._put({**order, "status": "active"}, token)
        if stored.ok and (prior := order.get("priorPrescription", {}).get("reference")):
            earlier = self.session.get(f"{self.base}/sandbox/fhir/{prior}", headers=_bearer(token), timeout=TIMEOUT_S)
            earlier.raise_for_status()
            self._put({**earlier.json(), "status": "stopped"}, token).raise_for_status()
        return stored

    def _post(self, path: str, body: Mapping[str, Any]) -> requests.Response:
        return self.session.post(f"{self.base}{path}", json=body, headers=self._signed(path), timeout=TIMEOUT_S)

    def _signed(self, path: str) -> dict[str, str]:
        """The EHR's JWT for one call; its key is the sandbox server's."""
        answer = self.session.post(f"{self.base}/sandbox/jwt", json={"path": path}, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return _bearer(answer.json()["jwt"])

    def _put(self, order: Mapping[str, Any], token: str) -> requests.Response:
        address = f"{self.base}/sandbox/fhir/MedicationRequest/{order['id']}"
        return self.session.put(address, json=order, headers=_bearer(token), timeout=TIMEOUT_S)


def run_once(base_url: str, *, session: requests.Session | None = None) -> Iterator[Line]:
    """Lines {scenario, hook, status, seconds, cards, verdict} for every patient; a verdict is "ok" or "wrong: why".

    The last line of each patient has hook "outcome" and judges the whole; raises requests.RequestException where the
    service can not be reached at all.
    """
    ehr = Ehr(base=base_url.rstrip("/"), session=session or requests.Session())
    ehr.discover()
    for scenario in load_scenarios():
        yield from _play(ehr, scenario)


def _play(ehr: Ehr, scenario: Scenario) -> Iterator[Line]:
    draft: Mapping[str, Any] = {
        "dose": scenario.draft.dose,
        "every": scenario.draft.every,
        "minutes": scenario.draft.minutes,
    }
    heard: list[Heard] = []
    request: dict[str, Any] = {}
    for hook in scenario.exchange.hooks:
        for _ in range(ASKED_AGAIN):
            request = ehr.request_for(scenario, hook, draft)
            started = perf_counter()
            answer = ehr.call(request)
            heard.append(Heard(hook=hook, status=answer.status_code, cards=_cards(answer)))
            yield _line(scenario, hook, answer, perf_counter() - started, heard[-1].cards)
            if not heard[-1].pending:
                break
            ehr.pause(PAUSE_S)
    yield from _answer(ehr, scenario, request, heard[-1].cards)
    drafted = request["context"]["draftOrders"]["entry"][0]["resource"]
    wrong = wrong_with(scenario, heard, order_line(drafted))
    yield {"scenario": scenario.id, "hook": "outcome", "status": 0, "seconds": 0.0, "cards": []} | _verdict(wrong)


def _answer(ehr: Ehr, scenario: Scenario, request: Mapping[str, Any], cards: tuple[Any, ...]) -> Iterator[Line]:
    """What the prescriber does with the last cards: takes the first suggestion, or keeps the own plan and says why."""
    if not cards:
        return
    suggested = next(((card, card["suggestions"][0]) for card in cards if card.get("suggestions")), None)
    if scenario.exchange.answer == "accept" and suggested:
        card, suggestion = suggested
        yield from _accept(ehr, scenario, request, card, suggestion)
        return
    started = perf_counter()
    reason = next((reason for reason in cards[0].get("overrideReasons", [])), None)
    entry = {"card": cards[0]["uuid"], "outcome": "overridden"}
    answer = ehr.feedback(entry | ({"overrideReason": {"reason": reason}} if reason else {}))
    yield _line(scenario, "feedback", answer, perf_counter() - started, ())


def _accept(
    ehr: Ehr, scenario: Scenario, request: Mapping[str, Any], card: Mapping[str, Any], suggestion: Mapping[str, Any]
) -> Iterator[Line]:
    token = request["fhirAuthorization"]["access_token"]
    for action in suggestion["actions"]:
        started = perf_counter()
        answer = ehr.sign(action["resource"], token)
        yield _line(scenario, "order", answer, perf_counter() - started, ())
    started = perf_counter()
    taken = {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": [{"id": suggestion["uuid"]}]}
    yield _line(scenario, "feedback", ehr.feedback(taken), perf_counter() - started, ())


def _line(scenario: Scenario, hook: str, answer: requests.Response, seconds: float, cards: tuple[Any, ...]) -> Line:
    wrong = "" if answer.ok else f"HTTP {answer.status_code}: {answer.text[:300]}"
    line = {"scenario": scenario.id, "hook": hook, "status": answer.status_code, "seconds": round(seconds, 4)}
    return line | {"cards": list(cards)} | _verdict(wrong)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _verdict(wrong: str) -> Line:
    return {"verdict": f"wrong: {wrong}" if wrong else "ok"}


def _cards(answer: requests.Response) -> tuple[Any, ...]:
    return tuple(answer.json().get("cards", ())) if answer.ok else ()
