"""The Flask application, made from settings."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Flask, redirect

from cds_server.config import Settings
from cds_server.hooks.routes import create_hooks_blueprint
from cds_server.issued import IssuedAdvice
from cds_server.jwks import create_jwks_blueprint
from cds_server.links import advice_id_of
from cds_server.parts import Parts, build_parts
from cds_server.smart import create_smart_blueprint
from cds_server.web import equip

if TYPE_CHECKING:
    from cds_server.sandbox import Sandbox


def create_app(settings: Settings, *, parts: Parts | None = None) -> Flask:
    """The service for `settings`; `parts` where the caller has put them together itself (worker, tests)."""
    parts = parts or build_parts(settings)
    sandbox = _sandbox(parts) if settings.sandbox else None
    if sandbox:
        parts = replace(parts, registry=parts.registry.joined(sandbox.signer.tenant, sandbox.signer.issuer))
    app = Flask("cds_server")
    app.extensions["titrate"] = parts
    equip(app, parts)
    app.register_blueprint(create_hooks_blueprint(parts))
    app.register_blueprint(create_jwks_blueprint(parts.signers))
    framed_by = (*settings.frame_ancestors, *parts.registry.frame_ancestors)
    app.register_blueprint(create_smart_blueprint(issued=_issued(parts), frame_ancestors=framed_by))
    if sandbox:
        _mount(sandbox, app, parts)
    return app


def _issued(parts: Parts) -> Callable[[str], IssuedAdvice | None]:
    def issued(signed: str) -> IssuedAdvice | None:
        advice_id = advice_id_of(parts.settings, signed)
        return parts.store.issued(advice_id) if advice_id else None

    return issued


def _sandbox(parts: Parts) -> "Sandbox":
    from cds_server.sandbox import start_sandbox

    return start_sandbox(now=parts.clock().astimezone())


def _mount(sandbox: "Sandbox", app: Flask, parts: Parts) -> None:
    from cds_server.sandbox import create_sandbox_blueprint

    address = parts.settings.public_url
    app.register_blueprint(create_sandbox_blueprint(sandbox, clock=parts.clock, public_url=address))
    app.add_url_rule("/", "start", lambda: redirect("/sandbox/"))
