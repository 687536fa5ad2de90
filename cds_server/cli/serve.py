"""titrate serve: the service behind waitress."""

from collections.abc import Mapping
from typing import Any

import click
import waitress

from cds_server import create_app
from cds_server.cli.common import end_on_sigterm, opened_store, queue_for, say, settle, warm_up
from cds_server.config import Settings, check_for_serving, from_environment
from cds_server.hooks.json import MAX_BYTES
from cds_server.logs import configure_logging
from cds_server.parts import build_parts
from cds_server.trust.gate import jwt_needed
from cds_server.trust.load import load_registry
from cds_server.trust.registry import Registry

# waitress: a header of at most 32 kB (a JWT and a proxy's own), a body a little above what a hook call may have (a
# chunked one is measured while it comes), and a silent or dripping connection is closed. Requests and answers are
# charts and tokens: they stay in memory, where waitress would put longer ones into files; half a gigabyte at the most.
_LARGEST = MAX_BYTES + 1_000_000
LIMITS: Mapping[str, Any] = {
    "max_request_header_size": 32_768,
    "max_request_body_size": _LARGEST,
    "inbuf_overflow": _LARGEST + 1_000_000,
    "outbuf_overflow": _LARGEST,
    "channel_timeout": 30,
    "cleanup_interval": 5,
    "connection_limit": 100,
    # By itself waitress takes X-Forwarded-* away; web.py reads X-Forwarded-Proto, and only behind a trusted proxy.
    "clear_untrusted_proxy_headers": False,
    "ident": "titrate",
}


@click.command()
@click.option("--host", help="Address to listen on (TITRATE_HOST).")
@click.option("--port", type=int, help="Port to listen on (TITRATE_PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Answer CDS Hooks calls. Needs TITRATE_SECRET_KEY; what others reach needs a TLS proxy: docs/security.md."""
    settings = from_environment(host=host, port=port)
    registry = load_registry(settings.registry_file)
    check_for_serving(settings, issuers=len(registry.issuers))
    configure_logging(settings)
    end_on_sigterm()
    warm_up()
    with opened_store(settings) as store, queue_for(settings, store) as queue:
        app = create_app(settings, parts=build_parts(settings, store=store, queue=queue))
        settle()
        say(_callers(settings, registry))
        say(f"Titrate listens on {settings.host}:{settings.port}; links on cards start with {settings.public_url}")
        waitress.serve(app, host=settings.host, port=settings.port, threads=settings.threads, **LIMITS)


def _callers(settings: Settings, registry: Registry) -> str:
    """Who is let in, for the operator's eyes at start."""
    if not registry.issuers:
        who = (
            "the proxy in front answers for every caller" if settings.exposed else "whoever is on this machine may call"
        )
        return f"No EHR is registered: {who}."
    also = " and calls without a JWT, for which the proxy answers" if not jwt_needed(settings, registry) else ""
    return f"Callers: {len(registry.issuers)} registered issuer(s) by JWT{also}."
