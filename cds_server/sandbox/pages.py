"""The sandbox EHR's pages: patient list, chart, order panel, and cards rendered as an EHR renders them."""

from collections.abc import Callable
from datetime import datetime
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
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_pages_blueprint(sandbox: Sandbox, clock: Clock) -> Blueprint:
    """Routes under /sandbox, except the FHIR endpoint."""
    pages = Blueprint("sandbox", __name__, url_prefix="/sandbox", template_folder="templates", static_folder="static")
    pages.add_app_template_filter(_chart_time, "chart_time")

    @pages.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if not (request.endpoint or "").endswith(".static"):
            response.headers["Cache-Control"] = "no-store"
        return response

    @pages.errorhandler(FhirProblem)
    def problem(error: FhirProblem) -> tuple[Response, int]:
        return jsonify(error=error.text), error.status

    @pages.get("/")
    def patients() -> str:
        return render_template("sandbox/patients.html", charts=[_chart(sandbox, s, clock) for s in sandbox.scenarios])

    @pages.get("/patients/<patient_id>")
    def chart(patient_id: str) -> str:
        view = _chart(sandbox, _scenario(sandbox, patient_id), clock)
        current = next((o for o in reversed(view.orders) if o.status == "active"), None)
        return render_template(
            "sandbox/chart.html",
            view=view,
            current=current,
            wide=timeline(view, WIDE),
            narrow=timeline(view, NARROW),
            drug_rows=drug_rows(view),
            trend=trend,
            infusion=intravenous(view.scenario.drug),
        )

    @pages.post("/patients/<patient_id>/hook-request")
    def make_hook_request(patient_id: str) -> Response:
        return jsonify(_hook_request(sandbox, _scenario(sandbox, patient_id), _json(), clock()))

    @pages.post("/patients/<patient_id>/orders")
    def save_order(patient_id: str) -> Response:
        scenario = _scenario(sandbox, patient_id)
        stored = _save(sandbox, scenario, _json(), clock())
        listed = render_template("sandbox/orders.html", view=_chart(sandbox, scenario, clock))
        return jsonify(resource=stored, list=listed)

    @pages.post("/cards")
    def cards() -> str:
        body = _json()
        return render_template(
            "sandbox/cards.html", cards=cards_view(body.get("cards")), hook=str(body.get("hook", ""))
        )

    @pages.get("")
    def without_slash() -> AnyResponse:
        return redirect(url_for(".patients"))

    return pages


def _hook_request(sandbox: Sandbox, scenario: Scenario, body: dict[str, Any], now: datetime) -> dict[str, Any]:
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
        fhir_base=f"{request.host_url}sandbox/fhir",
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


def _chart(sandbox: Sandbox, scenario: Scenario, clock: Clock) -> ChartView:
    return chart_view(sandbox, scenario, clock().astimezone(sandbox.now.tzinfo))


def _scenario(sandbox: Sandbox, patient_id: str) -> Scenario:
    scenario = sandbox.scenario(patient_id)
    if scenario is None:
        abort(404)
    return scenario


def _json() -> dict[str, Any]:
    # A page of another origin can not send this type without asking first, so it can not write orders here.
    if not request.is_json:
        raise FhirProblem(415, "not-supported", "send application/json")
    return json_body(request)


def _chart_time(when: datetime) -> str:
    return f"{when:%a} {when.day} {when:%b %H:%M}"
