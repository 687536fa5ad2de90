"""An advice that has left the house: what the store keeps and the page shows."""

from dataclasses import dataclass
from datetime import datetime

from fhir.chart import Chart
from models.dosing.advice import Advice


@dataclass(frozen=True, kw_only=True)
class IssuedAdvice:
    """One advice with the chart it rests on. id: opaque 128-bit hex; issued_at: aware UTC."""

    id: str
    issued_at: datetime
    drug: str
    advice: Advice
    chart: Chart
