"""One estimation from the database and back: what a worker and the in-process fallback both do."""

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cds_server import encode
from cds_server.estimation import FitRequest, run
from cds_server.store import Store
from models.catalog import Catalog

log = logging.getLogger(__name__)

_KEY = re.compile(r"[0-9a-f]{64}")


def utc_now() -> datetime:
    """The clock of the product."""
    return datetime.now(UTC)


def estimate(store: Store, catalog: Catalog, key: Any, clock: Callable[[], datetime] = utc_now) -> None:
    """Load, fit, store. Done or unknown keys are left alone, so a message may come twice or be forged."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        log.warning("estimate ignored: not a content key")
        return
    row = store.estimates.start(key, clock())
    if row is None:
        return
    try:
        fits = run(catalog, encode.loads(FitRequest, row.request))
    except Exception as error:
        # The message of an error of models/ may quote doses and levels: it goes to the row, its kind to the log.
        store.estimates.fail(key, f"{type(error).__name__}: {error}", clock())
        log.error("estimate failed", extra={"key": key[:12], "error": type(error).__name__})
        return
    store.estimates.finish(key, encode.dumps(fits), clock())
