"""Whether what a prescriber was told fits the outcome that the scenario's file expects. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_server.hooks.cards import EXTENSION
from cds_server.sandbox.orders import OrderLine, order_line
from cds_server.sandbox.scenarios import Scenario

SAME = 0.15  # of the drafted daily dose; below the smallest step that a ward would call a change of dose
SUMMARY_LIMIT = 140  # CDS Hooks: a summary is shorter than this
_KINDS = {"recommend": "recommendation", "declined": "declined"}


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What one hook was answered with."""

    hook: str
    status: int
    cards: tuple[Mapping[str, Any], ...]

    @property
    def pending(self) -> bool:
        """Whether a card says that its estimate is still being computed."""
        return any(card.get("extension", {}).get(EXTENSION, {}).get("kind") == "pending" for card in self.cards)


def wrong_with(scenario: Scenario, heard: Sequence[Heard], draft: OrderLine) -> str:
    """What does not fit, as sentences; "" where all is as the scenario expects it."""
    return "; ".join([*_calls(heard), *_outcome(scenario, heard[-1].cards, draft)])


def _calls(heard: Sequence[Heard]) -> Iterator[str]:
    for call in heard:
        if call.status != 200:
            yield f"{call.hook} was answered with HTTP {call.status}"
        for card in call.cards:
            if len(card.get("summary", "")) not in range(1, SUMMARY_LIMIT):
                yield f"{call.hook}: a summary of {len(card.get('summary', ''))} characters"
            if card.get("indicator") not in ("info", "warning", "critical") or not card.get("uuid"):
                yield f"{call.hook}: a card without a valid indicator or uuid"


def _outcome(scenario: Scenario, cards: Sequence[Mapping[str, Any]], draft: OrderLine) -> Iterator[str]:
    expected = scenario.expected
    said = [(card, card.get("extension", {}).get(EXTENSION, {})) for card in cards]
    found = [(card, facts) for card, facts in said if facts.get("kind") == _KINDS[expected.kind]]
    if not found:
        yield f"expected a card of kind {_KINDS[expected.kind]}, got {[facts.get('kind') for _, facts in said]}"
        return
    card, facts = found[0]
    if missing := sorted(set(expected.findings) - {*facts.get("findings", ()), *facts.get("reasons", ())}):
        yield f"not said: {', '.join(missing)}"
    if expected.would_help and expected.would_help not in card.get("detail", "").lower():
        yield f"the card does not say that {expected.would_help} would help"
    if expected.indicator and card.get("indicator") != expected.indicator:
        yield f"indicator {card.get('indicator')}, expected {expected.indicator}"
    if expected.kind == "recommend":
        yield from _dose(expected.direction, card, facts["proposed"], draft)
    elif card.get("suggestions"):
        yield "a declined card suggests an order"


def _dose(wanted: str, card: Mapping[str, Any], proposed: Mapping[str, Any], draft: OrderLine) -> Iterator[str]:
    if draft.dose is None or draft.every is None:
        yield "the drafted order can not be read"
        return
    before, after = draft.dose / draft.every, proposed["amount_mg"] / proposed["interval_h"]
    if wanted not in ("any", direction(before, after)):
        yield f"{24 * after:g} mg a day proposed for {24 * before:g}: {direction(before, after)}, expected {wanted}"
    yield from _suggested(card, after)


def direction(before: float, after: float) -> str:
    """How one rate of dosing stands to another: higher, lower, or same within 15 %."""
    if abs(after - before) <= SAME * before:
        return "same"
    return "higher" if after > before else "lower"


def _suggested(card: Mapping[str, Any], rate: float) -> Iterator[str]:
    """The first suggestion's order has to say the very dose that the card proposes."""
    if not card.get("suggestions"):
        yield "the card suggests no order"
        return
    order = order_line(card["suggestions"][0]["actions"][0]["resource"])
    if order.dose is None or order.every is None or abs(order.dose / order.every - rate) > 1e-6 * rate:
        yield f"the suggested order says {order.dose} mg every {order.every} h, the card another dose"
