"""The covariates of a record as a model needs them: carried forward, derived, truncated, each step said aloud."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from models.errors import MissingCovariate, ModelFileError
from models.findings import Finding, Severity
from models.formulas import FORMULAS, Formula, floored_creatinine
from models.record import Covariate, PatientRecord
from models.units import COVARIATES

# per hour: what grows by itself between two chart entries. Age is held, as a record spans weeks and not years.
ADVANCES: Mapping[str, float] = MappingProxyType({"days_after_transplant": 1.0 / 24.0})

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "female": "sex",
        "cyp3a5_expresser": "CYP3A5 expresser status",
        "days_after_transplant": "days after transplant",
        "crcl": "creatinine clearance",
        "bsa": "body surface",
        "ffm": "fat-free mass",
        "egfr": "estimated GFR",
        "dialysis": "intermittent haemodialysis",
        "free_prednisolone_cmax": "free prednisolone peak",
    }
)
_FLAGS = ("female", "cyp3a5_expresser", "dialysis")


@dataclass(frozen=True, kw_only=True)
class CovariateNeed:
    """One covariate as a model file asks for it.

    name: as the model's effects call it ("crcl"). formula: "measured", or a formula's name ("cockcroft-gault").
    default: used, and said aloud, where nothing was measured; None = required. low, high: values outside are
    truncated to these, and said aloud. options: of the formula (creatinine_floor = 1.0, ...).
    """

    name: str
    unit: str
    formula: str = "measured"
    default: float | None = None
    low: float | None = None
    high: float | None = None
    options: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Raw covariates of the record that this need is computed from."""
        return (self.name,) if self.formula == "measured" else FORMULAS[self.formula].inputs


@dataclass(frozen=True, kw_only=True)
class CovariateUsed:
    """One covariate as the model used it: value, unit, when it was measured (h since origin), how it was derived."""

    name: str
    value: float
    unit: str
    time: float | None
    derivation: str  # "measured", "default of the model file", or the named formula with its inputs
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """values: (k, len(needs)), in force at each asked time. used: at the last of them, raw inputs then derived."""

    values: np.ndarray
    used: tuple[CovariateUsed, ...]
    findings: tuple[Finding, ...]


def resolve(needs: Iterable[CovariateNeed], record: PatientRecord, times: ArrayLike) -> Resolved:
    """Values of each need at times (k,), h since the record's origin.

    The last value before each time is carried forward; before the first value the first is carried back and said so.
    Truncation, defaults and a floored creatinine are findings. Raises MissingCovariate naming the raw value that the
    chart lacks, where the model file has no default.
    """
    at = np.atleast_1d(np.asarray(times, dtype=float))
    needs = tuple(needs)
    parts = [_one(need, record, at) for need in needs]
    raw = {name: _used_raw(need, record, name, at[-1]) for need in needs for name in _present(need, record)}
    derived = {part.used.name: part.used for part in parts if part.used.name not in raw or part.clipped}
    findings = {f"{finding.code} {finding.text}": finding for part in parts for finding in part.findings}
    return Resolved(
        values=np.column_stack([part.values for part in parts]) if parts else np.empty((at.size, 0)),
        used=tuple((raw | derived).values()),
        findings=tuple(findings.values()),
    )


def value_at(record: PatientRecord, name: str, at: float) -> float | None:
    """A raw covariate in force at `at`, h, in its canonical unit; None where the record has none."""
    series = record.series(name)
    return float(_in_force(series, np.array([at]))[0]) if series else None


@dataclass(frozen=True, kw_only=True)
class _Part:
    values: np.ndarray
    used: CovariateUsed
    clipped: bool = False
    findings: tuple[Finding, ...] = ()


def words(name: str) -> str:
    """A covariate's name for people."""
    return WORDS.get(name, name.replace("_", " "))


def shown(name: str, value: float, unit: str) -> str:
    """A covariate's value for people: '1.4 mg/dL', 'yes', '0.33'."""
    if name in _FLAGS:
        return "yes" if value else "no"
    unit = {"1": "", "a": "years", "d": "days", "m2": "m²", "mL/min/{1.73_m2}": "mL/min/1.73 m²"}.get(unit, unit)
    return f"{value:.3g} {unit}".strip() if abs(value) < 100 else f"{value:.0f} {unit}".strip()


def _one(need: CovariateNeed, record: PatientRecord, at: np.ndarray) -> _Part:
    missing = [name for name in need.inputs if not record.series(name)]
    if missing:
        return _default(need, missing, at)
    series = {name: _in_force(record.series(name), at) for name in need.inputs}
    carried = tuple(f for name in need.inputs for f in _carried_back(need, record.series(name), at))
    if need.formula == "measured":
        used = _used_raw(need, record, need.name, at[-1])
        return _truncate(need, series[need.name], used, carried)
    formula = FORMULAS[need.formula]
    values = np.asarray(formula.function(**series, **need.options), dtype=float)
    used = _used_derived(need, formula, record, series, float(at[-1]))
    return _truncate(need, values, used, carried + _floored(need, record, series))


def _present(need: CovariateNeed, record: PatientRecord) -> tuple[str, ...]:
    return need.inputs if all(record.series(name) for name in need.inputs) else ()


def _in_force(series: tuple[Covariate, ...], at: np.ndarray) -> np.ndarray:
    times = np.array([item.time for item in series])
    index = np.clip(np.searchsorted(times, at, side="right") - 1, 0, None)
    values = np.array([item.value for item in series])[index]
    advance = ADVANCES.get(series[0].name, 0.0)
    return np.maximum(values + advance * (at - times[index]), 0.0) if advance else values


def _latest(series: tuple[Covariate, ...], at: float) -> Covariate:
    """The value in force at `at`; before the first value, the first."""
    return next((item for item in reversed(series) if item.time <= at), series[0])


def _default(need: CovariateNeed, missing: list[str], at: np.ndarray) -> _Part:
    if need.default is None:
        raise MissingCovariate(missing[0], _missing_text(need, missing))
    lacking = " and ".join(words(name) for name in missing)
    value = shown(need.name, need.default, need.unit)
    text = f"{_capital(lacking)}: not in the chart; {value} was used, the model file's default."
    # what no chart carries, or is charted only where it is so, is no omission of the ward's
    quiet = need.name in ("dialysis", "free_prednisolone_cmax") or need.name not in COVARIATES
    finding = Finding(code=f"{_slug(need.name)}-defaulted", severity="info" if quiet else "warning", text=text)
    derivation = "default of the model file"
    used = CovariateUsed(name=need.name, value=need.default, unit=need.unit, time=None, derivation=derivation)
    return _Part(values=np.full(at.size, need.default), used=used, findings=(finding,))


def _missing_text(need: CovariateNeed, missing: list[str]) -> str:
    lacking = " and ".join(f"{words(name)} ({COVARIATES.get(name, need.unit)})" for name in missing)
    purpose = "" if need.formula == "measured" else f" for {words(need.name)} ({FORMULAS[need.formula].words})"
    return f"The chart has no {lacking}, which the model needs{purpose}."


def _carried_back(need: CovariateNeed, series: tuple[Covariate, ...], at: np.ndarray) -> tuple[Finding, ...]:
    first = series[0]
    wait = first.time - float(at.min())
    # what is fixed for the stay, or grows by itself, is as true before its entry as after
    if wait <= 0 or first.name in ADVANCES or first.name in ("age", "female", "height", "cyp3a5_expresser"):
        return ()
    value = shown(first.name, first.value, COVARIATES.get(first.name, need.unit))
    name = words(first.name)
    text = f"No {name} was charted in the first {wait:.0f} h; the first one ({value}) stands for that time too."
    code = f"{_slug(first.name)}-carried-back"
    return (Finding(code=code, severity="info", text=text, sources=_sources(first)),)


def _floored(need: CovariateNeed, record: PatientRecord, series: Mapping[str, np.ndarray]) -> tuple[Finding, ...]:
    floor = need.options.get("creatinine_floor", 0.0)
    if not floor:
        return ()
    age, creatinine = series["age"][-1], series["creatinine"][-1]
    above = need.options.get("creatinine_floor_age", 0.0)
    if floored_creatinine(age, creatinine, floor, above) == creatinine:
        return ()
    text = (
        f"Creatinine {creatinine:.2f} mg/dL was raised to {floor:.2f} mg/dL for the clearance formula, "
        f"as the model's authors did in patients over {above:.0f} years."
    )
    return (
        Finding(code="creatinine-floored", severity="info", text=text, sources=_sources(*record.series("creatinine"))),
    )


def _truncate(need: CovariateNeed, values: np.ndarray, used: CovariateUsed, said: tuple[Finding, ...]) -> _Part:
    clipped = np.clip(values, need.low, need.high) if need.low is not None or need.high is not None else values
    changed = np.flatnonzero(clipped != values)
    if changed.size:
        said = (*said, _truncated(need, float(values[changed[-1]]), float(clipped[changed[-1]])))
    last_changed = bool(changed.size) and changed[-1] == values.size - 1
    value = float(clipped[-1])
    derivation = f"{used.derivation}; {values[-1]:.4g} truncated to {value:.4g}" if last_changed else used.derivation
    used = CovariateUsed(
        name=need.name, value=value, unit=need.unit, time=used.time, derivation=derivation, source=used.source
    )
    return _Part(values=clipped, used=used, clipped=last_changed, findings=said)


def _truncated(need: CovariateNeed, value: float, limit: float) -> Finding:
    was, became = shown(need.name, value, need.unit), shown(need.name, limit, need.unit)
    side = "above" if value > limit else "below"
    name = _capital(words(need.name))
    text = f"{name} of {was} is {side} the range that the model takes; {became} was used."
    severity: Severity = "info" if need.name in ADVANCES else "warning"
    return Finding(code=f"{_slug(need.name)}-truncated", severity=severity, text=text)


def _used_raw(need: CovariateNeed, record: PatientRecord, name: str, at: float) -> CovariateUsed:
    item = _latest(record.series(name), at)
    value = float(_in_force(record.series(name), np.array([at]))[0])
    moved = "" if value == item.value else f", {item.value:.4g} at its entry and counted on since"
    return CovariateUsed(
        name=name,
        value=value,
        unit=COVARIATES.get(name, need.unit),
        time=item.time,
        derivation=f"measured{moved}",
        source=item.source,
    )


def _used_derived(
    need: CovariateNeed, formula: Formula, record: PatientRecord, series: Mapping[str, np.ndarray], at: float
) -> CovariateUsed:
    inputs = ", ".join(
        f"{words(n)} {shown(n, float(v[-1]), COVARIATES[n]) if n != 'female' else _sex(v[-1])}"
        for n, v in series.items()
    )
    latest = [_latest(record.series(name), at) for name in formula.inputs]
    newest = max(latest, key=lambda item: item.time)
    values = formula.function(**{n: v[-1:] for n, v in series.items()}, **need.options)
    return CovariateUsed(
        name=need.name,
        value=float(values[-1]),
        unit=formula.unit,
        time=newest.time,
        derivation=f"{formula.words}: {inputs}",
        source=newest.source,
    )


def _sex(female: float) -> str:
    return "female" if female else "male"


def _sources(*items: Covariate) -> tuple[str, ...]:
    return tuple(item.source for item in items if item.source)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _slug(name: str) -> str:
    return name.replace("_", "-")


def _check(need: CovariateNeed) -> None:
    """A need must fit the formulas' vocabulary, else ModelFileError; measured names are the catalog's to check."""
    where = f"covariate {need.name!r}"
    if need.formula == "measured":
        expected, options = COVARIATES.get(need.name, need.unit), {}
    elif need.formula in FORMULAS:
        expected, options = FORMULAS[need.formula].unit, dict(FORMULAS[need.formula].options)
    else:
        raise ModelFileError(f"{where}: formula must be 'measured' or one of {sorted(FORMULAS)}, got {need.formula!r}")
    if need.unit != expected:
        raise ModelFileError(f"{where}: unit must be {expected!r}, got {need.unit!r}")
    if unknown := sorted(set(need.options) - set(options)):
        raise ModelFileError(f"{where}: options {unknown} are not of {need.formula!r}, which takes {sorted(options)}")
    if need.low is not None and need.high is not None and not need.low < need.high:
        raise ModelFileError(f"{where}: low must be below high, got {need.low} and {need.high}")
