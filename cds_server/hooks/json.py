"""Strict JSON for bodies from outside: what one parser reads one way and another differently is refused."""

import json
import re
from collections import Counter
from math import isfinite
from typing import Any, NoReturn

from cds_server.hooks.errors import BadRequest, TooLarge

MAX_BYTES = 1_000_000
MAX_DEPTH = 64

# FHIR allows 18 digits; larger integers overflow floats and databases further in.
_LARGEST = 10**18
# A string, ended or not, or a bracket. Possessive: a string that never ends is read once, not from each of its quotes.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
# A lone surrogate can not be written as UTF-8; a NUL can not be stored by PostgreSQL.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse(body: bytes) -> Any:
    """The value in `body`. Raises TooLarge over 1 MB, else BadRequest: not UTF-8, not JSON, nested deeper than 64,
    NaN or infinite numbers, duplicate keys, characters that can not be stored."""
    if len(body) > MAX_BYTES:
        raise TooLarge(f"the body has {len(body)} bytes: expected at most {MAX_BYTES}; send less prefetch")
    text = _text(body)
    _check_depth(text)
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_not_a_number
        )
    except json.JSONDecodeError as error:
        message = f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise BadRequest(message) from None


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8: byte {error.start} can not be read") from None


def _check_depth(text: str) -> None:
    # Before parsing: the parser itself recurses. Strings are passed over, as they may hold brackets.
    depth = 0
    for found in _STRING_OR_BRACKET.findall(text):
        depth += _STEP.get(found, 0)
        if depth > MAX_DEPTH:
            raise BadRequest(f"the body is nested deeper than {MAX_DEPTH} levels: no hook call needs that")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise BadRequest(f"the key {twice[:40]!r} stands twice in one object: which one counts is not for us to guess")
    for text in (*found, *(value for value in found.values() if isinstance(value, str))):
        _check_characters(text)
    return found


def _check_characters(text: str) -> None:
    if _UNSTORABLE.search(text):
        raise BadRequest("a text holds a NUL or half of a surrogate pair: expected characters that UTF-8 can carry")


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise BadRequest(f"the number {text[:24]} is too large to be read")
    return value


def _int(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= _LARGEST:
        raise BadRequest(f"the number {text[:24]} is too large to be read: expected at most 18 digits")
    return int(text)


def _not_a_number(text: str) -> NoReturn:
    raise BadRequest(f"{text} is not a JSON number")
