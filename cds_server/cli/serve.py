"""titrate serve: the service behind waitress."""

import click
import waitress

from cds_server import create_app
from cds_server.cli.common import end_on_sigterm, opened_store, queue_for, say, warm_up
from cds_server.config import check_for_serving, from_environment
from cds_server.logs import configure_logging
from cds_server.parts import build_parts


@click.command()
@click.option("--host", help="Address to listen on (TITRATE_HOST).")
@click.option("--port", type=int, help="Port to listen on (TITRATE_PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Answer CDS Hooks calls. Needs TITRATE_SECRET_KEY; refuses an open address without TITRATE_TRUSTED_PROXY=1."""
    settings = from_environment(host=host, port=port)
    check_for_serving(settings)
    configure_logging(settings)
    end_on_sigterm()
    warm_up()
    with opened_store(settings) as store, queue_for(settings, store) as queue:
        app = create_app(settings, parts=build_parts(settings, store=store, queue=queue))
        say(f"Titrate listens on {settings.host}:{settings.port}; links on cards start with {settings.public_url}")
        waitress.serve(app, host=settings.host, port=settings.port, threads=settings.threads, ident="titrate")
