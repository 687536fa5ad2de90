"""AUC over the 24 h from a regimen's start, with what earlier doses left in the body."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.case import Case
from models.dosing.member import Member
from models.dosing.schedule import doses_of
from models.pk import auc
from models.record import Dose
from models.subject import subject_from_record

DAY = 24.0
FirstDay = Callable[[Regimen], np.ndarray]


def first_days(case: Case) -> FirstDay:
    """The first day's AUC of any regimen, (m,).

    In a linear model what is left and what is new add up, and the new scales with the dose: each is worked out once,
    so that a long history is gone through once and not for every regimen.
    """
    if not case.adds_up:
        return lambda regimen: _auc(case, regimen.start, case.record.doses, _doses(regimen))
    left: dict[float, np.ndarray] = {}
    new: dict[Regimen, np.ndarray] = {}

    def summed(regimen: Regimen) -> np.ndarray:
        if regimen.start not in left:
            left[regimen.start] = _auc(case, regimen.start, case.record.doses, ())
        of_one_mg = replace(regimen, amount=1.0, start=0.0)
        if of_one_mg not in new:
            new[of_one_mg] = case.over(lambda member: _new(case, member, of_one_mg))
        return left[regimen.start] + regimen.amount * new[of_one_mg]

    return summed


def _new(case: Case, member: Member, regimen: Regimen) -> np.ndarray:
    """(m,): the first day of 1 mg a dose in somebody who has had none."""
    modes = member.response(regimen.route)
    if modes is None:
        subject = subject_from_record(
            member.model, replace(case.record, doses=(), levels=()), extra_doses=_doses(regimen)
        )
        return auc(member.model, subject, member.etas, [[0.0, DAY]])[:, 0]
    starts = np.arange(0.0, DAY, regimen.interval)
    return sum((modes.area(DAY - start, duration=regimen.duration) for start in starts), np.zeros(len(member.etas)))


def _doses(regimen: Regimen) -> tuple[Dose, ...]:
    return doses_of(regimen, until=regimen.start + DAY)


def _auc(case: Case, start: float, given: tuple[Dose, ...], extra: tuple[Dose, ...]) -> np.ndarray:
    record = replace(case.record, doses=given, levels=())

    def one(member: Member) -> np.ndarray:
        subject = subject_from_record(member.model, record, extra_doses=extra)
        return auc(member.model, subject, member.etas, [[start, start + DAY]])[:, 0]

    return case.over(one)
