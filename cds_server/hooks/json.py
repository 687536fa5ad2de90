"""Strict JSON for bodies from outside: what one parser reads one way and another differently is refused."""

import json
import re
from collections import Counter
from math import isfinite
from typing import Any, NoReturn

from cds_server.hooks.errors import BadRequest, TooLarge

# A prefetch with every key filled to its `_count` was measured at 1.3 MB; of HL7's examples' median sizes it has 2 MB.
MAX_BYTES = 4_000_000
MAX_DEPTH = 64
# Commas and opening brackets; those within texts are counted too. FHIR has 18 bytes for each at the least (HL7's R4
# examples, median 33); three hundred thousand empty arrays in a row take Python's garbage collector a second.
MAX_PARTS = 250_000

_LESS = "leave out prefetch keys: they are then read from the fhirServer of the call"
# FHIR allows 18 digits; larger integers overflow floats and databases further in.
_LARGEST = 10**18
# A string, ended or not, or a bracket. Possessive: a string that never ends is read once, not from each of its quotes.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
# A lone surrogate can not be written as UTF-8; a NUL can not be stored by PostgreSQL.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse(body: bytes) -> Any:
    """The value in `body`. Raises TooLarge over 4 MB or of too many parts, else BadRequest: not UTF-8, not JSON, nested
    deeper than 64, NaN or infinite numbers, duplicate keys, characters that can not be stored."""
    _check_size(body)
    text = _text(body)
    _check_depth(text)
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_not_a_number
        )
    except json.JSONDecodeError as error:
        message = f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise BadRequest(message) from None


def too_long() -> TooLarge:
    """The refusal of a body over the limit, read or not."""
    return TooLarge(f"the body is over {MAX_BYTES} bytes; {_LESS}")


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BYTES:
        raise too_long()
    parts = sum(map(body.count, (b",", b"[", b"{")))
    if parts > MAX_PARTS:
        raise TooLarge(f"the body has {parts} members and entries: expected at most {MAX_PARTS}; {_LESS}")


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
