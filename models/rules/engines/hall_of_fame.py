"""PySR's hall_of_fame.csv read without Julia or PySR: each equation parsed by our own grammar, none evaluated."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from models.datafile import bounded
from models.errors import RuleError
from models.rules.engines.engine import Found
from models.rules.parse import parse

LARGEST = 1_000_000  # bytes
COLUMNS = ("Complexity", "Loss", "Equation")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One equation of the file that could not be read, and why."""

    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class HallOfFame:
    """found: what could be read. refused: what could not. hash: of the file."""

    found: tuple[Found, ...]
    refused: tuple[Line, ...]
    hash: str


def read_hall_of_fame(data: bytes, names: Sequence[str]) -> HallOfFame:
    """names: the variables that equations may use. RuleError where the file is none, or nothing in it can be read."""
    if len(data) > LARGEST:
        raise RuleError(f"a hall of fame has at most {LARGEST} bytes, this one {len(data)}")
    rows = _rows(data)
    found, refused = [], []
    for number, row in rows:
        try:
            found.append(Found(node=parse(row["Equation"] or "", names), loss=_loss(row["Loss"])))
        except (RuleError, RecursionError) as error:
            refused.append(Line(number=number, reason=str(error)))
    if not found:
        reasons = "; ".join(f"line {item.number}: {item.reason}" for item in refused[:3]) or "it has no equations"
        raise RuleError(f"nothing in the hall of fame can be a rule: {reasons}")
    return HallOfFame(found=tuple(found), refused=tuple(refused), hash=sha256(data).hexdigest())


def bytes_of(path: Path) -> bytes:
    """RuleError naming the file where it can not be read, or is larger than any is."""
    try:
        return bounded(path, LARGEST)
    except (OSError, ValueError) as error:
        raise RuleError(f"{path.name} can not be read as a hall of fame: {error}") from error


def _rows(data: bytes) -> list[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(StringIO(data.decode("utf-8-sig")), strict=True)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise RuleError(f"a hall of fame has the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing")
        return [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RuleError(f"the hall of fame is no readable CSV: {error}") from error


def _loss(text: str | None) -> float:
    try:
        loss = float(text or "")
    except ValueError:
        raise RuleError(f"a loss must be a number, got {text!r}") from None
    if not isfinite(loss):
        raise RuleError(f"a loss must be finite, got {text!r}")
    return loss


@dataclass(frozen=True, kw_only=True)
class Imported:
    """An engine that searches nothing: it gives back what another program found, whatever the data.

    source: words for that program and the hash of its file.
    """

    front: tuple[Found, ...]
    source: str

    @property
    def name(self) -> str:
        return f"imported: {self.source}"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"formulas": len(self.front)}

    def allowing(self, symbols: Sequence[str]) -> "Imported":
        return self

    def fit(self, X: np.ndarray, y: np.ndarray, names: Sequence[str], *, seed: int) -> tuple[Found, ...]:
        return self.front
