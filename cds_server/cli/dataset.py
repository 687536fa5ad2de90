"""A data file of doses, levels and covariates in NONMEM's column names, as records; canonical units, hours.

Columns (any case): ID, TIME (h), AMT (mg), RATE (mg/h) or DUR (h), ADDL, II (h), SS, ROUTE (iv, oral), DV (the drug's
concentration unit), MDV, EVID, BLQ (1: below DV); any covariate of models.units in its unit, on each row or where it
changes. "." or nothing is missing.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from models.drug import Drug
from models.errors import RecordError
from models.record import Covariate, Dose, Level, PatientRecord
from models.units import COVARIATES

_COLUMNS = frozenset(
    {"id", "time", "amt", "rate", "dur", "addl", "ii", "ss", "route", "dv", "mdv", "evid", "blq", "cmt"}
)


def read_records(path: Path, drug: Drug) -> dict[str, PatientRecord]:
    """One record an ID, in the order of the file; raises RecordError naming line and column."""
    patients: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in _rows(path):
        patients.setdefault(row.get("id", "1"), []).append((line, row))
    if not patients:
        raise RecordError(f"{path}: no data rows; expected a header line and at least one row")
    return {name: _record(rows, drug) for name, rows in patients.items()}


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        unknown = sorted(set(names) - _COLUMNS - set(COVARIATES))
        if unknown or "time" not in names:
            wanted = ", ".join([*sorted(_COLUMNS), *COVARIATES])
            raise RecordError(f"{path}: column {', '.join(unknown) or 'TIME is missing'}; known are {wanted}")
        for values in reader:
            row = {name: (value or "").strip() for name, value in zip(names, values.values(), strict=False)}
            yield reader.line_num, {name: value for name, value in row.items() if value not in ("", ".")}


def _record(rows: list[tuple[int, dict[str, str]]], drug: Drug) -> PatientRecord:
    doses = [_dose(line, row, drug) for line, row in rows if _number(line, row, "amt") > 0]
    levels = [_level(line, row, drug) for line, row in rows if _observed(line, row)]
    covariates = [item for line, row in rows for item in _covariates(line, row)]
    return PatientRecord(
        drug=drug.name,
        now=max(_number(line, row, "time") for line, row in rows),
        doses=tuple(sorted(doses, key=lambda dose: dose.time)),
        levels=tuple(sorted(levels, key=lambda level: level.time)),
        covariates=tuple(sorted(_changes(covariates), key=lambda item: item.time)),
    )


def _dose(line: int, row: Mapping[str, str], drug: Drug) -> Dose:
    amount, rate = _number(line, row, "amt"), _number(line, row, "rate")
    route = row.get("route", drug.routes[0])
    if route not in drug.routes:
        raise RecordError(f"line {line}: ROUTE is {route!r}, {drug.name} has {', '.join(drug.routes)}")
    return Dose(
        time=_number(line, row, "time"),
        amount=amount,
        route=route,
        duration=amount / rate if rate > 0 else _number(line, row, "dur"),
        interval=_number(line, row, "ii"),
        additional=int(_number(line, row, "addl")),
        steady_state=_number(line, row, "ss") == 1,
        source=f"line-{line}",
    )


def _observed(line: int, row: Mapping[str, str]) -> bool:
    return "dv" in row and not _number(line, row, "mdv") and not _number(line, row, "evid")


def _level(line: int, row: Mapping[str, str], drug: Drug) -> Level:
    return Level(
        time=_number(line, row, "time"),
        value=_number(line, row, "dv"),
        unit=drug.concentration_unit,
        censored=_number(line, row, "blq") == 1,
        source=f"line-{line}",
    )


def _covariates(line: int, row: Mapping[str, str]) -> Iterator[Covariate]:
    for name in COVARIATES:
        if name in row:
            value, time = _number(line, row, name), _number(line, row, "time")
            yield Covariate(name=name, time=time, value=value, source=f"line-{line}")


def _changes(covariates: list[Covariate]) -> Iterator[Covariate]:
    """Values that repeat the one before are carried forward anyway."""
    last: dict[str, float] = {}
    for item in covariates:
        if last.get(item.name) != item.value:
            last[item.name] = item.value
            yield item


def _number(line: int, row: Mapping[str, str], name: str) -> float:
    try:
        return float(row.get(name, "0"))
    except ValueError:
        raise RecordError(f"line {line}: {name.upper()} is {row[name]!r}, expected a number") from None
