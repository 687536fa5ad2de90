"""A small FHIR R4 endpoint over the sandbox's records: read, search, and orders written; one patient a token."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Request, Response, json, request

from cds_server.hooks.errors import BadRequest, TooLarge
from cds_server.hooks.json import parse
from cds_server.sandbox.fhir_search import PARAMETERS, FhirProblem, Page
from cds_server.sandbox.fhir_store import WRITABLE
from cds_server.sandbox.state import Sandbox

MIME = "application/fhir+json"
Clock = Callable[[], datetime]


def create_fhir_blueprint(sandbox: Sandbox, clock: Clock) -> Blueprint:
    """Routes under /fhir; metadata is open, everything else asks for the bearer token of one chart."""
    pages = Blueprint("sandbox_fhir", __name__, url_prefix="/sandbox/fhir")

    @pages.errorhandler(FhirProblem)
    def problem(error: FhirProblem) -> Response:
        issue = {"severity": "error", "code": error.code, "diagnostics": error.text}
        response = fhir_json({"resourceType": "OperationOutcome", "issue": [issue]}, error.status)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @pages.get("/metadata")
    def metadata() -> Response:
        return fhir_json(capability(sandbox))

    @pages.get("/<kind>/<logical_id>")
    def read(kind: str, logical_id: str) -> Response:
        found = sandbox.store.read(kind, logical_id, chart=_chart(sandbox, clock))
        return fhir_json(found, headers={"ETag": f'W/"{found["meta"]["versionId"]}"'})

    @pages.get("/<kind>")
    def search(kind: str) -> Response:
        query = list(request.args.items(multi=True))
        page = sandbox.store.search(kind, query, chart=_chart(sandbox, clock))
        return fhir_json(searchset(page, request.base_url, query))

    @pages.put("/<kind>/<logical_id>")
    def update(kind: str, logical_id: str) -> Response:
        stored = _write(sandbox, clock, kind, logical_id)
        return fhir_json(stored, 201 if stored["meta"]["versionId"] == "1" else 200)

    @pages.post("/<kind>")
    def create(kind: str) -> Response:
        stored = _write(sandbox, clock, kind, None)
        return fhir_json(stored, 201, {"Location": f"{request.base_url}/{stored['id']}"})

    return pages


def fhir_json(resource: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A resource as an HTTP answer; nothing of a chart may be cached on the way."""
    return Response(json.dumps(resource), status, {"Cache-Control": "no-store"} | (headers or {}), mimetype=MIME)


def searchset(page: Page, address: str, query: list[tuple[str, str]]) -> dict[str, Any]:
    """One page of matches as a Bundle with self and next links."""
    links = [{"relation": "self", "url": _address(address, query)}]
    if page.next_offset is not None:
        rest = [pair for pair in query if pair[0] not in ("_offset", "_count")]
        paging = [("_count", str(page.count)), ("_offset", str(page.next_offset))]
        links.append({"relation": "next", "url": _address(address, rest + paging)})
    base = address.rpartition("/")[0]
    entries = [
        {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}}
        for r in page.resources
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": page.total, "link": links}
    return bundle | ({"entry": entries} if entries else {})


def capability(sandbox: Sandbox) -> dict[str, Any]:
    """The CapabilityStatement: which types, interactions and search parameters there are."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": sandbox.now.isoformat(timespec="seconds"),
        "kind": "instance",
        "implementation": {"description": "Titrate sandbox: synthetic patients, not for clinical use"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "Bearer token of one patient's chart, sent in each hook request"},
                "resource": [_ability(kind) for kind in sorted(PARAMETERS)],
            }
        ],
    }


def _ability(kind: str) -> dict[str, Any]:
    codes = ["read", "search-type", *(("create", "update") if kind == WRITABLE else ())]
    parameters = [{"name": name, "type": sort} for name, (sort, _) in sorted(PARAMETERS[kind].items())]
    return {"type": kind, "interaction": [{"code": code} for code in codes], "searchParam": parameters}


def _write(sandbox: Sandbox, clock: Clock, kind: str, logical_id: str | None) -> dict[str, Any]:
    chart = _chart(sandbox, clock)
    body = json_body(request)
    if kind != WRITABLE or body.get("resourceType") != WRITABLE:
        raise FhirProblem(405, "not-supported", f"only {WRITABLE} can be written here")
    return sandbox.store.write(body, clock(), chart=chart, logical_id=logical_id)


def json_body(of: Request) -> dict[str, Any]:
    """The request's JSON object; raises FhirProblem 400."""
    try:
        body = parse(of.get_data())
    except (BadRequest, TooLarge) as error:
        raise FhirProblem(400, "structure", str(error)) from None
    if not isinstance(body, dict):
        raise FhirProblem(400, "structure", "the body is not a JSON object")
    return body


def _chart(sandbox: Sandbox, clock: Clock) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    chart = sandbox.tokens.chart_of(token.strip(), clock()) if scheme.lower() == "bearer" else None
    if chart is None:
        raise FhirProblem(401, "login", "a valid bearer token is needed: take it from the hook request")
    return chart


def _address(base: str, query: list[tuple[str, str]]) -> str:
    return f"{base}?{urlencode(query)}" if query else base
