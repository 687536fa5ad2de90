"""The hooks this server can be listed for, as data: what their context must hold, and how a repeated card is met."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

# What becomes of a card that the same user was shown a short while ago, on the same data: see docs/hooks.md.
Repeated = Literal["left-out", "quieter", "shown"]


@dataclass(frozen=True, kw_only=True)
class Context:
    """One hook's context fields. drafts: the field with the Bundle of unsaved orders, "" where the hook has none.

    version: the hook definition's own (from memory, not read again in the specification).
    """

    version: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    drafts: str = ""
    repeated: Repeated = "shown"


# https://cds-hooks.hl7.org/hooks/
CONTEXTS: Mapping[str, Context] = MappingProxyType(
    {
        "patient-view": Context(
            version="1.0", required=("userId", "patientId"), optional=("encounterId",), repeated="left-out"
        ),
        "order-select": Context(
            version="1.0",
            required=("userId", "patientId", "selections", "draftOrders"),
            optional=("encounterId",),
            drafts="draftOrders",
            repeated="quieter",
        ),
        "order-sign": Context(
            version="1.1",
            required=("userId", "patientId", "draftOrders"),
            optional=("encounterId",),
            drafts="draftOrders",
        ),
        "encounter-discharge": Context(version="1.0", required=("userId", "patientId", "encounterId")),
        "medication-refill": Context(
            version="1.0",
            required=("patientId", "medications"),
            optional=("userId", "encounterId"),
            drafts="medications",
        ),
    }
)
NO_CONTEXT = Context(version="", required=())  # a call that came over no hook: the command line


def context_of(hook: str) -> Context:
    """What is known of the hook; no required field and no drafts for a call that came over none."""
    return CONTEXTS.get(hook, NO_CONTEXT)
