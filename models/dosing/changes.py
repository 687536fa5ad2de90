"""What can be changed in thought about a patient: doses of the past and of the future, and covariates from now on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from models.covariates import words
from models.dosing.advice import Regimen
from models.dosing.applicability import applicable
from models.dosing.case import Case, open_case
from models.dosing.member import Member
from models.dosing.schedule import administrations, doses_of
from models.errors import ModelsError
from models.findings import Finding
from models.fit.average import average, fit_each
from models.record import Covariate, Dose, PatientRecord
from models.subject import subject_from_record
from models.units import COVARIATES

SAME_TIME = 1e-6  # h; a dose is named by its time as the chart has it


class CannotAsk(ModelsError):
    """A question that the fitted models can not answer; the message says why, and what could be asked."""


@dataclass(frozen=True, kw_only=True)
class Missed:
    """Dose number `dose` of the regimen to come is left out; 1 is its first."""

    dose: int


@dataclass(frozen=True, kw_only=True)
class Late:
    """Dose number `dose` of the regimen to come is given `hours` late; those after it as planned."""

    dose: int
    hours: float


@dataclass(frozen=True, kw_only=True)
class NotGiven:
    """The dose charted at `time` h was not given in truth; the levels are fitted again without it."""

    time: float


@dataclass(frozen=True, kw_only=True)
class GivenAt:
    """The dose charted at `time` h was given at `at` h in truth; the levels are fitted again."""

    time: float
    at: float


@dataclass(frozen=True, kw_only=True)
class FromNow:
    """A chart covariate (creatinine, weight, an interacting drug's flag) has another value from now on.

    value: in the unit that models.units.COVARIATES names. The patient's own deviation from typical is kept.
    """

    covariate: str
    value: float


Change = Missed | Late | NotGiven | GivenAt | FromNow


def corrected(case: Case, changes: Sequence[NotGiven | GivenAt], *, seed: int) -> Case:
    """The case fitted again with another past, by the same models; CannotAsk where no fit is left."""
    if not changes:
        return case
    record = case.record
    for change in changes:
        record = _corrected(record, change)
    fits = fit_each(subject_from_record(member.model, record) for member in case.members)
    ensemble = average(fits)
    if not ensemble.usable:
        reasons = "; ".join(item.reason for item in ensemble.members)
        raise CannotAsk(
            f"with this past no model has an estimate ({reasons}); ask with the doses that explain the levels"
        )
    return open_case(case.drug, fits, ensemble, record, target=case.target, also=case.also, seed=seed, draws=case.draws)


def _corrected(record: PatientRecord, change: NotGiven | GivenAt) -> PatientRecord:
    single = sorted(administrations(record), key=lambda dose: dose.time)
    found = [dose for dose in single if abs(dose.time - change.time) <= SAME_TIME]
    if len(found) != 1:
        times = ", ".join(f"{dose.time:g}" for dose in single) or "none"
        raise CannotAsk(f"{len(found)} doses are charted at {change.time:g} h, expected one; doses are at {times} h")
    rest = [dose for dose in single if dose is not found[0]]
    if isinstance(change, GivenAt):
        if not (isfinite(change.at) and change.at <= record.now):
            raise CannotAsk(
                f"a dose charted as given can not have been given at {change.at:g} h: now is {record.now:g} h"
            )
        rest.append(replace(found[0], time=change.at))
    return replace(record, doses=tuple(sorted(rest, key=lambda dose: dose.time)))


def from_now(case: Case, changes: Sequence[FromNow]) -> tuple[Case, tuple[Finding, ...]]:
    """The same draws with other covariates from now on; models that do not hold the patient then are left out.

    CannotAsk for a covariate that no model in use reads, a value that can not be, or where no model is left.
    """
    if not changes:
        return case, ()
    for change in changes:
        _can_be(case, change)
    extra = tuple(Covariate(name=item.covariate, time=case.record.now, value=item.value) for item in changes)
    record = replace(case.record, covariates=_with(case.record.covariates, extra))
    out = {member.model.id: _refusal(case, member, record) for member in case.members}
    kept = tuple(replace(member, record=record) for member in case.members if not out[member.model.id])
    if not kept:
        raise CannotAsk("no model in use holds such a patient: " + " ".join(dict.fromkeys(out.values())))
    findings = (*_left_out(case, out), *(found for change in changes for found in _not_read(case, change)))
    return replace(case, record=record, members=kept), findings


def _with(covariates: Iterable[Covariate], extra: tuple[Covariate, ...]) -> tuple[Covariate, ...]:
    """In order of time, what is asked after what is charted at the same time: the last one holds."""
    return tuple(sorted((*covariates, *extra), key=lambda item: item.time))


def _can_be(case: Case, change: FromNow) -> None:
    read = sorted({name for member in case.members for need in member.model.needs for name in need.inputs})
    if change.covariate not in read:
        raise CannotAsk(
            f"no model in use reads {words(change.covariate)} ({change.covariate}); they read {', '.join(read)}"
        )
    plausible = case.drug.plausible.get(change.covariate)
    if not isfinite(change.value) or (plausible and plausible.judge(change.value) == "impossible"):
        unit = COVARIATES.get(change.covariate, "")
        bounds = f", expected {plausible.hard_low:g} to {plausible.hard_high:g} {unit}" if plausible else ""
        raise CannotAsk(f"{words(change.covariate)} can not be {change.value:g} {unit}{bounds}")


def _refusal(case: Case, member: Member, record: PatientRecord) -> str:
    found = applicable(member.model, case.drug, record)
    return " ".join(item.text for item in found if item.severity == "critical")


def _left_out(case: Case, out: dict[str, str]) -> Iterable[Finding]:
    for member in case.members:
        if out[member.model.id]:
            text = f"{member.model.title} is left out, as it would not hold such a patient: {out[member.model.id]}"
            yield Finding(code="model-left-out", severity="warning", text=text)


def _not_read(case: Case, change: FromNow) -> Iterable[Finding]:
    blind = [
        m.model.title for m in case.members if change.covariate not in {n for x in m.model.needs for n in x.inputs}
    ]
    if blind:
        text = (
            f"{words(change.covariate).capitalize()} changes nothing in {' and '.join(blind)}, which does not read it."
        )
        yield Finding(code="change-not-read", severity="warning", text=text)


def planned(regimen: Regimen, changes: Sequence[Missed | Late], *, until: float) -> tuple[Dose, ...]:
    """The regimen's doses until `until`, h, one by one, with what is missed or late; CannotAsk for what can not be."""
    doses = dict(enumerate(_single(regimen, until), start=1))
    for change in changes:
        if change.dose not in doses:
            raise CannotAsk(f"dose {change.dose} is not among the {len(doses)} doses that are looked at")
        if isinstance(change, Missed):
            del doses[change.dose]
        elif not 0.0 < change.hours < regimen.interval:
            raise CannotAsk(
                f"a dose can be late by more than 0 and less than the interval of {regimen.interval:g} h, got "
                f"{change.hours:g} h; a dose that is later than that is missed"
            )
        else:
            doses[change.dose] = replace(doses[change.dose], time=doses[change.dose].time + change.hours)
    return tuple(sorted(doses.values(), key=lambda dose: dose.time))


def _single(regimen: Regimen, until: float) -> Iterable[Dose]:
    for train in doses_of(regimen, until=until):
        for k in range(train.additional + 1):
            yield replace(train, time=train.time + k * train.interval, additional=0, interval=0.0)
