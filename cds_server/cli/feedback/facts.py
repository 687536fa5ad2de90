"""The cards of a span of time with the last word on each, for the report and the export."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from cds_server.acceptance.facts import CardFact, card_facts
from cds_server.cli.common import opened_store
from cds_server.config import from_environment


def span_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--since and --until, on the day a card was issued."""
    for name, words in (("--until", "before this day"), ("--since", "from this day on")):
        option = click.option(name, type=click.DateTime(["%Y-%m-%d"]), help=f"Cards issued {words}, UTC.")
        command = option(command)
    return command


def facts_of(since: datetime | None, until: datetime | None) -> tuple[CardFact, ...]:
    """Of the database that the settings name."""
    with opened_store(from_environment()) as store:
        cards = store.all_cards(since=_utc(since), until=_utc(until))
        return tuple(card_facts(cards, store.all_feedback()))


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None
