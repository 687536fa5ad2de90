"""CDS Hooks cards as an EHR shows them: only what the specification promises, everything else ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from cds_server.sandbox.markdown import render

WORDS = {"info": "Information", "warning": "Warning", "critical": "Critical"}


@dataclass(frozen=True, kw_only=True)
class CardView:
    """One card. indicator falls back to critical where a service sends something unknown: louder is safer."""

    uuid: str
    indicator: str
    word: str
    summary: str
    detail: Markup
    source: str
    source_url: str
    suggestions: tuple[tuple[str, str, bool], ...]  # uuid, label, recommended
    reasons: tuple[tuple[str, str, str], ...]  # code, system, display
    links: tuple[tuple[str, str], ...]  # label, url


def cards_view(cards: Any) -> tuple[CardView, ...]:
    """The cards of one response, in the service's order; anything that is not a card is left out."""
    return tuple(_card(card) for card in cards if isinstance(card, Mapping)) if isinstance(cards, list) else ()


def _card(card: Mapping[str, Any]) -> CardView:
    indicator = card.get("indicator") if card.get("indicator") in WORDS else "critical"
    source = card.get("source") or {}
    return CardView(
        uuid=_text(card, "uuid"),
        indicator=str(indicator),
        word=WORDS[str(indicator)],
        summary=_text(card, "summary"),
        detail=render(_text(card, "detail")),
        source=_text(source, "label"),
        source_url=_web(_text(source, "url")),
        suggestions=tuple(
            (_text(item, "uuid"), _text(item, "label"), bool(item.get("isRecommended")))
            for item in card.get("suggestions") or []
        ),
        reasons=tuple(
            (_text(item, "code"), _text(item, "system"), _text(item, "display") or _text(item, "code"))
            for item in card.get("overrideReasons") or []
        ),
        links=tuple(
            (_text(item, "label"), _web(_text(item, "url")))
            for item in card.get("links") or []
            if _web(_text(item, "url"))
        ),
    )


def _text(of: Mapping[str, Any], key: str) -> str:
    value = of.get(key)
    return value if isinstance(value, str) else ""


def _web(url: str) -> str:
    return url if url.lower().startswith(("https://", "http://")) else ""
