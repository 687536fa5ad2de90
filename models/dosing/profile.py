"""What a regimen given for ever does under one model: trough, peak, AUC and curve of every draw."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from models.dosing.advice import Regimen
from models.dosing.member import Member
from models.pk import accumulates, steady_curve, steady_state
from models.pk.exposure import highest
from models.pk.response import Response

# closer together at first, where absorption and the infusion bend the curve
POINTS = 48


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """Of one regimen; arrays (m,), in the model's concentration unit. auc: over one interval. at: h (t,) -> (m, t)."""

    interval: float
    duration: float
    auc: np.ndarray
    at: Callable[[np.ndarray], np.ndarray]
    direct: bool  # the dose goes straight into what is measured: the peak is the end of the infusion

    @cached_property
    def times(self) -> np.ndarray:
        """(t,): a grid over the interval, its end and the end of the infusion in it."""
        grid = self.interval * (np.arange(POINTS + 1) / POINTS) ** 2
        return np.unique(np.append(grid, min(self.duration, self.interval)))

    @cached_property
    def curve(self) -> np.ndarray:
        """(m, t) over `times`."""
        return self.at(self.times)

    @cached_property
    def trough(self) -> np.ndarray:
        return self.at(np.array([self.interval]))[:, 0]

    @cached_property
    def peak(self) -> np.ndarray:
        """The end of the infusion; else the highest of the grid, refined by the parabola through its neighbours."""
        if self.direct:
            return self.at(np.array([min(self.duration, self.interval)]))[:, 0]
        return highest(self.curve, self.times)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaled:
    """The profile of a linear model for another amount; what is asked of it is worked out once, for 1 mg."""

    unit: Profile
    amount: float

    @property
    def interval(self) -> float:
        return self.unit.interval

    @property
    def times(self) -> np.ndarray:
        return self.unit.times

    @property
    def auc(self) -> np.ndarray:
        return self.unit.auc * self.amount

    @property
    def trough(self) -> np.ndarray:
        return self.unit.trough * self.amount

    @property
    def peak(self) -> np.ndarray:
        return self.unit.peak * self.amount

    @property
    def curve(self) -> np.ndarray:
        return self.unit.curve * self.amount

    def at(self, times: np.ndarray) -> np.ndarray:
        return self.unit.at(times) * self.amount


ProfileOf = Callable[[Regimen], Profile | Scaled]


def profiles(member: Member) -> ProfileOf:
    """The profile of any regimen; for a linear model worked out once for each interval, duration and route."""
    if not member.model.linear:
        return lambda regimen: _by_kernels(member, regimen)
    units: dict[Regimen, Profile] = {}

    def profile(regimen: Regimen) -> Scaled:
        one_mg = replace(regimen, amount=1.0, start=0.0)
        if one_mg not in units:
            by_modes = member.response(regimen.route)
            units[one_mg] = _by_modes(member, by_modes, one_mg) if by_modes else _by_kernels(member, one_mg)
        return Scaled(unit=units[one_mg], amount=regimen.amount)

    return profile


def _by_modes(member: Member, modes: Response, regimen: Regimen) -> Profile:
    return Profile(
        interval=regimen.interval,
        duration=regimen.duration,
        auc=modes.auc(),
        at=lambda times: modes.steady(times, interval=regimen.interval, duration=regimen.duration),
        direct=_direct(member, regimen),
    )


def _by_kernels(member: Member, regimen: Regimen) -> Profile:
    covariates = member.covariates | ({"dose": regimen.amount} if "dose" in member.covariates else {})
    dose = {
        "amount": regimen.amount,
        "interval": regimen.interval,
        "duration": regimen.duration,
        "route": regimen.route,
    }
    beyond = accumulates(member.model, covariates, member.etas, **dose)  # type: ignore[arg-type]

    def known(values: np.ndarray) -> np.ndarray:
        """Where intake is above what elimination can clear there is no steady state: it grows without end."""
        return np.where(beyond if values.ndim == 1 else beyond[:, None], np.inf, values)

    state = steady_state(member.model, covariates, member.etas, **dose)  # type: ignore[arg-type]
    profile = Profile(
        interval=regimen.interval,
        duration=regimen.duration,
        auc=known(state.auc24) * regimen.interval / 24.0,
        at=lambda times: known(
            steady_curve(member.model, covariates, member.etas, times=times, **dose)  # type: ignore[arg-type]
        ),
        direct=False,
    )
    profile.__dict__["trough"], profile.__dict__["peak"] = known(state.trough), known(state.peak)
    return profile


def _direct(member: Member, regimen: Regimen) -> bool:
    observed = member.model.outputs[0].compartment
    return member.model.structure.routes[regimen.route] == (observed,) and not member.model.structure.dosing.get(
        observed
    )
