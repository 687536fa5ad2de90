"""The covariates of a record as a model needs them: carried forward, derived, truncated, each step said aloud."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from models.covariates.need import CovariateNeed
from models.covariates.said import carried_back, defaulted, floored, missing_text, truncated
from models.covariates.series import DERIVED, in_force, latest, with_derived
from models.covariates.words import shown, words
from models.errors import MissingCovariate
from models.findings import Finding
from models.formulas import FORMULAS, Formula
from models.record import Covariate, PatientRecord
from models.units import COVARIATES


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


@dataclass(frozen=True, kw_only=True)
class _Part:
    values: np.ndarray
    used: CovariateUsed
    clipped: bool = False
    findings: tuple[Finding, ...] = ()


def values_of(needs: Iterable[CovariateNeed], record: PatientRecord, times: ArrayLike) -> np.ndarray:
    """(k, len(needs)) at times (k,), as `resolve` has them, without a word about them: for predictions."""
    at = np.atleast_1d(np.asarray(times, dtype=float))
    needs = tuple(needs)
    record = _with_derived(needs, record)
    series = {name: record.series(name) for name in dict.fromkeys(name for need in needs for name in need.inputs)}
    columns = [_values(need, series, at) for need in needs]
    return np.column_stack(columns) if columns else np.empty((at.size, 0))


def _values(need: CovariateNeed, series: Mapping[str, tuple[Covariate, ...]], at: np.ndarray) -> np.ndarray:
    missing = [name for name in need.inputs if not series[name]]
    if missing and need.default is None:
        raise MissingCovariate(missing[0], missing_text(need, missing))
    if missing:
        return np.full(at.size, need.default)
    raw = {name: in_force(series[name], at, need.between) for name in need.inputs}
    made = raw[need.name] if need.formula == "measured" else FORMULAS[need.formula].function(**raw, **need.options)
    values = _stepped(need, np.asarray(made, dtype=float))
    return values if need.low is None and need.high is None else np.clip(values, need.low, need.high)


def _with_derived(needs: tuple[CovariateNeed, ...], record: PatientRecord) -> PatientRecord:
    return with_derived(record) if any(name in DERIVED for need in needs for name in need.inputs) else record


def resolve(needs: Iterable[CovariateNeed], record: PatientRecord, times: ArrayLike) -> Resolved:
    """Values of each need at times (k,), h since the record's origin; what was used is told for the last of them.

    The last value before each time is carried forward; before the first value the first is carried back and said so.
    Truncation, defaults and a floored creatinine are findings. Raises MissingCovariate naming the raw value that the
    chart lacks, where the model file has no default.
    """
    at = np.atleast_1d(np.asarray(times, dtype=float))
    needs = tuple(needs)
    record = _with_derived(needs, record)
    parts = [_one(need, record, at) for need in needs]
    raw = {name: _used_raw(need, record, name, at[-1]) for need in needs for name in _present(need, record)}
    made = {part.used.name: part.used for part in parts if part.used.name not in raw or part.clipped}
    findings = {f"{finding.code} {finding.text}": finding for part in parts for finding in part.findings}
    return Resolved(
        values=np.column_stack([part.values for part in parts]) if parts else np.empty((at.size, 0)),
        used=tuple((raw | made).values()),
        findings=tuple(findings.values()),
    )


def breakpoints(needs: Iterable[CovariateNeed], record: PatientRecord) -> np.ndarray:
    """Times, h, at which a stepped covariate changes by itself."""
    stepped = [need for need in needs if need.steps and need.name in DERIVED]
    first = with_derived(record).series("hours_since_first_dose")[0].time if stepped else 0.0
    return np.array([first + step for need in stepped for step in need.steps if need.name == "hours_since_first_dose"])


def _one(need: CovariateNeed, record: PatientRecord, at: np.ndarray) -> _Part:
    missing = [name for name in need.inputs if not record.series(name)]
    if missing:
        return _default(need, missing, at)
    series = {name: in_force(record.series(name), at, need.between) for name in need.inputs}
    times = [dose.time for dose in record.doses] + [level.time for level in record.levels]
    begun = min(times, default=record.now)
    said = tuple(f for name in need.inputs for f in carried_back(need, record.series(name), at, begun))
    if need.formula == "measured":
        used = _used_raw(need, record, need.name, at[-1])
        return _truncate(need, _stepped(need, series[need.name]), used, said)
    formula = FORMULAS[need.formula]
    values = np.asarray(formula.function(**series, **need.options), dtype=float)
    used = _used_made(need, formula, record, series, float(at[-1]))
    return _truncate(need, _stepped(need, values), used, said + floored(need, record, series))


def _stepped(need: CovariateNeed, values: np.ndarray) -> np.ndarray:
    if not need.steps:
        return values
    steps = np.array([0.0, *need.steps])
    # a breakpoint is reached at its own instant, whatever the last digit of the difference of two times
    return steps[np.searchsorted(steps[1:], values + 1e-9, side="right")]


def _present(need: CovariateNeed, record: PatientRecord) -> tuple[str, ...]:
    return need.inputs if all(record.series(name) for name in need.inputs) else ()


def _default(need: CovariateNeed, missing: list[str], at: np.ndarray) -> _Part:
    if need.default is None:
        raise MissingCovariate(missing[0], missing_text(need, missing))
    derivation = "default of the model file"
    used = CovariateUsed(name=need.name, value=need.default, unit=need.unit, time=None, derivation=derivation)
    return _Part(values=np.full(at.size, need.default), used=used, findings=(defaulted(need, missing),))


def _truncate(need: CovariateNeed, values: np.ndarray, used: CovariateUsed, said: tuple[Finding, ...]) -> _Part:
    clipped = np.clip(values, need.low, need.high) if need.low is not None or need.high is not None else values
    changed = np.flatnonzero(clipped != values)
    if changed.size:
        said = (*said, truncated(need, float(values[changed[-1]]), float(clipped[changed[-1]])))
    last_changed = bool(changed.size) and changed[-1] == values.size - 1
    value = float(clipped[-1])
    derivation = f"{used.derivation}; {values[-1]:.4g} truncated to {value:.4g}" if last_changed else used.derivation
    used = CovariateUsed(
        name=need.name, value=value, unit=need.unit, time=used.time, derivation=derivation, source=used.source
    )
    return _Part(values=clipped, used=used, clipped=last_changed, findings=said)


def _used_raw(need: CovariateNeed, record: PatientRecord, name: str, at: float) -> CovariateUsed:
    item = latest(record.series(name), at)
    value = float(in_force(record.series(name), np.array([at]), need.between)[0])
    moved = "" if value == item.value else f", {item.value:.4g} at its entry and counted on since"
    return CovariateUsed(
        name=name,
        value=value,
        unit=COVARIATES.get(name, need.unit),
        time=item.time,
        derivation="from the doses of the record" if name in DERIVED else f"measured{moved}",
        source=item.source,
    )


def _used_made(
    need: CovariateNeed, formula: Formula, record: PatientRecord, series: Mapping[str, np.ndarray], at: float
) -> CovariateUsed:
    inputs = ", ".join(
        f"{words(n)} {shown(n, float(v[-1]), COVARIATES[n]) if n != 'female' else _sex(v[-1])}"
        for n, v in series.items()
    )
    entries = [latest(record.series(name), at) for name in formula.inputs]
    newest = max(entries, key=lambda item: item.time)
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
