"""Profiles from the text of a CSV file with NM-TRAN's column names."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from math import isfinite

from models.errors import RecordError
from models.evaluate.profile import Profile, Route
from models.findings import Finding

_ALIASES = {"SUBJECT": "ID", "CONC": "DV", "CONCENTRATION": "DV"}
_MISSING = ("", ".", "NA", "NAN")
_BELOW = ("BLQ", "BQL", "BLOQ", "BLLOQ")
_SAME_TIME = 1e-9  # h: amount / rate and a duration typed in agree within rounding


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line adds to the file; None leaves it to the file.

    dose: mg, for a file without AMT. duration: h. unit: of the concentrations.
    """

    unit: str
    route: Route | None = None
    dose: float | None = None
    duration: float | None = None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One subject of the file, and what was left out of its profile."""

    id: str
    profile: Profile
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class _Dose:
    time: float
    amount: float
    duration: float | None


@dataclass(frozen=True)
class _Row:
    """One line; `line` counts from 1, the header included."""

    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        return self.cells.get(column, "").strip()

    def number(self, column: str, default: float | None = None) -> float:
        text = self.text(column)
        if text.upper() in _MISSING and default is not None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            raise RecordError(f"line {self.line}: {column} must be a finite number, got {text!r}")
        return value

    def flag(self, column: str) -> bool:
        value = self.number(column, 0.0)
        if value not in (0, 1):
            raise RecordError(f"line {self.line}: {column} must be 0 or 1, got {value:g}")
        return value == 1

    @property
    def is_dose(self) -> bool:
        evid = self.number("EVID", 1.0 if self.number("AMT", 0.0) > 0 else 0.0)
        if evid not in (0, 1, 2):
            raise RecordError(f"line {self.line}: EVID {evid:g} is not supported: one single dose is analysed")
        if evid != 1 and self.number("AMT", 0.0):
            raise RecordError(f"line {self.line}: AMT {self.number('AMT'):g} on a row that EVID says is no dose")
        return evid == 1

    @property
    def is_sample(self) -> bool:
        return not self.is_dose and self.number("EVID", 0.0) == 0

    @property
    def is_missing(self) -> bool:
        if self.flag("BLQ"):
            return False
        return self.flag("MDV") or self.text("DV").upper() in _MISSING

    @property
    def is_below(self) -> bool:
        text = self.text("DV").upper()
        if self.flag("BLQ") or text in _BELOW or text.startswith("<"):
            return True
        lloq = self.number("LLOQ", 0.0)
        return lloq > 0 and self.number("DV") < lloq


def read_subjects(text: str, asked: Asked) -> tuple[Subject, ...]:
    """Every subject of a CSV text, in its order.

    Columns (case is ignored): ID or SUBJECT, TIME (h), DV or CONC; AMT (mg) of the one dose unless `asked` has it;
    RATE (mg/h), EVID, MDV, BLQ, LLOQ where present. A DV of "<0.1" or "BLQ" is below the limit; an empty one, "." or
    "NA" is missing. TIME is counted from the dose. RecordError names the line.
    """
    return tuple(_subject(rows, asked) for rows in _by_id(text).values())


def _by_id(text: str) -> dict[str, list[_Row]]:
    reader = csv.reader(StringIO(text))
    names = [_ALIASES.get(name.strip().upper(), name.strip().upper()) for name in next(reader, [])]
    for needed in ("ID", "TIME", "DV"):
        if names.count(needed) != 1:
            raise RecordError(f"line 1: exactly one column {needed} is needed, the header has {names}")
    subjects: dict[str, list[_Row]] = {}
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(names):
            raise RecordError(f"line {reader.line_num}: {len(cells)} cells, the header has {len(names)}")
        row = _Row(reader.line_num, dict(zip(names, cells, strict=True)))
        subjects.setdefault(row.text("ID"), []).append(row)
    if not subjects:
        raise RecordError("the file has a header and no data")
    return subjects


def _subject(rows: list[_Row], asked: Asked) -> Subject:
    dose = _dose(rows, asked)
    present = [row for row in rows if row.is_sample and not row.is_missing]
    used = [row for row in present if row.number("TIME") >= dose.time]
    try:
        profile = _profile(used, dose, asked)
    except RecordError as error:
        raise RecordError(f"the subject of line {rows[0].line}: {error}") from error
    missing = [row for row in rows if row.is_sample and row.is_missing]
    early = [row for row in present if row.number("TIME") < dose.time]
    return Subject(id=rows[0].text("ID"), profile=profile, findings=tuple(_left_out(missing, early)))


def _profile(used: list[_Row], dose: _Dose, asked: Asked) -> Profile:
    duration = _duration(dose, asked)
    below = tuple(row.is_below for row in used)
    return Profile(
        times=tuple(row.number("TIME") - dose.time for row in used),
        concentrations=tuple(0.0 if flag else row.number("DV") for row, flag in zip(used, below, strict=True)),
        below=below,
        dose=dose.amount,
        route=_route(duration, asked),
        duration=duration,
        unit=asked.unit,
    )


def _dose(rows: list[_Row], asked: Asked) -> _Dose:
    given = [row for row in rows if row.is_dose]
    if asked.dose is not None and not given:
        return _Dose(time=0.0, amount=asked.dose, duration=None)
    if asked.dose is not None or len(given) != 1:
        told = f"{len(given)} in the file" + (" and one on the command line" if asked.dose is not None else "")
        raise RecordError(f"the subject of line {rows[0].line} needs exactly one dose: {told}")
    row = given[0]
    if row.number("ADDL", 0.0) or row.number("SS", 0.0):
        raise RecordError(f"line {row.line}: ADDL and SS are not supported: one single dose is analysed")
    rate, amount = row.number("RATE", 0.0), row.number("AMT")
    if rate < 0:
        raise RecordError(f"line {row.line}: RATE must be in mg/h and not negative, got {rate:g}")
    return _Dose(time=row.number("TIME"), amount=amount, duration=amount / rate if rate else None)


def _duration(dose: _Dose, asked: Asked) -> float:
    if dose.duration and asked.duration is not None and not abs(dose.duration - asked.duration) <= _SAME_TIME:
        raise RecordError(f"the file's RATE means {dose.duration:g} h, the command line says {asked.duration:g} h")
    return dose.duration or asked.duration or 0.0


def _route(duration: float, asked: Asked) -> Route:
    if asked.route is None and not duration:
        raise RecordError("the file does not say the route: add --route extravascular or --route bolus")
    return asked.route or "infusion"


def _left_out(missing: list[_Row], early: list[_Row]) -> Iterator[Finding]:
    if missing:
        text = f"Samples without a result, left out: lines {_lines(missing)}."
        yield Finding(code="nca-missing-left-out", severity="info", text=text)
    measurable = [row for row in early if not row.is_below and row.number("DV") > 0]
    if early:
        told = ", some measurable: a single dose is assumed" if measurable else ""
        text = f"Samples before the dose, left out{told}: lines {_lines(early)}."
        yield Finding(code="nca-before-dose-left-out", severity="warning" if measurable else "info", text=text)


def _lines(rows: list[_Row]) -> str:
    return ", ".join(str(row.line) for row in rows)
