"""What is said when an encounter ends: on a drug that goes on, and only where something is still to be done. Pure."""

from cds_server.hooks.indicator import indicator
from cds_server.hooks.protocol import HookRequest
from fhir.chart import Chart
from models.dosing.advice import Advice

HOOK = "encounter-discharge"
REMARK = "The encounter ends while an order of this drug is active."
_PENDING = "level-pending"


def is_one(request: HookRequest) -> bool:
    return request.hook == HOOK


def continues(chart: Chart) -> bool:
    """Whether the drug goes on: an order of it is active when the encounter ends."""
    return chart.current is not None


def worth_saying(advice: Advice) -> bool:
    """Whether the regimen is off target, can not be judged, or a level is drawn and not back yet."""
    return indicator(advice) != "info" or any(item.code.startswith(_PENDING) for item in advice.findings)
