"""AUC over the 24 h from a regimen's start, with what earlier doses left in the body."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.case import Case
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
    if not case.model.linear:
        return lambda regimen: _auc(case, regimen.start, case.record.doses, _doses(regimen))
    left: dict[float, np.ndarray] = {}
    new: dict[Regimen, np.ndarray] = {}

    def summed(regimen: Regimen) -> np.ndarray:
        if regimen.start not in left:
            left[regimen.start] = _auc(case, regimen.start, case.record.doses, ())
        of_one_mg = replace(regimen, amount=1.0)
        if of_one_mg not in new:
            new[of_one_mg] = _auc(case, regimen.start, (), _doses(of_one_mg))
        return left[regimen.start] + regimen.amount * new[of_one_mg]

    return summed


def _doses(regimen: Regimen) -> tuple[Dose, ...]:
    return doses_of(regimen, until=regimen.start + DAY)


def _auc(case: Case, start: float, given: tuple[Dose, ...], extra: tuple[Dose, ...]) -> np.ndarray:
    subject = subject_from_record(case.model, replace(case.record, doses=given, levels=()), extra_doses=extra)
    return auc(case.model, subject, case.etas, [[start, start + DAY]])[:, 0]
