"""What the service is made of, put together once and handed in: no module reaches for any of it by itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from uuid import uuid4

from cds_server.backends import Backends, backends_of, signers_of
from cds_server.config import Settings
from cds_server.ehr import ClientFor, connections_for
from cds_server.estimator import Estimator, Queue
from cds_server.hooks.protocol import Access
from cds_server.store import Store
from cds_server.trust.load import load_registry
from cds_server.trust.registry import Registry
from cds_server.work import utc_now
from fhir.ehr.client import FhirClient
from fhir.ehr.connect import Connections
from fhir.ehr.servers import FhirServer
from fhir.ehr.signing import Signer
from models.beside.shelf import Shelf, load_shelf
from models.catalog import Catalog, load_catalog
from models.site import with_site

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """connections: to the FHIR servers that may be read. client_for: a reader of one of them for one call.

    shelf: estimators beside the fit. signers: our own keys, whose public halves are published. new_id: 128 random bits
    in hex. new_uuid: a random UUID.

    warmed: whether the numerical kernels are compiled; until then no hook call runs into them.
    """

    settings: Settings
    catalog: Catalog
    store: Store
    estimator: Estimator
    connections: Connections
    client_for: ClientFor
    shelf: Shelf = field(default_factory=Shelf)
    registry: Registry = field(default_factory=Registry)
    signers: tuple[Signer, ...] = ()
    clock: Callable[[], datetime] = utc_now
    warmed: Callable[[], bool] = lambda: True
    new_id: Callable[[], str] = field(default=lambda: token_hex(16))
    new_uuid: Callable[[], str] = field(default=lambda: str(uuid4()))


def build_parts(settings: Settings, *, store: Store | None = None, queue: Queue | None = None) -> Parts:
    """The parts for `settings`; without a queue every fit runs in this process."""
    if store is None:
        store = Store(settings.database)
        store.prepare()
    catalog = site_catalog(settings)
    estimator = Estimator(
        store, catalog, queue, budget_s=settings.hook_budget_ms / 1000, task_limit_s=settings.task_limit_s
    )
    registry = load_registry(settings.registry_file)
    connections = connections_for(settings, registry)
    signers = signers_of(settings, registry)
    backends = backends_of(settings, registry.servers, signers, connections)
    return Parts(
        settings=settings,
        catalog=catalog,
        shelf=site_shelf(settings),
        store=store,
        estimator=estimator,
        connections=connections,
        client_for=lambda server, access: _client(settings, connections, backends, server, access),
        registry=registry,
        signers=signers,
    )


def site_catalog(settings: Settings) -> Catalog:
    """All drugs and models, with the site's decisions where it has made some."""
    catalog = load_catalog()
    return with_site(catalog, Path(settings.site_file)) if settings.site_file else catalog


def site_shelf(settings: Settings) -> Shelf:
    """Rules and companions with the site's signatures, read once for each process."""
    if settings.companions == "none":
        return Shelf()
    if settings.signatures_file and not settings.signatures.exists():
        log.warning("no file of signatures yet: nothing is in use", extra={"file": settings.signatures_file})
    own = Path(settings.library_folder) if settings.library_folder else None
    return announced(load_shelf(settings.signatures, own=own))


def announced(shelf: Shelf) -> Shelf:
    """The same; what can not be used of it is logged."""
    for item in shelf.refused:
        log.warning("rule or companion refused", extra={"file": item.file, "why": item.reason})
    for text in shelf.void:
        log.warning("signature void", extra={"why": text})
    if shelf.in_use:
        log.info("rules and companions in use", extra={"signed": shelf.in_use})
    return shelf


def _client(
    settings: Settings, connections: Connections, backends: Backends, server: FhirServer, access: Access
) -> FhirClient:
    """A reader with the call's token, or in our own name where the call brings none and the registry allows it."""
    return FhirClient(
        server.base,
        token=access.token,
        tokens=None if access.token else backends.get(server.base),
        session=connections.session(server),
        kept=connections.kept(server),
        elements=server.elements,
        deadline_s=settings.fhir_deadline_ms / 1000,
    )
