"""What a regimen should reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Literal

from models.units import unit_words

# auc24: AUC over 24 h at steady state.  auc_interval: AUC over one dosing interval at steady state, or of one dose.
# cumulative_auc: AUC of a whole course, what was given so far included.  trough, peak: at steady state.
# average: mean concentration at steady state.  concentration_at: `at` h after the start of a dose at steady state.
# time_above: share of the interval, %, above `times_mic` times the MIC.  auc24_mic, peak_mic: over the MIC.
Metric = Literal[
    "auc24",
    "auc_interval",
    "cumulative_auc",
    "trough",
    "peak",
    "average",
    "concentration_at",
    "time_above",
    "auc24_mic",
    "peak_mic",
]
# what the unit of a metric is: the drug's concentration, that times h, or its own
CONCENTRATIONS = ("trough", "peak", "average", "concentration_at")
EXPOSURES = ("auc24", "auc_interval", "cumulative_auc")
OWN_UNITS: Mapping[str, str] = MappingProxyType({"time_above": "%", "auc24_mic": "h", "peak_mic": "1"})
NEEDS_MIC = ("time_above", "auc24_mic", "peak_mic")


@dataclass(frozen=True, kw_only=True)
class Target:
    """low <= metric <= high, in `unit`. source: citation; indication: words for people.

    low 0: no lower bound; high inf: no upper bound. at: h after the start of a dose (concentration_at). over: h of a
    course (cumulative_auc). free: unbound share of the total that the metric counts. times_mic: of time_above.
    """

    metric: Metric
    low: float
    high: float
    unit: str
    indication: str
    source: str
    at: float = 0.0
    over: float = 0.0
    free: float = 1.0
    times_mic: float = 1.0

    @property
    def needs_mic(self) -> bool:
        return self.metric in NEEDS_MIC

    @property
    def two_sided(self) -> bool:
        return self.low > 0.0 and self.high < inf


def unit_of(metric: Metric, concentration_unit: str) -> str:
    """The unit a metric's bounds are in, for a drug whose concentrations are in concentration_unit."""
    if metric in EXPOSURES:
        return concentration_unit.replace("/", ".h/")
    return concentration_unit if metric in CONCENTRATIONS else OWN_UNITS[metric]


_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "auc24": "AUC24",
        "auc_interval": "AUC of a dose",
        "cumulative_auc": "AUC of the course",
        "trough": "trough",
        "peak": "peak",
        "average": "average concentration",
        "auc24_mic": "AUC24/MIC",
        "peak_mic": "peak/MIC",
    }
)


def metric_words(target: Target) -> str:
    """The metric for people: 'trough', 'free time above 4 times the MIC'."""
    free = "free " if target.free != 1.0 else ""
    if target.metric == "concentration_at":
        return f"{free}concentration {target.at:g} h after the start of a dose"
    if target.metric == "time_above":
        times = "" if target.times_mic == 1.0 else f"{target.times_mic:g} times "
        return f"{free}time above {times}the MIC"
    return free + _WORDS[target.metric]


def range_words(target: Target) -> str:
    """The bounds with their unit: '400-600 mg.h/L', 'at least 50 %', 'at most 1 mg/L'."""
    unit = "" if target.unit == "1" else f" {unit_words(target.unit)}"
    if target.two_sided:
        return f"{target.low:g}-{target.high:g}{unit}"
    return f"at least {target.low:g}{unit}" if target.low > 0.0 else f"at most {target.high:g}{unit}"
