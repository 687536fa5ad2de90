"""How urgent a card is: one rule, in one place.

critical: the regimen in force (the draft, else the current one) breaks a hard limit or is nearly sure to be above the
target, or the chart holds another patient's data. warning: that regimen is likelier off target than on it, the order at
hand could not be read, or no dose could be proposed. info: everything else.
"""

from typing import Literal, get_args

from models.dosing.advice import Advice, Declined, Recommendation, RegimenOutcome

Indicator = Literal["info", "warning", "critical"]

NEARLY_SURE = 0.9
LIKELIER_THAN_NOT = 0.5
# Findings that are a danger by themselves: whose data is this?
ALARMS = frozenset({"other-patient"})


def indicator(advice: Advice, *, unread: bool = False) -> Indicator:
    """The CDS Hooks indicator of the card that shows `advice`. unread: an order is at hand that could not be read."""
    if isinstance(advice, Declined):
        return "critical" if ALARMS & {item.code for item in (*advice.reasons, *advice.findings)} else "warning"
    compared = comparator(advice)
    if compared is None:
        return "warning" if unread else "info"
    if compared.limits or compared.above >= NEARLY_SURE:
        return "critical"
    return "warning" if unread or compared.attainment < LIKELIER_THAN_NOT else "info"


def urgency(level: str) -> int:
    """Its place among the indicators, the most urgent last."""
    return get_args(Indicator).index(level)


def comparator(advice: Recommendation) -> RegimenOutcome | None:
    """What the clinician has in hand: the ordered regimen, else the current one."""
    by_label = {item.label: item for item in reversed(advice.regimens)}
    return by_label.get("ordered") or by_label.get("current")
