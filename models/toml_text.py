"""TOML text of plain tables, in the order given: files that a program writes and people read."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from models.errors import ModelsError


def toml_text(content: Mapping[str, Any]) -> str:
    """Texts, numbers, flags and lists first, then tables, then lists of tables; tomllib reads the same back."""
    return "\n".join(_table(content, "")).strip() + "\n"


def _table(content: Mapping[str, Any], where: str) -> list[str]:
    plain = {key: value for key, value in content.items() if not _is_table(value) and not _is_tables(value)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in content.items():
        if _is_table(value):
            lines += ["", f"[{where}{_key(key)}]", *_table(value, f"{where}{_key(key)}.")]
        elif _is_tables(value):
            for item in value:
                lines += ["", f"[[{where}{_key(key)}]]", *_table(item, f"{where}{_key(key)}.")]
    return lines


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and bool(value) and isinstance(value[0], Mapping)


def _key(key: str) -> str:
    return key if all(c.isalnum() or c in "_-" for c in key) and key.isascii() else json.dumps(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # which JSON allows and TOML does not
    if isinstance(value, float) and not isfinite(value):
        raise ModelsError(f"a file holds finite numbers only, got {value}")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(_value(item) for item in value)}]"
    raise ModelsError(f"a file can not hold {value!r}")
