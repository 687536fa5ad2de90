"""A seeded mutator of JSON bodies: the same number gives the same body, so that a failure can be looked at again."""

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

Path = tuple[str | int, ...]

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**17,
    -0.0,
    1e-300,
    1e300,
    "",
    " ",
    "x" * 5000,
    "Patient/p1",
    "Patient/somebody-else",
    "../../etc/passwd",
    "2026-02-30",
    "2026-11-19T08:00",
    "9999-12-31T23:59:60Z",
    "0000-00-00",
    "-0",
    "1e5",
    "NaN",
    "mg/L",
    "{pill}",
    "\u202egnirts",
    "\ud83d\ude00" * 3,
    "<script>alert(1)</script>",
    "| a | b |\n|---|",
    "[x](javascript:alert(1))",
    "=cmd|'/c calc'!A1",
    "'; DROP TABLE card; --",
    "%s%n{0}{{context.patientId}}",
    [],
    {},
    [[[]]],
    [None],
    {"": ""},
    {"resourceType": "Bundle", "entry": [None, {"resource": None}, {"resource": 5}, {}]},
    {"resourceType": "Bundle", "entry": {"resource": []}},
    {"resourceType": "Bundle", "link": [{"relation": "next", "url": "http://127.0.0.1:9/fhir?page=2"}]},
    {"resourceType": "OperationOutcome", "issue": []},
    {"resourceType": ["Patient"]},
    {"value": "7", "unit": 7, "system": None, "code": {}},
    {"start": "2026-11-19", "end": "2026-11-18"},
    {"coding": [{"system": 1, "code": []}, None, "x"]},
    {"reference": "#contained"},
    {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]},
)


def mutated(body: Any, random: Random) -> Any:
    """A copy of `body` with one to four changes."""
    changed = deepcopy(body)
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        places = list(paths(changed))
        if places:
            random.choice(_CHANGES)(changed, random.choice(places), random)
    return changed


def garbled(body: Any, random: Random) -> bytes:
    """The bytes of `body`, cut, doubled, overwritten or with something put between."""
    text = json.dumps(body).encode()
    start, end = sorted(random.randrange(len(text)) for _ in range(2))
    other = random.choice(
        (b"", b"\x00", b"\xff\xfe", b"NaN", b"1e999", b'"', b"{", b"[" * 200, text[start : start + 50])
    )
    return random.choice((text[:start], text[:start] + other + text[end:], text[:end] + other + text[start:]))


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value, the whole of it left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*here, key)
        yield from paths(item, (*here, key))


def _owner(body: Any, path: Path) -> Any:
    for key in path[:-1]:
        body = body[key]
    return body


def _replace(body: Any, path: Path, random: Random) -> None:
    _owner(body, path)[path[-1]] = deepcopy(random.choice(HOSTILE))


def _remove(body: Any, path: Path, random: Random) -> None:
    del _owner(body, path)[path[-1]]


def _wrap(body: Any, path: Path, random: Random) -> None:
    owner = _owner(body, path)
    value = owner[path[-1]]
    owner[path[-1]] = random.choice(([value], [value, value], {"value": value}, str(value), {"resource": value}))


def _move(body: Any, path: Path, random: Random) -> None:
    """What stands somewhere else, here."""
    other = random.choice(list(paths(body)))
    value = _owner(body, other)[other[-1]]
    _owner(body, path)[path[-1]] = deepcopy(value)


def _scale(body: Any, path: Path, random: Random) -> None:
    owner = _owner(body, path)
    value = owner[path[-1]]
    if isinstance(value, int | float) and not isinstance(value, bool):
        owner[path[-1]] = value * random.choice((-1, 0, 1e-6, 1e-3, 10, 1e3, 1e9))
    elif isinstance(value, str):
        cut = random.randrange(len(value) + 1)
        owner[path[-1]] = value[:cut] + random.choice(("", " ", "\u0000x"[1:], "\u00e9", "Z", "-", "9")) + value[cut:]
    else:
        _replace(body, path, random)


def _rename(body: Any, path: Path, random: Random) -> None:
    owner = _owner(body, path)
    if isinstance(owner, dict):
        owner[random.choice((f"{path[-1]}x", f"_{path[-1]}", "value", "extension"))] = owner.pop(path[-1])


_CHANGES = (_replace, _replace, _remove, _wrap, _move, _scale, _scale, _rename)
