"""Whether a model may be used for a patient at all: domain, dialysis, covariates and times."""

from collections.abc import Iterable
from math import inf

from models.covariates import CovariateUsed, capital, latest, resolve, shown, value_at, words
from models.drug import Drug
from models.errors import MissingCovariate
from models.findings import Finding, Severity
from models.population import DomainLimit, PopulationModel
from models.record import PatientRecord
from models.terms import TERMS
from models.units import COVARIATES


def applicable(model: PopulationModel, drug: Drug, record: PatientRecord) -> tuple[Finding, ...]:
    """Reasons why the model does not fit the patient; a critical one means that it can not be used."""
    findings = [*_times(record), *_dialysis(drug, record), *_pregnancy(model, record)]
    try:
        used = {item.name: item for item in resolve(model.needs, record, [record.now]).used}
    except MissingCovariate as error:
        return (*findings, _missing(error, model, record))
    return (*findings, *_domain(model.domain, used, record))


def _times(record: PatientRecord) -> Iterable[Finding]:
    for level in record.levels:
        if level.time > record.now:
            text = f"A level of {level.said} is charted {level.time - record.now:.1f} h in the future."
            yield Finding(code="level-in-future", severity="critical", text=text, sources=(level.source,))
    first = min((dose.time for dose in record.doses), default=inf)
    for level in record.levels:
        if level.value > 0 and not level.censored and level.time < first:
            text = (
                f"A level of {level.said} was drawn before the first charted dose: doses are missing "
                "from the chart, and what was given must be known to read a level."
            )
            yield Finding(code="level-before-doses", severity="critical", text=text, sources=(level.source,))


def _dialysis(drug: Drug, record: PatientRecord) -> Iterable[Finding]:
    """Dialysis in force at any time since the first dose: an admission-wide flag does not describe its sessions."""
    if not drug.removed_by_dialysis:
        return
    series = record.series("dialysis")
    first = min((dose.time for dose in record.doses if dose.time <= record.now), default=record.now)
    ends = [*(item.time for item in series[1:]), float("inf")]
    hit = [
        item for item, end in zip(series, ends, strict=False) if item.value and item.time <= record.now and end > first
    ]
    if hit:
        text = (
            f"Haemodialysis since the first dose: it removes {drug.display.lower()} in sessions, which the model "
            "averages over a whole admission. Doses between sessions can not be told from it."
        )
        sources = tuple(item.source for item in hit if item.source)
        yield Finding(code="dialysis", severity="critical", text=text, sources=sources)


def _missing(error: MissingCovariate, model: PopulationModel, record: PatientRecord) -> Finding:
    """What the model needs and the record lacks; another code where no chart entry could bring it."""
    needed = {name for need in model.needs if need.default is None for name in need.inputs}
    closed = [name for name in record.unreadable if name in needed and not record.series(name)]
    if not closed:
        return Finding(code="covariate-missing", severity="critical", text=str(error))
    told = " and ".join(words(name) for name in closed)
    text = f"The model needs {told}, which this service does not read from a chart."
    return Finding(code="covariate-unread", severity="critical", text=text)


def _pregnancy(model: PopulationModel, record: PatientRecord) -> Iterable[Finding]:
    """A model holds in pregnancy only where its file says so by a range of its own for `pregnant`."""
    series = [item for item in record.series("pregnant") if item.time <= record.now]
    if series and series[-1].value and all(limit.name != "pregnant" for limit in model.domain):
        text = (
            "Pregnancy is charted, and the model was not made for it: volumes and clearance change in pregnancy, and "
            "what reaches the child is not considered."
        )
        yield Finding(code="pregnant", severity="critical", text=text, sources=(series[-1].source,))


def _domain(
    domain: tuple[DomainLimit, ...], used: dict[str, CovariateUsed], record: PatientRecord
) -> Iterable[Finding]:
    for limit in domain:
        value, source = _value(limit.name, used, record)
        if value is None and limit.required:
            only = _range_words(limit, limit.hard or limit.soft or (0.0, 0.0))
            if limit.name in record.unreadable:
                text = f"The model is for patients with {only}; this service does not read that from a chart."
                yield Finding(code="domain-unread", severity="critical", text=text)
                continue
            text = f"The model is for patients with {only}; the chart does not say it of this patient."
            yield Finding(code="domain-unknown", severity="critical", text=text)
        elif value is None and _silence_means_no(limit):
            if limit.soft and limit.soft[0] > 0.0:
                yield _outside("edge-of-domain", "warning", limit, limit.soft, 0.0, source)
        elif value is None:
            text = f"{capital(words(limit.name))} is not charted, so the model's range for it can not be checked."
            yield Finding(code=f"{limit.name.replace('_', '-')}-unchecked", severity="warning", text=text)
        elif limit.hard and not limit.hard[0] <= value <= limit.hard[1]:
            yield _outside("outside-domain", "critical", limit, limit.hard, value, source)
        elif limit.soft and not limit.soft[0] <= value <= limit.soft[1]:
            yield _outside("edge-of-domain", "warning", limit, limit.soft, value, source)


def _value(name: str, used: dict[str, CovariateUsed], record: PatientRecord) -> tuple[float | None, str]:
    if name in used:
        return used[name].value, used[name].source
    series = record.series(name)
    # at now: days after a transplantation are 0 at the operation and have grown since
    return (value_at(record, name, record.now), latest(series, record.now).source) if series else (None, "")


def _outside(
    code: str, severity: Severity, limit: DomainLimit, bounds: tuple[float, float], value: float, source: str
) -> Finding:
    unit = COVARIATES.get(limit.name, limit.unit)
    name = capital(words(limit.name))
    range_words = _range_words(limit, bounds)
    meaning = "is outside what the model was made for" if severity == "critical" else "is where its data were few"
    flag = limit.name in TERMS and TERMS[limit.name].flag
    told = f": {shown(limit.name, value, unit)}" if flag else f" of {shown(limit.name, value, unit)}"
    text = f"{name}{told}, which {meaning} ({range_words}: {limit.source})."
    if not flag:
        text = text.replace(", which", "", 1)
    return Finding(code=code, severity=severity, text=text, sources=(source,) if source else ())


def _range_words(limit: DomainLimit, bounds: tuple[float, float]) -> str:
    unit = COVARIATES.get(limit.name, limit.unit)
    if limit.name in TERMS and TERMS[limit.name].flag:
        return f"{words(limit.name)}: {shown(limit.name, bounds[1], unit)}"
    return f"{bounds[0]:g} to {shown(limit.name, bounds[1], unit)}"


def _silence_means_no(limit: DomainLimit) -> bool:
    """What is charted only where it is so, in a model for those without it."""
    term = TERMS.get(limit.name)
    without = limit.hard is None or limit.hard[0] <= 0.0
    return term is not None and term.flag and term.nature == "charted" and without
