"""The metric of a target for a regimen, for every draw."""

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.member import Member
from models.dosing.profile import Profile, Scaled
from models.errors import ModelsError
from models.target import Target

DAY = 24.0


def metric_of(
    member: Member, profile: Profile | Scaled, regimen: Regimen, target: Target, mic: float | None
) -> np.ndarray:
    """(m,) in the target's unit. mic: mg/L, of the drug's concentration unit; ModelsError where the target needs it."""
    return _total(member, profile, regimen, target, mic) * (1.0 if target.metric == "time_above" else target.free)


def _total(
    member: Member, profile: Profile | Scaled, regimen: Regimen, target: Target, mic: float | None
) -> np.ndarray:
    match target.metric:
        case "trough":
            return profile.trough
        case "peak":
            return profile.peak
        case "auc24":
            return profile.auc * (DAY / profile.interval)
        case "auc_interval":
            return profile.auc
        case "average":
            return profile.auc / profile.interval
        case "concentration_at":
            return profile.at(np.array([min(target.at, profile.interval)]))[:, 0]
        case "cumulative_auc":
            return _course(member, profile, regimen, target)
        case "auc24_mic":
            return profile.auc * (DAY / profile.interval) / _mic(mic, target)
        case "peak_mic":
            return profile.peak / _mic(mic, target)
        case "time_above":
            return time_above(profile.curve * target.free, profile.times, _mic(mic, target) * target.times_mic)


def _mic(mic: float | None, target: Target) -> float:
    if mic is None or not mic > 0.0:
        raise ModelsError(f"{target.metric} for {target.indication} needs a MIC above 0, got {mic}; chart it as mic")
    return mic


def time_above(curve: np.ndarray, times: np.ndarray, limit: float) -> np.ndarray:
    """(m,): share of the interval, %, that curve (m, t) at times (t,) lies above `limit`, straight between points."""
    over = curve - limit
    a, b = over[:, :-1], over[:, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = np.where((a > 0) == (b > 0), 0.0, a / (a - b))  # share of the step up to where it crosses
    share = np.where((a > 0) & (b > 0), 1.0, np.where(a > 0, crossing, np.where(b > 0, 1.0 - crossing, 0.0)))
    return 100.0 * (share * np.diff(times)).sum(axis=1) / (times[-1] - times[0])


def _course(member: Member, profile: Profile | Scaled, regimen: Regimen, target: Target) -> np.ndarray:
    """AUC of the doses given so far and of those that the course of `over` h still has, each to infinity."""
    doses = member.record.doses
    begun = doses[0].time if doses else regimen.start
    left = max(round((begun + target.over - regimen.start) / regimen.interval), 0)
    return member.given_auc + left * profile.auc
