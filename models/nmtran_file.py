"""NM-TRAN style files: cells to rows, each fault named by file, line and column."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from models.errors import RecordError
from models.events import DOSE

RESERVED = ("ID", "TIME", "EVID", "AMT", "CMT", "RATE", "II", "ADDL", "SS", "MDV", "DV", "BLQ", "LLOQ")
_WHOLE = ("EVID", "CMT", "ADDL", "SS", "MDV", "BLQ")
_EMPTY = ("", ".", "NA", "na", "NaN")


class Row(NamedTuple):
    """One record; amount, rate and observation in the model's units, time in h."""

    time: float
    evid: int
    amount: float
    comp: int  # 1-based; 0: the model's own
    rate: float
    interval: float
    additional: int
    steady: int
    observed: float | None
    below: bool
    values: Mapping[str, float]  # every other column
    where: str = ""  # file and line

    @property
    def place(self) -> str:
        """The row for a message."""
        return self.where or f"row at {self.time} h"


def read_nmtran(path: Path | str, *, dv_required: bool = True) -> dict[str, tuple[Row, ...]]:
    """Rows of each subject of a CSV file with a header, by ID in the file's order; lines from # on are left out.

    dv_required False: an observation may lack DV (its place is to be predicted). Raises RecordError naming file, line
    and column for a column that is missing, a cell that is not a number, or a subject whose rows are not together.
    """
    subjects: dict[str, list[Row]] = {}
    before = ""
    for number, cells in _lines(path):
        where = f"{path}, line {number}"
        name = cells.pop("ID")
        if name in _EMPTY:
            raise RecordError(f"{where}: ID is empty; expected the subject's number or name")
        if name in subjects and name != before:
            raise RecordError(f"{where}: ID {name} appears again after {before}; expected a subject's rows together")
        subjects.setdefault(name, []).append(row_of(cells, where, dv_required=dv_required))
        before = name
    if not subjects:
        raise RecordError(f"{path}: no rows under the header; expected at least one")
    return {name: tuple(rows) for name, rows in subjects.items()}


def row_of(cells: Mapping[str, str], where: str, *, dv_required: bool = True) -> Row:
    """One row from its cells by upper-case column name; EVID follows from AMT and MDV where it is not there."""
    numbers = {key: _number(cell, key, where) for key, cell in cells.items()}

    def get(key: str) -> float:
        return numbers.get(key) or 0.0

    dosed = get("AMT") != 0 or (get("RATE") != 0 and get("SS") != 0)
    evid = int(get("EVID")) if numbers.get("EVID") is not None else (DOSE if dosed else 0)
    told = numbers.get("DV") is not None or (get("BLQ") != 0 and get("LLOQ") != 0)
    seen = evid == 0 and get("MDV") == 0 and (dv_required or told)
    if seen and not told:
        raise RecordError(f"{where}: an observation without DV; expected a number, or MDV 1")
    if numbers.get("TIME") is None:
        raise RecordError(f"{where}: TIME is empty; expected hours")
    below = seen and _flagged(get("BLQ"), where)
    return Row(
        time=get("TIME"),
        evid=evid,
        amount=get("AMT"),
        comp=int(get("CMT")),
        rate=get("RATE"),
        interval=get("II"),
        additional=int(get("ADDL")),
        steady=int(get("SS")),
        observed=_observed(get("DV"), get("LLOQ"), below, where) if seen else None,
        below=below,
        values={key: value for key, value in numbers.items() if key not in RESERVED and value is not None},
        where=where,
    )


def _lines(path: Path | str) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, cells by upper-case column) of each line under the header."""
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            kept = [(number, line) for number, line in enumerate(file, start=1) if not line.startswith("#")]
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: not text in UTF-8 ({error}); expected a CSV file") from error
    parsed = list(csv.reader(line for _, line in kept))
    if len(parsed) != len(kept):
        raise RecordError(f"{path}: a quoted cell runs over several lines; expected one line for each row")
    header = _header(path, parsed[0] if parsed else [])
    for (number, _), cells in zip(kept[1:], parsed[1:], strict=True):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise RecordError(f"{path}, line {number}: {len(cells)} cells; expected {len(header)}, one for each column")
        yield number, {key: cell.strip() for key, cell in zip(header, cells, strict=True)}


def _header(path: Path | str, cells: Iterable[str]) -> list[str]:
    names = [cell.strip().upper() for cell in cells]
    if missing := sorted({"ID", "TIME"} - set(names)):
        raise RecordError(f"{path}: column {', '.join(missing)} is missing; expected ID, TIME, DV, AMT ... in line 1")
    if double := sorted({name for name in names if name and names.count(name) > 1}):
        raise RecordError(f"{path}: column {', '.join(double)} is there twice; expected each name once")
    return names


def _number(cell: str, key: str, where: str) -> float | None:
    if cell in _EMPTY:
        return None
    try:
        value = float(cell)
    except ValueError:
        if key in RESERVED:
            raise RecordError(f"{where}: {key} is {cell!r}; expected a number") from None
        return None
    if not isfinite(value):
        raise RecordError(f"{where}: {key} is {cell!r}; expected a finite number")
    if key in _WHOLE and value != int(value):
        raise RecordError(f"{where}: {key} is {cell!r}; expected a whole number")
    return value


def _flagged(value: float, where: str) -> bool:
    if value not in (0.0, 1.0):
        raise RecordError(f"{where}: BLQ is {value:g}; expected 0, or 1 for a level below LLOQ")
    return value == 1.0


def _observed(dv: float, lloq: float, below: bool, where: str) -> float:
    """The level, or the limit it was below: LLOQ, else DV."""
    limit = lloq or dv
    if below and limit <= 0:
        raise RecordError(f"{where}: BLQ is 1 and neither LLOQ nor DV says the limit; expected one above 0")
    return limit if below else dv
