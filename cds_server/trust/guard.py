"""The gate before the hook routes: first who calls, then everything else, so that a refusal says nothing of either."""

from flask import Blueprint, Response, g, jsonify, request

from cds_server.hooks.errors import TooOftenCalled
from cds_server.trust.gate import Caller, Gate, TooOften
from cds_server.trust.token import Refused


def guard(hooks: Blueprint, gate: Gate, public_url: str) -> None:
    """Let no request into the views of `hooks` whose caller is not known. A preflight has no token and gets no data.

    public_url: as configured. A JWT's audience is never made from the Host header, which the caller writes.
    """

    @hooks.before_request
    def admit() -> Response | tuple[Response, int, dict[str, str]] | None:
        if request.method == "OPTIONS":
            return None
        try:
            g.caller = gate.admit(request.headers.get("Authorization"), public_url + request.path)
        except Refused:
            return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        except TooOften as often:
            error = TooOftenCalled(f"more calls than agreed: expected the next in {often.wait_s} s or later")
            return jsonify(error.outcome()), error.status, {"Retry-After": str(often.wait_s)}
        return None


def caller() -> Caller:
    """Who this request is from; nobody in particular outside the guarded routes."""
    return g.get("caller") or Caller()
