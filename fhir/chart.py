"""What the border hands inward: a PatientRecord, where each value came from, and what was odd on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from models.findings import Finding
from models.record import PatientRecord, Route


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one value came from. resource: "Observation/123"; version: meta.versionId or ""; time: aware, as charted.

    note: how it was derived, in words ("collected 08:05; the report's issue time was not used").
    """

    resource: str
    version: str
    time: datetime | None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderedRegimen:
    """A regimen as an order says it; None where the order does not say it in a form that can be read.

    source is the order's "MedicationRequest/id"; status and intent as FHIR has them.
    """

    source: str
    drug: str
    amount: float | None  # mg
    interval: float | None  # h
    duration: float | None  # h of infusion
    route: Route | None
    status: str
    intent: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One patient's chart for one drug. origin: the aware UTC instant of hour 0. sources: by the keys in the record."""

    record: PatientRecord
    origin: datetime
    sources: Mapping[str, Source]
    current: OrderedRegimen | None
    findings: tuple[Finding, ...]
