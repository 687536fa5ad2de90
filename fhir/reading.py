"""One value read from a chart, before it gets its key and its hour; readers yield these and Findings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fhir.chart import Source
from models.findings import Finding, Severity
from models.record import Route


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A level or a covariate in its canonical unit. limit: "<" below, ">" above the assay's range (levels only).

    kind: any, peak or trough, as the laboratory labelled a level. fixed: true for the whole stay (sex, genotype).
    charted: the value and unit as charted, for sentences. remarks: findings about this very value.
    """

    name: str
    value: float
    when: datetime
    source: Source
    limit: Literal["", "<", ">"] = ""
    kind: str = "any"
    fixed: bool = False
    charted: str = ""
    remarks: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Given:
    """A dose that was given: mg from `when` on, over `duration` h.

    request: the order it refers to, "MedicationRequest/1" or "". ordered: mg of one dose by it, None = not known.
    """

    amount: float
    when: datetime
    duration: float
    route: Route
    source: Source
    remarks: tuple[Finding, ...] = ()
    request: str = ""
    ordered: float | None = None


Stream = Iterator[Measured | Given | Finding]


def finding(code: str, severity: Severity, text: str) -> Finding:
    """A finding from a sentence; its first letter is made a capital."""
    return Finding(code=code, severity=severity, text=text[:1].upper() + text[1:])
