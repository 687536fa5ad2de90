"""Typed round trip between the frozen dataclasses of the domain and JSON: decode(T, encode(x)) == x.

Numbers keep every bit (JSON carries Python's shortest repr); NaN and infinities become strings, because JSON has none.
A union of dataclasses is told apart by "kind", the class name.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

T = TypeVar("T")


class DecodeError(Exception):
    """Stored JSON does not have the shape of the type that was asked for."""


def dumps(value: object) -> str:
    """One line of JSON for a dataclass; see encode."""
    return json.dumps(encode(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def loads(kind: Any, text: str) -> Any:
    """The value of type `kind` (a dataclass, or a union of dataclasses) that dumps wrote."""
    return decode(kind, json.loads(text))


def encode(value: object) -> Any:
    """JSON-able form: dataclasses as objects, tuples and arrays as lists, datetimes in ISO 8601 with their offset."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__} | {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return encode(value.tolist())
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, np.generic):
        return _scalar(value.item())
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"can not encode {type(value).__name__}: add it to cds_server/encode.py with its test")


def decode(kind: Any, data: Any) -> Any:
    """The value of type `kind` in `data`; raises DecodeError naming what did not fit."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _union(get_args(kind), data)
    if origin is tuple:
        return _tuple(get_args(kind), data)
    if origin is Literal:
        return _expect(data in get_args(kind), kind, data)
    if origin is not None and issubclass(origin, Mapping):
        return {
            key: decode(get_args(kind)[1], item) for key, item in _expect(isinstance(data, dict), kind, data).items()
        }
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, data)
    return _plain(kind, data)


def _plain(kind: Any, data: Any) -> Any:
    if kind is np.ndarray:
        return np.asarray(_expect(isinstance(data, list), kind, data), dtype=float)
    if kind is datetime:
        return datetime.fromisoformat(_expect(isinstance(data, str), kind, data))
    if kind is float:
        return float(_expect(isinstance(data, int | float) or data in ("nan", "inf", "-inf"), kind, data))
    if kind is int:
        return _expect(isinstance(data, int) and not isinstance(data, bool), kind, data)
    if kind is NoneType:
        return _expect(data is None, kind, data)
    return _expect(kind is Any or isinstance(data, kind), kind, data)


def _tuple(inner: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    _expect(isinstance(data, list), tuple, data)
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(decode(inner[0], item) for item in data)
    return tuple(decode(one, item) for one, item in zip(inner, data, strict=True))


def _union(kinds: tuple[Any, ...], data: Any) -> Any:
    if data is None and NoneType in kinds:
        return None
    classes = {kind.__name__: kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)}
    if isinstance(data, dict) and data.get("kind") in classes:
        return decode(classes[data["kind"]], data)
    rest = [kind for kind in kinds if kind is not NoneType and kind not in classes.values()]
    for kind in rest:
        try:
            return decode(kind, data)
        except DecodeError:
            continue
    raise DecodeError(f"none of {kinds} fits {str(data)[:80]!r}")


def _dataclass(kind: type, data: Any) -> Any:
    _expect(isinstance(data, dict) and data.get("kind") == kind.__name__, kind, data)
    hints = _hints(kind)
    missing = [f.name for f in fields(kind) if f.name not in data and not _optional(f)]
    if missing:
        raise DecodeError(f"{kind.__name__} lacks {', '.join(missing)}")
    return kind(**{f.name: decode(hints[f.name], data[f.name]) for f in fields(kind) if f.name in data})


def _optional(item: Field[Any]) -> bool:
    """Whether a row written before the field existed may lack it."""
    return item.default is not MISSING or item.default_factory is not MISSING


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _expect(fits: bool, kind: Any, data: Any) -> Any:
    if not fits:
        raise DecodeError(f"expected {getattr(kind, '__name__', kind)}, found {str(data)[:80]!r}")
    return data
