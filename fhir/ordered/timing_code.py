"""timing.code: BID, q12h, "twice daily" to a pattern, by the tables of terminology/timing.toml."""

import re
from collections.abc import Mapping
from typing import Any

from fhir.errors import Unreadable
from fhir.ordered.schedule import DAY_H, Every, EveryMonths, Pattern, TimesIn
from fhir.terminology import data
from fhir.wire import mapping, quoted, rows, string


def pattern_of_code(timing: Any, *, alone: bool) -> Pattern | None:
    """What the code or text of a timing says; None where it says nothing.

    alone: nothing else in the timing says how often, so that an unknown code is an Unreadable and not passed over.
    """
    code = mapping(timing, "code")
    names = [name for name in (string(coding, "code") for coding in rows(code, "coding")) if name]
    names += [text for text in (string(code, "text"),) if text]
    said = {name: pattern for name in names if (pattern := _pattern(name))}
    if names and not said and alone:
        raise Unreadable(f"the timing code {quoted(names[0])} is not known")
    if len({pattern.a_day for pattern in said.values()}) > 1:
        raise Unreadable(f"its timing codes {' and '.join(quoted(name) for name in said)} say different things")
    return next(iter(said.values()), None)


def _pattern(name: str) -> Pattern | None:
    plain = name.upper().replace(" ", "").replace(".", "")
    if plain in table()["code"]:
        times, hours = table()["code"][plain]
        return TimesIn(times=times, hours=hours)
    if plain in table()["months"]:
        return EveryMonths(months=table()["months"][plain])
    return _by_form(plain.lower()) or _by_form(" ".join(name.lower().rstrip(".").split()))


def _by_form(text: str) -> Pattern | None:
    for row in table()["text"]:
        found = re.fullmatch(row["match"], text)
        n = _number(found["n"]) if found else 0
        if n:
            return _made(row["what"], n)
    return None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() else int(table()["number"].get(text, 0))


def _made(what: str, n: int) -> Pattern:
    match what:
        case "every":
            return Every(hours=n)
        case "times":
            return TimesIn(times=n, hours=DAY_H)
        case "weeks":
            return TimesIn(times=1, hours=7 * DAY_H * n)
        case _:
            return TimesIn(times=1, hours=DAY_H * n)


def table() -> Mapping[str, Any]:
    """terminology/timing.toml."""
    return data("timing.toml")
