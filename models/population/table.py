"""A TOML table read key by key, so that an unknown, missing or ill-typed key is named with its file."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn

from models.errors import ModelFileError

_MISSING = object()


class Table:
    """One table of a model file. Every key must be taken before done(); what is left over is an error."""

    def __init__(self, data: Mapping[str, Any], file: str, path: str = "") -> None:
        self._data, self.file, self.path = dict(data), file, path

    def fail(self, key: str, expected: str, got: object = _MISSING) -> NoReturn:
        where = f"{self.path}.{key}".strip(".")
        seen = "is missing" if got is _MISSING else f"is {got!r}"
        raise ModelFileError(f"{self.file}: {where} {seen}; expected {expected}")

    def _take(self, key: str, expected: str, default: object) -> Any:
        if key in self._data:
            return self._data.pop(key)
        if default is _MISSING:
            self.fail(key, expected)
        return default

    def text(self, key: str, default: Any = _MISSING) -> str:
        value = self._take(key, "text", default)
        if not isinstance(value, str) and value is not default:
            self.fail(key, "text", value)
        return value

    def word(self, key: str, allowed: Sequence[str], default: Any = _MISSING) -> str:
        value = self.text(key, default)
        if value not in allowed and value is not default:
            self.fail(key, "one of " + ", ".join(allowed), value)
        return value

    def number(self, key: str, default: Any = _MISSING) -> float:
        value = self._take(key, "a number", default)
        if value is default and not isinstance(value, (int, float)):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            self.fail(key, "a finite number", value)
        return float(value)

    def positive(self, key: str, default: Any = _MISSING) -> float:
        value = self.number(key, default)
        if value is not None and value <= 0:
            self.fail(key, "a number above 0", value)
        return value

    def texts(self, key: str, default: Any = _MISSING) -> tuple[str, ...]:
        value = self._take(key, "a list of texts", default)
        if isinstance(value, str):
            value = (value,)
        if not all(isinstance(item, str) for item in value):
            self.fail(key, "a list of texts", value)
        return tuple(value)

    def numbers(self, key: str, length: int | None = None, default: Any = _MISSING) -> tuple[float, ...]:
        value = self._take(key, "a list of numbers", default)
        good = isinstance(value, (list, tuple)) and all(
            isinstance(item, (int, float)) and not isinstance(item, bool) and isfinite(item) for item in value
        )
        if not good or (length is not None and len(value) not in (0, length)):
            self.fail(key, "a list of numbers" if length is None else f"a list of {length} numbers", value)
        return tuple(float(item) for item in value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key, "true or false", default)
        if not isinstance(value, bool):
            self.fail(key, "true or false", value)
        return value

    def table(self, key: str, default: Any = _MISSING) -> "Table":
        value = self._take(key, "a table", default)
        if not isinstance(value, Mapping):
            self.fail(key, "a table", value)
        return Table(value, self.file, f"{self.path}.{key}".strip("."))

    def tables(self, key: str, default: Any = _MISSING) -> tuple["Table", ...]:
        value = self._take(key, "a list of tables", default)
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, Mapping) for item in value):
            self.fail(key, "a list of tables", value)
        return tuple(Table(item, self.file, f"{self.path}.{key}[{n}]".strip(".")) for n, item in enumerate(value))

    def children(self) -> "tuple[tuple[str, Table], ...]":
        """Every key as a table, in the file's order."""
        return tuple((key, self.table(key)) for key in list(self._data))

    def rest_numbers(self) -> dict[str, float]:
        """All remaining keys, which must be numbers (flags count as 0 or 1)."""
        return {key: self.number(key) for key in list(self._data)}

    def rest_texts(self) -> dict[str, str]:
        return {key: self.text(key) for key in list(self._data)}

    def done(self) -> None:
        if self._data:
            key = next(iter(self._data))
            self.fail(key, "no such key (unknown to the vocabulary; check its spelling)", self._data[key])

    def has_keys(self) -> bool:
        return bool(self._data)

    def has(self, key: str) -> bool:
        return key in self._data
