"""The HTTP side of CDS Hooks: parse, call, render."""

from dataclasses import replace

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_server.answer import answer
from cds_server.hooks import feedback as feedback_body
from cds_server.hooks import json as strict_json
from cds_server.hooks import protocol, registry
from cds_server.hooks.errors import HookError, NotJson
from cds_server.parts import Parts
from cds_server.record_feedback import record_feedback
from cds_server.trust.gate import gate_for
from cds_server.trust.guard import caller, guard


def create_hooks_blueprint(parts: Parts) -> Blueprint:
    """Discovery, the services and their feedback."""
    hooks = Blueprint("hooks", __name__)
    guard(hooks, gate_for(parts), parts.settings.public_url)

    @hooks.after_request
    def keep_nowhere(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")  # answers hold a patient's data
        return response

    @hooks.get("/cds-services")
    def discover() -> Response:
        return jsonify(registry.discovery(version=parts.settings.cds_hooks_version))

    @hooks.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:
        service = registry.find(service_id)
        asked = protocol.parse(_body(), hooks=service.hooks)
        return jsonify({"cards": answer(replace(asked, tenant=caller().tenant), service.id, parts)})

    @hooks.post("/cds-services/<service_id>/feedback")
    def feedback(service_id: str) -> tuple[Response, int]:
        service = registry.find(service_id)
        batch = feedback_body.parse(_body(), service=service.id, now=parts.clock())
        said, status = record_feedback(batch, parts, caller().tenant)
        return jsonify(said), status

    @hooks.app_errorhandler(HookError)
    def refused(error: HookError) -> tuple[Response, int]:
        return jsonify(error.outcome()), error.status

    return hooks


def _body() -> object:
    # A browser page of another origin can post text/plain without asking first, but not JSON: that needs CORS.
    if not request.is_json:
        raise NotJson("the Content-Type is not JSON: expected application/json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NotJson("the body is packed (Content-Encoding): expected it as it is")
    try:
        return strict_json.parse(request.get_data(cache=False))
    except RequestEntityTooLarge:
        raise strict_json.too_long() from None
