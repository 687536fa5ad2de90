"""Safe access to JSON that may have any shape: a wrong type reads as absent, and never raises."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

# the types that a JSON parser makes stand first: asking an abstract class is ten times slower
_OBJECT, _LIST = (dict, Mapping), (list, Sequence)
_SHOWN = 24  # characters of chart text that a finding may quote


def dig(node: Any, *path: str | int) -> Any:
    """The value at a path of keys and list positions, or None where the path leaves the data."""
    for step in path:
        if type(node) is dict and type(step) is str:  # by far the most frequent, so asked first
            node = node.get(step)
        elif node is None:
            return None
        elif isinstance(step, str) and isinstance(node, _OBJECT):
            node = node.get(step)
        elif isinstance(step, int) and isinstance(node, _LIST) and not isinstance(node, str):
            node = node[step] if -len(node) <= step < len(node) else None
        else:
            return None
    return node


def string(node: Any, *path: str | int) -> str:
    """The text at a path, stripped; "" where there is none."""
    value = dig(node, *path)
    return value.strip() if isinstance(value, str) else ""


def number(node: Any, *path: str | int) -> float | None:
    """The finite number at a path; a number in a string, a boolean, NaN or infinity reads as absent."""
    value = dig(node, *path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if isfinite(value) else None


def mapping(node: Any, *path: str | int) -> Mapping[str, Any]:
    """The object at a path; an empty one where there is none."""
    value = dig(node, *path)
    return value if _is_object(value) else {}


def rows(node: Any, *path: str | int) -> Iterator[Mapping[str, Any]]:
    """The objects in the list at a path. An object in the list's place reads as a list of one (drafts do this)."""
    value = dig(node, *path)
    if value is None:
        return
    if type(value) is list:
        yield from filter(_is_object, value)
    elif _is_object(value):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from filter(_is_object, value)


def _is_object(value: Any) -> bool:
    return type(value) is dict or (value is not None and isinstance(value, Mapping))


def quoted(text: str) -> str:
    """Chart text made fit to stand in a sentence: printable, short, in quotes."""
    clean = "".join(letter for letter in text if letter.isprintable())
    return f'"{clean}"' if len(clean) <= _SHOWN else f'"{clean[: _SHOWN - 1]}…"'


def items(node: Any, *path: str | int) -> list[Any]:
    """The list at a path; an empty one where there is none."""
    value = dig(node, *path)
    return list(value) if isinstance(value, _LIST) and not isinstance(value, str) else []
