"""Reading a TOML file against a closed vocabulary: each key is asked for by name, and what is left over is an error."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from os import getpid
from pathlib import Path
from typing import Any

from models.errors import ModelFileError


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A file of a library that can not be used, <drug>/<name>, and why; the others stand."""

    file: str
    reason: str


class Table:
    """One table of a TOML file. Every reader removes its key; `finish` refuses what nobody asked for."""

    def __init__(self, file: str, where: str, content: Mapping[str, Any]) -> None:
        self._file = file
        self._where = where
        self._left = dict(content)

    def text(self, key: str, *, default: str | None = None, one_of: tuple[str, ...] = ()) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise self.error(key, "a text that is not empty", value)
        if one_of and value not in one_of:
            raise self.error(key, f"one of {list(one_of)}", value)
        return value

    def texts(self, key: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._take(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.error(key, "a list of texts", value)
        return tuple(value)

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "true or false", value)
        return value

    def number(self, key: str, *, low: float = -inf, above: float = -inf, default: float | None = None) -> float:
        value = self._take(key, default)
        if not _is_number(value) or value < low or value <= above:
            raise self.error(key, f"a finite number{_bounds(low, above)}", value)
        return float(value)

    def maybe(self, key: str, *, low: float = -inf, above: float = -inf) -> float | None:
        """A number that may be left out."""
        return self.number(key, low=low, above=above) if key in self._left else None

    def numbers(self, key: str, *, above: float = -inf) -> tuple[float, ...]:
        value = self._take(key, None)
        if not isinstance(value, list) or not value or not all(_is_number(item) and item > above for item in value):
            raise self.error(key, f"a list of numbers{_bounds(-inf, above)}", value)
        return tuple(float(item) for item in value)

    def table(self, key: str, *, default: Mapping[str, Any] | None = None) -> "Table":
        value = self._take(key, default)
        if not isinstance(value, Mapping):
            raise self.error(key, "a table", value)
        return Table(self._file, f"{self._where}{key}.", value)

    def tables(self, key: str, *, default: list[Any] | None = None) -> tuple["Table", ...]:
        """At least one table, unless there is a default."""
        value = self._take(key, default)
        if (
            not isinstance(value, list)
            or (not value and default is None)
            or not all(isinstance(item, Mapping) for item in value)
        ):
            raise self.error(key, "at least one [[table]]", value)
        return tuple(Table(self._file, f"{self._where}{key}[{i}].", item) for i, item in enumerate(value))

    def anything(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """A value of one of these types, for what only one kind of file has."""
        value = self._take(key, None)
        if not isinstance(value, kind):
            raise self.error(key, "of another kind", value)
        return value

    def names(self) -> tuple[str, ...]:
        return tuple(self._left)

    def finish(self) -> None:
        """Raises ModelFileError where keys are left that no reader knows."""
        if self._left:
            names = ", ".join(f"{self._where}{key}" for key in sorted(self._left))
            raise ModelFileError(f"{self._file}: unknown key {names}; check its spelling or remove it")

    def error(self, key: str, expected: str, got: object) -> ModelFileError:
        return ModelFileError(f"{self._file}: {self._where}{key} must be {expected}, got {got!r}")

    def _take(self, key: str, default: Any) -> Any:
        if key not in self._left and default is None:
            raise ModelFileError(f"{self._file}: {self._where}{key} is missing")
        return self._left.pop(key, default)


def bounded(path: Path, largest: int) -> bytes:
    """Its bytes; ValueError for a larger file or none that is regular (a device has no end), OSError as of opening."""
    if not path.is_file():
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        data = file.read(largest + 1)
    if len(data) > largest:
        raise ValueError(f"it has more than the {largest} bytes of such a file")
    return data


def write_whole(path: Path, text: str) -> None:
    """At once or not at all: neither a killed process nor another one that writes there leaves half of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read_table(path: Path, content: bytes) -> Table:
    """The top table of a TOML file's bytes; ModelFileError naming the file and line where it is no TOML."""
    name = f"{path.parent.name}/{path.name}"
    try:
        return Table(name, "", tomllib.loads(content.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{name}: is not readable TOML: {error}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _bounds(low: float, above: float) -> str:
    if above > -inf:
        return f" above {above:g}"
    return f" of at least {low:g}" if low > -inf else ""
