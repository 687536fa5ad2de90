"""A loading dose: the first dose whose own day, or interval, comes nearest to the target, where a maintenance dose does
not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from models.dosing.advice import LoadingDose, Regimen
from models.dosing.attainment import Attainment, attainment, interval
from models.dosing.candidates import duration, fits
from models.dosing.case import Case
from models.dosing.limits import broken_limits
from models.dosing.member import Member
from models.dosing.metric import time_above
from models.drug import Product
from models.findings import Finding
from models.pk import auc, concentrations
from models.record import Dose
from models.subject import Subject, subject_from_record
from models.target import Metric, Target
from models.units import unit_words

DAY = 24.0
# a loading dose is named only where it reaches the target more often by this; house figure, as for regimens
WORTH = 0.05
GRID = 24  # points of the first interval for a peak or a time above a concentration
# metrics that a first day or interval has too; a course counts all of its doses alike
OF_A_START: tuple[Metric, ...] = (
    "auc24", "auc24_mic", "average", "auc_interval", "trough", "peak", "peak_mic", "concentration_at", "time_above"
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Start:
    """loading: None where it is of no use or none is allowed; finding: says which."""

    loading: LoadingDose | None
    finding: Finding


def loading_dose(case: Case, maintenance: Regimen, weight: float | None) -> Start | None:
    """The loading dose that goes with a maintenance regimen; None where something was given or none is usual.

    Judged by the first 24 h (AUC and average) or the first interval (trough, peak, time above), the maintenance doses
    that follow included, on the same draws. Of doses that reach the target equally often within 5 points the smallest.
    """
    if case.record.doses or not case.drug.loading_source or case.target.metric not in OF_A_START:
        return None
    plain = _judged(case, maintenance, maintenance)
    options = [item for item in _candidates(case, maintenance) if not _breaks(case, item, maintenance, weight)]
    judged = [(item, _judged(case, item, maintenance)) for item in options]
    top = max((shares.inside for _, (shares, _) in judged), default=0.0)
    if top < plain[0].inside + WORTH:
        return Start(loading=None, finding=_not_needed(case, plain))
    chosen, (shares, values) = next(pair for pair in judged if pair[1][0].inside >= top - WORTH)
    loading = LoadingDose(
        regimen=chosen,
        early=interval(values, case.target.unit),
        attainment=shares.inside,
        below=shares.below,
        above=shares.above,
        attainment_without=plain[0].inside,
        early_without=interval(plain[1], case.target.unit),
        over=early_words(case.target, maintenance),
    )
    return Start(loading=loading, finding=_worth(case, loading))


def _candidates(case: Case, maintenance: Regimen) -> Iterator[Regimen]:
    """Larger doses in the product's steps, up to the drug's largest single dose, smallest first."""
    fitting = [
        item
        for item in case.drug.products
        if fits(item, case.record)
        and item.route == maintenance.route
        and maintenance.interval in item.intervals
        and not item.continuous
    ]
    if not fitting:
        return
    # the finest steps that are open to the patient: a newborn's dose does not go in those of an adult
    product = min(fitting, key=lambda item: item.increment)
    single = case.drug.limits.single
    largest = single.value if single else 2.0 * product.largest
    for step in range(round(maintenance.amount / product.increment) + 1, int(largest / product.increment + 1e-9) + 1):
        yield _given_once(product, step * product.increment, maintenance)


def _given_once(product: Product, amount: float, maintenance: Regimen) -> Regimen:
    hours = max(duration(product, amount), maintenance.duration)
    return replace(maintenance, amount=amount, duration=hours)


def _breaks(case: Case, option: Regimen, maintenance: Regimen, weight: float | None) -> bool:
    """The hard limits, last: of the dose itself, and of the day that it begins."""
    if option.duration > maintenance.interval:
        return True
    once = replace(option, interval=DAY)
    day = option.amount + maintenance.amount * sum(1 for _ in _later(maintenance, DAY))
    limits = replace(case.drug.limits, single=None, single_per_kg=None, rate=None)
    whole_day = replace(option, amount=day, interval=DAY)
    alone = broken_limits(once, case.drug, weight)
    return bool(alone or broken_limits(whole_day, replace(case.drug, limits=limits), weight))


def _later(maintenance: Regimen, until: float) -> Iterator[float]:
    """Hours after the first dose at which maintenance doses start."""
    k = 1
    while k * maintenance.interval < until - 1e-9:
        yield k * maintenance.interval
        k += 1


def _judged(case: Case, first: Regimen, maintenance: Regimen) -> tuple[Attainment, np.ndarray]:
    early = _early(case, first, maintenance)
    aims = [aim for aim in (case.target, *case.also) if aim.metric in OF_A_START]
    values = [(early(aim), aim) for aim in aims]
    return attainment(values), values[0][0]


def _early(case: Case, first: Regimen, maintenance: Regimen) -> Callable[[Target], np.ndarray]:
    doses = tuple(_doses(first, maintenance))

    def of(target: Target) -> np.ndarray:
        def one(member: Member) -> np.ndarray:
            subject = subject_from_record(member.model, member.record, extra_doses=doses)
            return _metric(member, subject, first, maintenance, target, case.mic or np.nan)

        return case.over(one)

    return of


def _doses(first: Regimen, maintenance: Regimen) -> Iterator[Dose]:
    yield Dose(time=first.start, amount=first.amount, route=first.route, duration=first.duration)
    for hours in _later(maintenance, max(DAY, maintenance.interval)):
        yield Dose(
            time=first.start + hours, amount=maintenance.amount, route=first.route, duration=maintenance.duration
        )


def _metric(
    member: Member, subject: Subject, first: Regimen, maintenance: Regimen, target: Target, mic: float
) -> np.ndarray:
    start, end = first.start, first.start + maintenance.interval

    def curve(times: np.ndarray) -> np.ndarray:
        return target.free * concentrations(member.model, subject, member.etas, times)

    def area(hours: float) -> np.ndarray:
        return target.free * auc(member.model, subject, member.etas, [[start, start + hours]])[:, 0]

    match target.metric:
        case "auc24":
            return area(DAY)
        case "auc24_mic":
            return area(DAY) / mic
        case "auc_interval":
            return area(maintenance.interval)
        case "average":
            return area(max(DAY, maintenance.interval)) / max(DAY, maintenance.interval)
        case "trough":
            return curve(np.array([end]))[:, 0]
        case "concentration_at":
            return curve(np.array([start + min(target.at, maintenance.interval)]))[:, 0]
    times = np.unique(np.append(np.linspace(start, end, GRID + 1), start + first.duration))
    values = curve(times)
    if target.metric == "time_above":
        return time_above(values, times, mic * target.times_mic)
    highest = values.max(axis=1)
    return highest / mic if target.metric == "peak_mic" else highest


def early_words(target: Target, maintenance: Regimen) -> str:
    """What the figures of a loading dose are about: 'the first 24 h', 'the end of the first 12 h'."""
    if target.metric in ("auc24", "auc24_mic"):
        return "the first 24 h"
    if target.metric == "average":
        return f"the first {max(DAY, maintenance.interval):g} h"
    if target.metric == "trough":
        return f"the end of the first {maintenance.interval:g} h"
    return f"the first {maintenance.interval:g} h"


def _not_needed(case: Case, plain: tuple[Attainment, np.ndarray]) -> Finding:
    shares, values = plain
    found = interval(values, case.target.unit)
    text = (
        f"No loading dose within the limits would reach the target clearly more often at the start: with the proposed "
        f"dose from the first on, {found.median:.3g} {unit_words(found.unit)} is expected then, in the target with "
        f"{100 * shares.inside:.0f} %."
    )
    return Finding(code="loading-not-needed", severity="info", text=text)


def _worth(case: Case, loading: LoadingDose) -> Finding:
    early = f"median {loading.early.median:.3g} {unit_words(loading.early.unit)}"
    text = (
        f"A first dose of {loading.regimen.amount:g} mg is expected to reach the target in {loading.over} with "
        f"{100 * loading.attainment:.0f} % ({early}), the proposed dose "
        f"from the first on with {100 * loading.attainment_without:.0f} % ({loading.early_without.median:.3g}); the "
        f"next dose would follow {loading.regimen.interval:g} h later."
    )
    return Finding(code="loading-dose", severity="info", text=text)
