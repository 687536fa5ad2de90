"""What was noticed on the way and has to be said aloud: missing, odd, doubtful or refused data."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "critical"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One remark for the clinician.

    code: kebab-case, stable, for tests and analytics ("creatinine-stale").
    text: one plain sentence with values, units and times; no identifiers.
    sources: keys of the values it is about (Dose.source and the like), may be empty.
    """

    code: str
    severity: Severity
    text: str
    sources: tuple[str, ...] = ()
