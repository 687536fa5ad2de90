"""The demonstration EHR: synthetic patients behind a small FHIR R4 endpoint, and a chart page that calls the hooks."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint

from cds_server.sandbox.fhir_routes import create_fhir_blueprint
from cds_server.sandbox.pages import create_pages_blueprint
from cds_server.sandbox.state import Sandbox, start_sandbox

__all__ = ["Sandbox", "create_sandbox_blueprint", "start_sandbox"]


def _aware_now() -> datetime:
    return datetime.now(UTC)


def create_sandbox_blueprint(
    sandbox: Sandbox, *, clock: Callable[[], datetime] = _aware_now, public_url: str = ""
) -> Blueprint:
    """Everything under /sandbox: pages, and the FHIR endpoint at /sandbox/fhir.

    public_url: how the service reaches this sandbox; hook requests then name that address as their FHIR server however
    the browser spelt it (localhost or 127.0.0.1). Without it the browser's spelling is used.
    """
    whole = Blueprint("sandbox_ehr", __name__)
    whole.register_blueprint(create_pages_blueprint(sandbox, clock, public_url.rstrip("/")))
    whole.register_blueprint(create_fhir_blueprint(sandbox, clock))
    return whole
