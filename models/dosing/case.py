"""One patient, the models that speak for him and one sample of their posteriors: all that the dosing steps share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.covariates import value_at
from models.dosing.advice import Regimen
from models.dosing.attainment import Attainment, attainment
from models.dosing.member import Member
from models.dosing.metric import metric_of
from models.dosing.profile import ProfileOf, profiles
from models.dosing.schedule import given
from models.drug import Drug
from models.fit import Sample, sample
from models.fit.average import Ensemble, ModelFit, draw_ensemble
from models.record import PatientRecord
from models.target import Target

FEW = 300  # a share of 300 draws is known to 3 points


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """members: the models in use, the one of highest weight first. record: doses given by now only.

    also: bounds that have to hold together with the target. mic: mg/L, where one is charted. unreliable: models whose
    draws do not stand for their posterior.
    """

    drug: Drug
    record: PatientRecord
    target: Target
    also: tuple[Target, ...]
    members: tuple[Member, ...]
    mic: float | None = None
    unreliable: tuple[str, ...] = ()

    @property
    def lead(self) -> Member:
        return self.members[0]

    @property
    def draws(self) -> int:
        return sum(len(member.etas) for member in self.members)

    @cached_property
    def adds_up(self) -> bool:
        """Whether what is left and what is new add up, whenever the new starts."""
        return all(member.model.linear and not member.model.drifts for member in self.members)

    @cached_property
    def _profiles(self) -> tuple[ProfileOf, ...]:
        return tuple(profiles(member) for member in self.members)

    def over(self, of_member: Callable[[Member], np.ndarray]) -> np.ndarray:
        """A quantity of each draw of each member, joined: (m, ...)."""
        return np.concatenate([of_member(member) for member in self.members])

    def trough(self, regimen: Regimen) -> np.ndarray:
        """(m,) at steady state."""
        return np.concatenate([profile(regimen).trough for profile in self._profiles])

    def peak(self, regimen: Regimen) -> np.ndarray:
        """(m,) at steady state."""
        return np.concatenate([profile(regimen).peak for profile in self._profiles])

    def metric(self, regimen: Regimen, target: Target | None = None) -> np.ndarray:
        """(m,) of the target, or of another, in its unit."""
        aim = target or self.target
        pairs = zip(self.members, self._profiles, strict=True)
        return np.concatenate([metric_of(member, of(regimen), regimen, aim, self.mic) for member, of in pairs])

    def attainment(self, regimen: Regimen) -> Attainment:
        """Shares of the draws that keep every bound, exceed one, or only fall short of one."""
        return attainment([(self.metric(regimen, aim), aim) for aim in (self.target, *self.also)])


def open_case(
    drug: Drug,
    fits: tuple[ModelFit, ...],
    ensemble: Ensemble,
    record: PatientRecord,
    *,
    target: Target,
    also: tuple[Target, ...] = (),
    seed: int,
    draws: int,
) -> Case:
    """Draws the sample, shared over the models by weight: the same seed gives the same case."""
    members, unreliable = drawn_members(fits, ensemble, record, seed=seed, draws=draws)
    return Case(
        drug=drug,
        record=given(record),
        target=target,
        also=also,
        members=members,
        mic=value_at(record, "mic", record.now),
        unreliable=unreliable,
    )


def drawn_members(
    fits: Sequence[ModelFit], ensemble: Ensemble, record: PatientRecord, *, seed: int, draws: int
) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """The models with a share of the draws, the one of highest weight first, and the unreliable ones (see Case).

    Where a model is not linear every regimen costs a search for its steady state, and FEW draws have to do.
    """
    unreliable: list[str] = []
    weighed = zip(fits, ensemble.members, strict=True)
    if any(part.weight > 0.0 and not fit.model.linear for fit, part in weighed):
        draws = min(draws, FEW)

    def drawn(k: int, count: int, own: int) -> np.ndarray:
        found = _sample(fits[k], count, own)
        if not found.reliable:
            unreliable.append(fits[k].model.id)
        return found.etas

    etas = draw_ensemble(ensemble, draws, seed=seed, by=drawn)
    members = [
        Member(model=fit.model, record=given(record), posterior=fit.posterior, etas=own, weight=part.weight)
        for fit, part, own in zip(fits, ensemble.members, etas, strict=True)
        if len(own)
    ]
    members.sort(key=lambda member: -member.weight)
    return tuple(members), tuple(unreliable)


def _sample(fit: ModelFit, count: int, seed: int) -> Sample:
    return sample(fit.model, fit.subject, fit.posterior, count, seed=seed, options=fit.options)
