"""What CDS Hooks asks of a response, rule by rule, written from the specification and not from the product.

`broken(answer)` names each rule that a response body breaks and where; () means that it keeps them all. Every card that
a test gets through tests.cds_server.hook_calls goes through here, and so does every card of the sandbox's scenarios.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from markdown_it import MarkdownIt

from fhir.r4 import check

INDICATORS = ("info", "warning", "critical")
BEHAVIOURS = ("at-most-one", "any")
MAY_BE_EMPTY = ("cards", "services")
# HTML in Markdown: what markdown-it recognises as such when it is allowed to
_GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False})

Broken = Iterator[str]


def broken(answer: Any) -> tuple[str, ...]:
    """All rules that a whole response body breaks."""
    return tuple(_response(answer))


def broken_card(card: Any) -> tuple[str, ...]:
    """All rules that one card breaks."""
    return tuple(_card(card, "card"))


def _response(answer: Any) -> Broken:
    yield from nothing_empty(answer, "answer")
    if not isinstance(answer, dict) or not isinstance(answer.get("cards"), list):
        yield "answer: an object with an array of cards is required"
        return
    if "systemActions" in answer:
        yield "answer: systemActions are sent by prior agreement only"
    for n, card in enumerate(answer["cards"]):
        yield from _card(card, f"cards[{n}]")
    uuids = [card.get("uuid") for card in answer["cards"]]
    uuids += [item.get("uuid") for card in answer["cards"] for item in card.get("suggestions", ())]
    if len(set(uuids)) != len(uuids):
        yield "answer: a uuid names two cards or suggestions"


def _card(card: Any, at: str) -> Broken:
    yield from nothing_empty(card, at)
    yield from _string(card, "uuid", at)
    yield from _string(card, "summary", at)
    yield from _string(card, "indicator", at)
    if not _is_uuid(card.get("uuid")):
        yield f"{at}.uuid: no UUID"
    if len(str(card.get("summary", ""))) >= 140:
        yield f"{at}.summary: 140 characters or more"
    if card.get("indicator") not in INDICATORS:
        yield f"{at}.indicator: none of {', '.join(INDICATORS)}"
    yield from _detail(card, at)
    yield from _source(card.get("source"), f"{at}.source")
    yield from _each(card, "overrideReasons", at, _reason)
    yield from _each(card, "links", at, _link)
    yield from _suggestions(card, at)
    yield from _extension(card, at)


def _detail(card: Mapping[str, Any], at: str) -> Broken:
    detail = card.get("detail")
    if detail is None:
        return
    if not isinstance(detail, str):
        yield f"{at}.detail: no string"
        return
    kinds = {token.type for token in _tokens(_GFM.parse(detail))}
    if found := kinds & {"html_block", "html_inline"}:
        yield f"{at}.detail: HTML ({', '.join(sorted(found))})"
    if found := kinds & {"image", "link_open"}:
        yield f"{at}.detail: {', '.join(sorted(found))}, which chart text must not become"


def _tokens(tokens: Any) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or ())


def _source(source: Any, at: str) -> Broken:
    if not isinstance(source, dict):
        yield f"{at}: required, an object"
        return
    yield from _string(source, "label", at)
    for name in ("url", "icon"):
        if name in source and not _absolute(source[name]):
            yield f"{at}.{name}: no absolute URL"
    if "topic" in source:
        yield from _coding(source["topic"], f"{at}.topic")


def _coding(coding: Any, at: str) -> Broken:
    if not isinstance(coding, dict):
        yield f"{at}: one Coding, an object"
        return
    yield from _string(coding, "code", at)
    yield from _string(coding, "system", at)
    if "display" in coding:
        yield from _string(coding, "display", at)


def _reason(reason: Any, at: str) -> Broken:
    yield from _coding(reason, at)
    yield from _string(reason, "display", at)


def _link(link: Any, at: str) -> Broken:
    yield from _string(link, "label", at)
    yield from _string(link, "url", at)
    if not _absolute(link.get("url")):
        yield f"{at}.url: no absolute URL"
    if link.get("type") not in ("absolute", "smart"):
        yield f"{at}.type: neither absolute nor smart"
    if "appContext" in link:
        yield from _string(link, "appContext", at)
        if link.get("type") != "smart":
            yield f"{at}.appContext: goes with smart links only"
    if "autolaunchable" in link and not isinstance(link["autolaunchable"], bool):
        yield f"{at}.autolaunchable: no boolean"


def _suggestions(card: Mapping[str, Any], at: str) -> Broken:
    behaviour = card.get("selectionBehavior")
    if ("suggestions" in card) != ("selectionBehavior" in card):
        yield f"{at}: suggestions and selectionBehavior go together"
    if behaviour is not None and behaviour not in BEHAVIOURS:
        yield f"{at}.selectionBehavior: none of {', '.join(BEHAVIOURS)}"
    yield from _each(card, "suggestions", at, _suggestion)
    recommended = sum(item.get("isRecommended") is True for item in card.get("suggestions", ()))
    if behaviour == "at-most-one" and recommended > 1:
        yield f"{at}.suggestions: {recommended} are recommended, of which at most one may be chosen"


def _suggestion(suggestion: Any, at: str) -> Broken:
    yield from _string(suggestion, "label", at)
    yield from _string(suggestion, "uuid", at)
    if not _is_uuid(suggestion.get("uuid")):
        yield f"{at}.uuid: no UUID"
    if "isRecommended" in suggestion and not isinstance(suggestion["isRecommended"], bool):
        yield f"{at}.isRecommended: no boolean"
    yield from _each(suggestion, "actions", at, _action)


def _action(action: Any, at: str) -> Broken:
    yield from _string(action, "description", at)
    kind = action.get("type")
    if kind not in ("create", "update", "delete"):
        yield f"{at}.type: none of create, update, delete"
    if kind == "delete":
        yield from _string(action, "resourceId", at)
        if "resource" in action:
            yield f"{at}.resource: a delete names a resourceId and carries no resource"
        return
    if "resourceId" in action:
        yield f"{at}.resourceId: goes with delete only"
    yield from _whole(action.get("resource"), f"{at}.resource", updated=kind == "update")


def _whole(resource: Any, at: str, *, updated: bool) -> Broken:
    """A whole and valid resource: the changed fields alone would fail R4's required elements."""
    if not isinstance(resource, dict):
        yield f"{at}: required, a FHIR resource"
        return
    if updated and not resource.get("id"):
        yield f"{at}: an update names the resource by its id"
    try:
        check(resource)
    except Exception as error:
        yield f"{at}: not valid R4 ({error})"
    if resource.get("resourceType") == "MedicationRequest" and "medicationReference" not in resource:
        concept = resource.get("medicationCodeableConcept", {})
        if not concept.get("text") or not concept.get("coding", [{}])[0].get("code"):
            yield f"{at}: a client applies it only with medicationCodeableConcept.text and a code in its first coding"


def _extension(card: Mapping[str, Any], at: str) -> Broken:
    for name, value in card.get("extension", {}).items():
        if not isinstance(value, dict):
            yield f"{at}.extension.{name}: no JSON object"
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-zA-Z0-9-]+)+", name):
            yield f"{at}.extension.{name}: a name that others may use too"


def _each(owner: Mapping[str, Any], name: str, at: str, rule: Callable[[Any, str], Broken]) -> Broken:
    if name not in owner:
        return
    if not isinstance(owner[name], list):
        yield f"{at}.{name}: no array"
        return
    for n, item in enumerate(owner[name]):
        if isinstance(item, dict):
            yield from rule(item, f"{at}.{name}[{n}]")
        else:
            yield f"{at}.{name}[{n}]: no object"


def nothing_empty(value: Any, at: str) -> Broken:
    if value is None or (
        isinstance(value, str | list | dict) and not value and at.rpartition(".")[2] not in MAY_BE_EMPTY
    ):
        yield f"{at}: empty"
    inner = value.items() if isinstance(value, dict) else ()
    for name, item in inner:
        yield from nothing_empty(item, f"{at}.{name}")
    for n, item in enumerate(value if isinstance(value, list) else ()):
        yield from nothing_empty(item, f"{at}[{n}]")


def _string(owner: Mapping[str, Any], name: str, at: str) -> Broken:
    if not isinstance(owner.get(name), str) or not owner[name].strip():
        yield f"{at}.{name}: required, a string"


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def _absolute(url: Any) -> bool:
    parts = urlsplit(url) if isinstance(url, str) else None
    return parts is not None and parts.scheme in ("https", "http") and bool(parts.netloc)
