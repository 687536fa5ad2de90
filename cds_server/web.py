"""What every HTTP answer has in common: request id, access line, CORS, errors as JSON, health."""

import logging
import time
from secrets import token_hex
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from cds_server.config import is_loopback
from cds_server.hooks.errors import PlainHttp, WrongHost
from cds_server.hooks.json import MAX_BYTES
from cds_server.logs import request_id
from cds_server.parts import Parts
from cds_server.trust.gate import jwt_needed
from cds_server.trust.guard import caller

log = logging.getLogger("titrate.access")


def equip(app: Flask, parts: Parts) -> None:
    """Give the app its common behaviour."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.before_request(_begin)
    app.after_request(_end)
    app.after_request(_cors((*parts.settings.cors_origins, *parts.registry.cors_origins)))
    if parts.settings.trusted_proxy and parts.settings.public_url.startswith("https://"):
        app.before_request(_refuse_plain_http)
        app.after_request(_keep_to_https)
    if not parts.settings.exposed and not jwt_needed(parts.settings, parts.registry):
        app.before_request(_refuse_other_names)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    app.register_blueprint(_health(parts))


def _begin() -> None:
    g.started = time.monotonic()
    request_id.set(token_hex(8))


def _end(response: Response) -> Response:
    # The rule, not the path: a path may hold a signed link or an id.
    rule = request.url_rule.rule if request.url_rule else "unmatched"
    took = round((time.monotonic() - g.get("started", time.monotonic())) * 1000, 1)
    asked = {"method": request.method, "rule": rule, "status": response.status_code, "ms": took}
    who = caller()
    log.info("request", extra=asked | ({"tenant": who.tenant, "iss": who.iss, "jti": who.jti} if who.iss else {}))
    response.headers["X-Request-Id"] = request_id.get()
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _refuse_other_names() -> None:
    """On a machine whose every user may call without a JWT, a web page may not: one of another name, which its own name
    server has then led here (DNS rebinding), is of the same origin as this service for the browser."""
    name = urlsplit(f"//{request.host}").hostname or ""
    if not is_loopback(name):
        raise WrongHost("this service is for its own machine: expected 127.0.0.1 or localhost as the address called")


# Asked by the machine's own watcher, past the proxy; they say nothing of anybody.
_WATCHED = ("/health", "/ready")


def _refuse_plain_http() -> None:
    """The proxy says how it was reached; only a trusted one is listened to. One that says nothing is refused too."""
    said = [one.strip().lower() for one in request.headers.get("X-Forwarded-Proto", "").split(",")]
    if request.path not in _WATCHED and set(said) != {"https"}:
        raise PlainHttp(
            "this call did not come over https, or the proxy does not say so: expected X-Forwarded-Proto: https"
        )


def _keep_to_https(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _cors(origins: tuple[str, ...]):  # type: ignore[no-untyped-def]
    allowed = {origin.rstrip("/") for origin in origins}

    def add(response: Response) -> Response:
        response.vary.add("Origin")
        if request.headers.get("Origin") in allowed:
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
        return response

    return add


# What happened and what to do, for those of werkzeug's errors that a caller can mend.
_SAID = {
    404: (
        "not-found",
        "there is nothing at this address: the services are listed at /cds-services, without a slash after it",
    ),
    405: ("not-supported", "this address does not take that method: expected one of those in the Allow header"),
}


def _http_error(error: HTTPException) -> tuple[Response, int, dict[str, str]]:
    status = error.code or 500
    own_words = error.description != type(error).description
    code, text = ("processing", error.description or error.name) if own_words or status not in _SAID else _SAID[status]
    issue = {"severity": "error", "code": code, "diagnostics": text}
    allow = {name: value for name, value in error.get_headers() if name == "Allow"}
    return jsonify({"resourceType": "OperationOutcome", "issue": [issue]}), status, allow


def _unexpected(error: Exception) -> tuple[Response, int]:
    # 503 and not 500: nothing was half done, and the client may simply try again.
    reference = token_hex(4)
    log.exception("request failed", extra={"reference": reference}, exc_info=error)
    again = "it may be sent again, with a new JWT where one came with it"
    text = f"the service could not complete this request (reference {reference}); {again}"
    issue = {"severity": "error", "code": "exception", "diagnostics": text}
    return jsonify({"resourceType": "OperationOutcome", "issue": [issue]}), 503


def _health(parts: Parts) -> Blueprint:
    health = Blueprint("health", __name__)

    @health.get("/health")
    def alive() -> Response:
        return jsonify({"status": "ok"})

    @health.get("/ready")
    def ready() -> tuple[Response, int]:
        found = {"database": _database_ready(parts), "kernels": parts.warmed()}
        status = "ready" if all(found.values()) else "not ready"
        state = {"status": status, **found, "estimates": parts.estimator.arrangement}
        return jsonify(state), 200 if status == "ready" else 503

    return health


def _database_ready(parts: Parts) -> bool:
    try:
        return parts.store.ready()
    except Exception:
        log.exception("the database does not answer")
        return False
