"""What would be expected, were something else given, missed, or the patient other than today."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.covariates import value_at
from models.dosing.advice import Curve, Regimen, RegimenOutcome
from models.dosing.attainment import interval
from models.dosing.candidates import candidates
from models.dosing.case import Case
from models.dosing.changes import (
    CannotAsk,
    Change,
    FromNow,
    GivenAt,
    Late,
    Missed,
    NotGiven,
    corrected,
    from_now,
    planned,
)
from models.dosing.curve import AFTER, curve
from models.dosing.first_day import first_days
from models.dosing.member import Member
from models.dosing.outcome import Label, outcome
from models.findings import Finding
from models.pk import auc
from models.record import Dose
from models.subject import subject_from_record

DAY = 24.0


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """asked: the regimen with all changes; unchanged: the same regimen without them. Labels "asked" and "current".

    exposure, trough, peak, attainment: at steady state with the covariates asked for; a missed or late dose shows in
    first_day and in the curve. curve: with all changes.
    """

    asked: RegimenOutcome
    unchanged: RegimenOutcome
    curve: Curve
    findings: tuple[Finding, ...]


def what_if(case: Case, regimen: Regimen, changes: Sequence[Change] = (), *, seed: int) -> WhatIf:
    """The regimen from its start on, with every change; see models.dosing.changes for what can be changed.

    seed: of the draws where the past changes and the levels are fitted again; else the case's draws are used.
    Raises CannotAsk, naming what can not be asked and what could be.
    """
    _possible(case, regimen)
    past = [change for change in changes if isinstance(change, NotGiven | GivenAt)]
    new = [change for change in changes if isinstance(change, FromNow)]
    schedule = [change for change in changes if isinstance(change, Missed | Late)]
    other, findings = from_now(corrected(case, past, seed=seed), new)
    doses = planned(regimen, schedule, until=regimen.start + max(AFTER, DAY))
    asked = _outcome(other, regimen, "asked")
    if schedule:
        asked = replace(asked, first_day=interval(_first_day(other, regimen, doses), case.drug.exposure_unit))
    return WhatIf(
        asked=asked,
        unchanged=_outcome(case, regimen, "current"),
        curve=curve(other, regimen, doses=doses),
        findings=(*findings, *_no_product(case, regimen)),
    )


def _outcome(case: Case, regimen: Regimen, label: Label) -> RegimenOutcome:
    weight = value_at(case.record, "weight", case.record.now)
    return outcome(case, regimen, label, first_days(case), weight)


def _first_day(case: Case, regimen: Regimen, doses: tuple[Dose, ...]) -> np.ndarray:
    """(m,): AUC of the 24 h from the regimen's start, with what earlier doses left."""
    window = [[regimen.start, regimen.start + DAY]]

    def of(member: Member) -> np.ndarray:
        subject = subject_from_record(member.model, replace(member.record, levels=()), extra_doses=doses)
        return auc(member.model, subject, member.etas, window)[:, 0]

    return case.over(of)


def _possible(case: Case, regimen: Regimen) -> None:
    if not (regimen.amount > 0 and regimen.interval > 0 and 0 <= regimen.duration <= regimen.interval):
        raise CannotAsk(
            f"{regimen.amount:g} mg every {regimen.interval:g} h over {regimen.duration:g} h is no regimen: amount and "
            "interval must be above 0, the duration from 0 to the interval"
        )
    if regimen.start < case.record.now:
        raise CannotAsk(f"the regimen starts at {regimen.start:g} h, before now ({case.record.now:g} h)")
    if missing := [m.model.title for m in case.members if regimen.route not in m.model.structure.routes]:
        raise CannotAsk(f"{regimen.route} doses are not described by {', '.join(missing)}; fit models that do")


def _no_product(case: Case, regimen: Regimen) -> tuple[Finding, ...]:
    """A regimen that could be calculated but not given."""
    known = candidates(case.drug, regimen.route, case.record, start=regimen.start)
    known += candidates(case.drug, regimen.route, case.record, start=regimen.start, continuous=True)
    if any((item.amount, item.interval) == (regimen.amount, regimen.interval) for item in known):
        return ()
    text = (
        f"{regimen.amount:g} mg every {regimen.interval:g} h is not among the doses and intervals of "
        f"{case.drug.display.lower()}'s products that are searched here."
    )
    return (Finding(code="not-a-product", severity="warning", text=text),)
