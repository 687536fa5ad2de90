"""The page behind a card's link: the curve and the whole basis of one advice, without any name or identifier."""

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import NotFound

from cds_server.issued import IssuedAdvice
from cds_server.smart.clock import clock_of
from cds_server.smart.plot import Plot, curve_rows, plot_of
from cds_server.smart.svg import NARROW, WIDE, draw
from cds_server.smart.view import advice_view
from models.dosing.advice import Recommendation

__all__ = ["create_smart_blueprint"]


def create_smart_blueprint(
    *, issued: Callable[[str], IssuedAdvice | None], frame_ancestors: Sequence[str] = ()
) -> Blueprint:
    """Route /advice/<signed>. issued: the advice behind a signed link, or None (forged, expired, unknown).

    frame_ancestors: origins of EHRs that may show the page in a frame; none by default.
    """
    pages = Blueprint("smart", __name__, url_prefix="/advice", template_folder="templates", static_folder="static")
    policy = _policy(frame_ancestors)

    @pages.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @pages.errorhandler(NotFound)
    def unknown(error: NotFound) -> tuple[str, int]:
        return render_template("smart/gone.html"), 404

    @pages.get("/<signed>")
    def advice(signed: str) -> str:
        found = issued(signed)
        if found is None:
            raise NotFound
        return render_advice(found)

    return pages


def render_advice(issued: IssuedAdvice) -> str:
    """The page of one advice as HTML; needs an application context."""
    view = advice_view(issued)
    if not isinstance(issued.advice, Recommendation):
        return render_template("smart/declined.html", view=view)
    clock = clock_of(issued.chart)
    plot: Plot = plot_of(issued.advice, issued.chart, clock)
    pictures = [(frame.name, draw(plot, clock, frame)) for frame in (WIDE, NARROW)]
    return render_template("smart/advice.html", view=view, plot=plot, pictures=pictures, rows=curve_rows(plot, clock))


def _policy(frame_ancestors: Sequence[str]) -> str:
    ancestors = " ".join(frame_ancestors) or "'none'"
    return f"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors {ancestors}"
