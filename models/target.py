"""What a regimen should reach."""

from dataclasses import dataclass
from typing import Literal

Metric = Literal["auc24", "trough"]  # later: auc-interval, peak, time-above, ... (issue 4)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Low <= metric <= high, in `unit`, at steady state. source: citation; indication: words for people."""

    metric: Metric
    low: float
    high: float
    unit: str
    indication: str
    source: str
