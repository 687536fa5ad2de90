"""The sandbox EHR's records: resources in memory, each filed in one patient's chart, orders changeable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

from cds_server.sandbox.fhir_search import PARAMETERS, FhirProblem, Page, Pairs, search
from fhir.r4 import faults

Resource = dict[str, Any]
WRITABLE = "MedicationRequest"
OPEN_ORDER = ("active", "draft")


@dataclass(frozen=True, kw_only=True)
class Filed:
    """chart: the patient in whose chart the resource is found, which is not always the one it names (see misfiled)."""

    chart: str
    resource: Resource


class FhirStore:
    """Thread-safe; every resource gets meta.versionId and meta.lastUpdated."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._filed: dict[tuple[str, str], Filed] = {}

    def file(self, chart: str, resources: Iterable[Resource], now: datetime) -> None:
        """Put resources into one patient's chart as they are."""
        with self._lock:
            for resource in resources:
                self._put(chart, resource, now)

    def read(self, kind: str, logical_id: str, *, chart: str | None) -> Resource:
        """One resource; chart: the patient the reader may see (None = all). Raises FhirProblem 404 or 403."""
        filed = self._filed.get((kind, logical_id))
        if filed is None:
            raise FhirProblem(404, "not-found", f"there is no {kind}/{logical_id}")
        if chart is not None and filed.chart != chart:
            raise FhirProblem(403, "forbidden", "the access token is for another patient's chart")
        return filed.resource

    def search(self, kind: str, query: Pairs, *, chart: str | None) -> Page:
        """Matching resources of one type, of one chart (None = all)."""
        if kind not in PARAMETERS:
            raise FhirProblem(404, "not-supported", f"this endpoint holds no {kind}")
        asked = next((v.removeprefix("Patient/") for k, v in query if k in ("patient", "subject")), None)
        if chart is not None and asked is not None and asked != chart:
            raise FhirProblem(403, "forbidden", "the access token is for another patient's chart")
        filed = [f for (type_, _), f in sorted(self._filed.copy().items()) if type_ == kind]
        mine = [_as_filed(f) for f in filed if chart is None or f.chart == chart]
        page = search(kind, mine, query)
        return replace(page, resources=tuple({k: v for k, v in r.items() if k != "_filed"} for r in page.resources))

    def write(self, resource: Resource, now: datetime, *, chart: str, logical_id: str | None = None) -> Resource:
        """Create (no id) or update an order of one chart; returns it as stored. Raises FhirProblem."""
        _check_order(resource, chart, logical_id)
        with self._lock:
            logical_id = logical_id or self.next_id(chart)
            existing = self._filed.get((WRITABLE, logical_id))
            if existing and existing.chart != chart:
                raise FhirProblem(403, "forbidden", "that order is in another patient's chart")
            return self._put(chart, {**resource, "id": logical_id}, now)

    def sign(self, logical_id: str, now: datetime, *, chart: str) -> Resource:
        """Make a draft active and close the chart's other open orders of the same drug, as a change of dose does."""
        order = self.read(WRITABLE, logical_id, chart=chart)
        with self._lock:
            for other in self._orders(chart):
                if other["id"] != logical_id and other["status"] in OPEN_ORDER and drug_code(other) == drug_code(order):
                    self._put(chart, {**other, "status": _closed(other)}, now)
            return self._put(chart, {**order, "status": "active"}, now)

    def _orders(self, chart: str) -> list[Resource]:
        return [f.resource for (kind, _), f in self._filed.items() if kind == WRITABLE and f.chart == chart]

    def _put(self, chart: str, resource: Resource, now: datetime) -> Resource:
        key = (resource["resourceType"], resource["id"])
        version = int(self._filed[key].resource["meta"]["versionId"]) + 1 if key in self._filed else 1
        meta = {"versionId": str(version), "lastUpdated": now.isoformat(timespec="seconds")}
        stored = {**resource, "meta": {**resource.get("meta", {}), **meta}}
        self._filed[key] = Filed(chart=chart, resource=stored)
        return stored

    def next_id(self, chart: str) -> str:
        """The logical id that the chart's next new order will get."""
        numbers = range(1, len(self._filed) + 2)
        return next(f"{chart}-new{n}" for n in numbers if (WRITABLE, f"{chart}-new{n}") not in self._filed)


def drug_code(order: Mapping[str, Any]) -> str:
    """The first coding's code of what is ordered, or "" where the order has none."""
    codings = (order.get("medicationCodeableConcept") or {}).get("coding") or [{}]
    return str(codings[0].get("code", ""))


def _closed(order: Mapping[str, Any]) -> str:
    return "stopped" if order["status"] == "active" else "cancelled"


def _as_filed(filed: Filed) -> Resource:
    """A misfiled result is found under the chart it lies in, though it names somebody else: the fault being shown."""
    if filed.resource["resourceType"] == "Patient":
        return filed.resource
    return {**filed.resource, "_filed": f"Patient/{filed.chart}"}


def _check_order(resource: Resource, chart: str, logical_id: str | None) -> None:
    if resource.get("resourceType") != WRITABLE:
        raise FhirProblem(405, "not-supported", f"only {WRITABLE} can be written here")
    if logical_id and resource.get("id", logical_id) != logical_id:
        raise FhirProblem(400, "invalid", f"the body's id {resource.get('id')!r} is not the address's {logical_id!r}")
    if (resource.get("subject") or {}).get("reference") != f"Patient/{chart}":
        raise FhirProblem(422, "business-rule", "the order's subject is not the patient the access token is for")
    if wrong := faults(resource):
        where = "; ".join(f"{fault.element}: {fault.message}" for fault in wrong[:5])
        raise FhirProblem(422, "invariant", f"the order is not valid R4: {where}")
