"""The sandbox EHR's pages: patient list, chart, order panel, and cards rendered as an EHR renders them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from cds_server.sandbox.cards_view import cards_view
from cds_server.sandbox.chart_view import ChartView, chart_view
from cds_server.sandbox.fhir_routes import json_body
from cds_server.sandbox.fhir_search import FhirProblem
from cds_server.sandbox.hook_request import hook_request
from cds_server.sandbox.orders import draft_of, intravenous
from cds_server.sandbox.scenarios import Scenario
from cds_server.sandbox.state import Sandbox
from cds_server.sandbox.timeline import NARROW, WIDE, drug_rows, timeline, trend

Clock = Callable[[], datetime]
_ENDPOINT = re.compile(r"/cds-services(/[A-Za-z0-9._-]{1,64}(/feedback)?)?")
FRESH = timedelta(hours=6)  # after this the next dose of most charts is overdue, and their stories no longer hold
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_pages_blueprint(sandbox: Sandbox, clock: Clock, public_url: str) -> Blueprint:
    """Routes under /sandbox, except the FHIR endpoint."""
    pages = Blueprint("sandbox", __name__, url_prefix="/sandbox", template_folder="templates", static_folder="static")
    pages.add_app_template_filter(_chart_time, "chart_time")
    pages.register_error_handler(FhirProblem, _problem)
    pages.after_request(_protect)
    views = Pages(sandbox=sandbox, clock=clock, public_url=public_url)
    pages.add_url_rule("", view_func=_to_patients, endpoint="without_slash")
    pages.add_url_rule("/", view_func=views.patients)
    pages.add_url_rule("/patients/<patient_id>", view_func=views.chart)
    pages.add_url_rule("/patients/<patient_id>/hook-request", view_func=views.make_hook_request, methods=["POST"])
    pages.add_url_rule("/patients/<patient_id>/orders", view_func=views.save_order, methods=["POST"])
    pages.add_url_rule("/jwt", view_func=views.sign_call, methods=["POST"])
    pages.add_url_rule("/cards", view_func=_cards, endpoint="cards", methods=["POST"])
    return pages


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The views; each parses, calls and renders."""

    sandbox: Sandbox
    clock: Clock
    public_url: str

    def patients(self) -> str:
        charts = [self._view(scenario) for scenario in self.sandbox.scenarios]
        stale = self.clock() - self.sandbox.now > FRESH
        return render_template("sandbox/patients.html", charts=charts, stale=stale, started=self.sandbox.now)

    def chart(self, patient_id: str) -> str:
        view = self._view(self._scenario(patient_id))
        return render_template(
            "sandbox/chart.html",
            view=view,
            current=next((order for order in reversed(view.orders) if order.status == "active"), None),
            wide=timeline(view, WIDE),
            narrow=timeline(view, NARROW),
            drug_rows=drug_rows(view),
            trend=trend,
            infusion=intravenous(view.scenario.drug),
        )

    def sign_call(self) -> Response:
        """body: path, of a CDS Hooks endpoint of this service. The key stays here, as at an EHR's own server."""
        path = _json().get("path")
        if not isinstance(path, str) or not _ENDPOINT.fullmatch(path):
            raise FhirProblem(400, "invalid", "path: expected /cds-services, /cds-services/<id> or its /feedback")
        base = self.public_url or request.host_url.rstrip("/")
        return jsonify(jwt=self.sandbox.signer.token(base + path, self.clock()))

    def make_hook_request(self, patient_id: str) -> Response:
        base = self.public_url or request.host_url.rstrip("/")
        return jsonify(_hook_request(self.sandbox, self._scenario(patient_id), _json(), base, self.clock()))

    def save_order(self, patient_id: str) -> Response:
        scenario = self._scenario(patient_id)
        stored = _save(self.sandbox, scenario, _json(), self.clock())
        return jsonify(resource=stored, list=render_template("sandbox/orders.html", view=self._view(scenario)))

    def _view(self, scenario: Scenario) -> ChartView:
        return chart_view(self.sandbox, scenario, self.clock().astimezone(self.sandbox.now.tzinfo))

    def _scenario(self, patient_id: str) -> Scenario:
        scenario = self.sandbox.scenario(patient_id)
        if scenario is None:
            abort(404)
        return scenario


def _cards() -> str:
    body = _json()
    return render_template("sandbox/cards.html", cards=cards_view(body.get("cards")), hook=str(body.get("hook", "")))


def _to_patients() -> AnyResponse:
    return redirect(url_for(".patients"))


def _problem(error: FhirProblem) -> tuple[Response, int]:
    return jsonify(error=error.text), error.status


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if not (request.endpoint or "").endswith(".static"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _hook_request(
    sandbox: Sandbox, scenario: Scenario, body: dict[str, Any], base: str, now: datetime
) -> dict[str, Any]:
    """body: hook, templates (of the service's discovery), order (fields of the panel, or a whole draft), prefetch."""
    draft = None
    if isinstance(order := body.get("order"), dict):
        draft = order if order.get("resourceType") else draft_of(sandbox, scenario.id, order, now)
    templates = body.get("templates") or {}
    if not isinstance(templates, dict) or not all(isinstance(text, str) for text in templates.values()):
        raise FhirProblem(400, "invalid", "templates: expected the service's prefetch templates, text by key")
    return hook_request(
        sandbox,
        scenario.id,
        str(body.get("hook", "")),
        draft=draft,
        templates=templates,
        prefetch=body.get("prefetch") or scenario.exchange.prefetch,
        fhir_base=f"{base}/sandbox/fhir",
        now=now,
    )


def _save(sandbox: Sandbox, scenario: Scenario, body: dict[str, Any], now: datetime) -> dict[str, Any]:
    """body: resource (a whole MedicationRequest), sign (whether the prescriber signs it). Returns it as stored."""
    resource = body.get("resource")
    if not isinstance(resource, dict):
        raise FhirProblem(400, "structure", "resource: expected a whole MedicationRequest")
    stored = sandbox.store.write(resource, now, chart=scenario.id, logical_id=_own_id(resource))
    return sandbox.store.sign(stored["id"], now, chart=scenario.id) if body.get("sign") else stored


def _own_id(resource: dict[str, Any]) -> str | None:
    return resource["id"] if isinstance(resource.get("id"), str) and resource["id"] else None


def _json() -> dict[str, Any]:
    # A page of another origin can not send this type without asking first, so it can not write orders here.
    if not request.is_json:
        raise FhirProblem(415, "not-supported", "send application/json")
    return json_body(request)


def _chart_time(when: datetime) -> str:
    return f"{when:%a} {when.day} {when:%b %H:%M}"
