"""A real service with its sandbox on a free port of this machine, for tests that need HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread

from werkzeug.serving import make_server

from cds_server import create_app
from cds_server.config import Settings
from cds_server.parts import Parts
from cds_server.warm import warm
from models.catalog import load_catalog


@dataclass(frozen=True, kw_only=True)
class Live:
    """base: its address without a slash at the end."""

    base: str
    parts: Parts


@contextmanager
def live_service(folder: Path) -> Iterator[Live]:
    """Starts it with its fits in this process, and stops it; kernels are compiled first, as in the product."""
    _warmed()
    mounted = []
    server = make_server("127.0.0.1", 0, lambda environ, start: mounted[0](environ, start), threaded=True)
    base = f"http://127.0.0.1:{server.server_port}"
    settings = Settings(
        sandbox=True,
        port=server.server_port,
        secret_key="for tests only",
        queue="in-process",
        data_folder=folder,
        fhir_servers=(f"{base}/sandbox/fhir",),
        # one process answers page, service and FHIR at once here, on a machine that runs other tests too
        hook_budget_ms=30_000,
        fhir_deadline_ms=30_000,
        companions="all",
        repeat_minutes=0,  # as in the demo: a chart page loaded again shows its cards again
    )
    app = create_app(settings)
    mounted.append(app)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Live(base=base, parts=app.extensions["titrate"])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        app.extensions["titrate"].store.close()


@cache
def _warmed() -> None:
    warm(load_catalog())
