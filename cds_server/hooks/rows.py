"""What of a card is kept: enough to tie feedback to it, without the draft orders, which may carry names."""

import json
from datetime import datetime
from typing import Any

from cds_server.hooks.protocol import HookRequest
from cds_server.store.rows import CardRow


def card_row(
    card: dict[str, Any],
    kind: str,
    advice_id: str | None,
    request: HookRequest,
    service: str,
    now: datetime,
    digest: str | None = None,
) -> CardRow:
    """The row of one card."""
    return CardRow(
        uuid=card["uuid"],
        advice_id=advice_id,
        kind=kind,
        service=service,
        hook=request.hook,
        hook_instance=request.hook_instance,
        issued_at=now,
        indicator=card["indicator"],
        content=json.dumps(stored_form(card), ensure_ascii=False),
        digest=digest,
        tenant=request.tenant,
    )


def stored_form(card: dict[str, Any]) -> dict[str, Any]:
    """Summary, suggestions by label and uuid, and our own extension; the detail can be made from the advice again."""
    kept = {name: card[name] for name in ("summary", "extension") if name in card}
    suggestions = [{"uuid": item["uuid"], "label": item["label"]} for item in card.get("suggestions", [])]
    return kept | ({"suggestions": suggestions} if suggestions else {})
