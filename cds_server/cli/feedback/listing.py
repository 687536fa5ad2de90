"""Every piece of feedback as it was sent."""

from collections import Counter
from typing import Any

import click

from cds_server.cli.common import opened_store, show
from cds_server.config import from_environment
from cds_server.hooks.markdown import plain
from cds_server.store import FeedbackRow


def listed(as_json: bool) -> None:
    """All stored feedback, oldest first, then how many of each outcome."""
    with opened_store(from_environment()) as store:
        rows = store.all_feedback()
    if as_json:
        show({"feedback": [_item(row) for row in rows]})
        return
    for row in rows:
        click.echo(f"{row.received_at.isoformat()}  {row.card_uuid}  {row.outcome:10}  {plain(row.reason_code or '')}")
    counts = Counter(row.outcome for row in rows)
    click.echo(", ".join(f"{outcome}: {count}" for outcome, count in sorted(counts.items())) or "no feedback yet")


def _item(row: FeedbackRow) -> dict[str, Any]:
    found = {
        "card": row.card_uuid,
        "service": row.service,
        "outcome": row.outcome,
        "outcomeTimestamp": row.outcome_at.isoformat() if row.outcome_at else None,
        "received": row.received_at.isoformat(),
        "acceptedSuggestions": list(row.accepted),
        "reasonSystem": row.reason_system,
        "reasonCode": row.reason_code,
        "userComment": row.comment,
    }
    return {name: value for name, value in found.items() if value not in (None, [])}
