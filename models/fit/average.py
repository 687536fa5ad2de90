"""Several models of one drug for one patient: how far to trust each, by how well it foretold the levels."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import exp, inf, isfinite, log
from typing import Literal

import numpy as np

from models.events import O_TIME
from models.fit.evidence import log_evidence
from models.fit.mapfit import fit_map
from models.fit.options import FitOptions
from models.fit.posterior import Posterior
from models.fit.sample import draw
from models.population.model import PopulationModel
from models.subject import Subject

# evidence: posterior probabilities of the models, their average (Hoeting et al., Stat Sci 14(4):382-417, 1999).
# selection: the most probable one alone. Weights by the likelihood at the mode alone, as Uster et al. (Clin Pharmacol
# Ther 109(1):175-183, 2021) are implemented elsewhere, are not offered: they favour whichever model varies most between
# patients, as it pays nothing for the levels that it would have allowed as well.
Method = Literal["evidence", "selection"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelFit:
    """One model fitted to the patient's record, with what the fit was asked."""

    model: PopulationModel
    subject: Subject
    posterior: Posterior
    options: FitOptions = field(default_factory=FitOptions)


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """One model's part. prior: probability before the levels. weight: after them; 0 where left out, reason says why.

    log_evidence: log p(levels | model), NaN for a fit that is not usable.
    """

    model_id: str
    model_hash: str
    posterior: Posterior
    log_evidence: float
    prior: float
    weight: float
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Ensemble:
    """Members in the order of the fits; weights sum to 1, or are all 0 where no fit is usable."""

    members: tuple[Member, ...]
    method: Method

    @property
    def usable(self) -> bool:
        return any(member.weight > 0.0 for member in self.members)

    @property
    def best(self) -> Member:
        """The member of highest weight, of equals the first by id; ValueError where no fit is usable."""
        if not self.usable:
            raise ValueError("no model of the ensemble is usable: " + "; ".join(item.reason for item in self.members))
        return min(self.members, key=lambda member: (-member.weight, member.model_id))


def fit_each(subjects: Iterable[Subject], *, options: FitOptions | None = None) -> tuple[ModelFit, ...]:
    """The patient fitted by each model that he was prepared for."""
    options = options or FitOptions()
    return tuple(
        ModelFit(
            model=subject.model,
            subject=subject,
            posterior=fit_map(subject.model, subject, options=options),
            options=options,
        )
        for subject in subjects
    )


def average(
    fits: Sequence[ModelFit], *, method: Method = "evidence", priors: Mapping[str, float] | None = None
) -> Ensemble:
    """Weights of models fitted to the same levels; priors: by model id, above 0, any scale; None: equal.

    A fit that is not usable is left out, its reason kept. Without levels the weights are the priors.
    Raises ValueError for fits of other levels, units or options, a model twice, or a prior that is missing.
    """
    _check(fits, priors)
    given = np.array([1.0 if priors is None else priors[fit.model.id] for fit in fits])
    evidences = [log_evidence(fit.model, fit.subject, fit.posterior, options=fit.options) for fit in fits]
    scores = [log(p) + e if isfinite(e) else -inf for p, e in zip(given, evidences, strict=True)]
    weights = _weights(scores, [fit.model.id for fit in fits], method)
    return Ensemble(
        method=method,
        members=tuple(
            Member(
                model_id=fit.model.id,
                model_hash=fit.model.hash,
                posterior=fit.posterior,
                log_evidence=evidence,
                prior=float(p),
                weight=weight,
                reason=_reason(fit.posterior, evidence, weight, method),
            )
            for fit, evidence, p, weight in zip(fits, evidences, given / given.sum(), weights, strict=True)
        ),
    )


def shares(ensemble: Ensemble, n: int) -> tuple[int, ...]:
    """How many of n draws each member gets: by largest remainder, of equals the heavier member, then by id.

    Raises ValueError for a negative n, or an ensemble without a usable fit.
    """
    if n < 0 or not ensemble.usable:
        raise ValueError(f"can not share {n} draws" if n < 0 else "can not draw: no model of the ensemble is usable")
    exact = [member.weight * n for member in ensemble.members]
    counts = [int(value) for value in exact]
    order = sorted(
        (i for i, member in enumerate(ensemble.members) if member.weight > 0.0),
        key=lambda i: (counts[i] - exact[i], -ensemble.members[i].weight, ensemble.members[i].model_id),
    )
    for i in order[: n - sum(counts)]:
        counts[i] += 1
    return tuple(counts)


def draw_ensemble(
    ensemble: Ensemble, n: int, *, seed: int, by: Callable[[int, int, int], np.ndarray] | None = None
) -> tuple[np.ndarray, ...]:
    """n equally weighted random effects, shared over the members: (n_k, e_k) for each, (0, e_k) for one left out.

    by(k, n_k, seed_k): draws of member k; None: normal around its mode (fit.draw). Deterministic in seed; a member's
    draws do not depend on which others there are, but for their number. Raises ValueError as `shares` does.
    """
    chosen = by or (lambda k, count, own: draw(ensemble.members[k].posterior, count, seed=own))
    return tuple(
        chosen(k, count, _own_seed(seed, member)) if count else np.empty((0, member.posterior.eta.size))
        for k, (member, count) in enumerate(zip(ensemble.members, shares(ensemble, n), strict=True))
    )


def _own_seed(seed: int, member: Member) -> int:
    """Members must not share their random numbers, nor depend on their order."""
    return int.from_bytes(sha256(f"{seed} {member.model_id}".encode()).digest()[:8])


def _weights(scores: Sequence[float], ids: Sequence[str], method: Method) -> list[float]:
    best = max(scores)
    if best == -inf:
        return [0.0 for _ in scores]
    if method == "selection":
        chosen = min((id for id, score in zip(ids, scores, strict=True) if score == best))
        return [float(id == chosen) for id in ids]
    raw = [exp(score - best) for score in scores]
    return [value / sum(raw) for value in raw]


def _reason(posterior: Posterior, evidence: float, weight: float, method: Method) -> str:
    if not posterior.usable:
        return f"left out: fit {posterior.status} ({posterior.message})"
    if not isfinite(evidence):
        return "left out: its likelihood of the levels can not be computed"
    return "not selected: another model foretold the levels better" if method == "selection" and not weight else ""


def _check(fits: Sequence[ModelFit], priors: Mapping[str, float] | None) -> None:
    ids = [fit.model.id for fit in fits]
    if not fits or len(set(ids)) != len(ids):
        raise ValueError(f"an ensemble needs at least one model, and each once; got {', '.join(ids) or 'none'}")
    first = fits[0]
    for fit in fits[1:]:
        if not _same_levels(fit.subject, first.subject):
            raise ValueError(f"{fit.model.id} and {first.model.id} were fitted to other levels; expected the same")
        if (fit.options.level_half_life, fit.options.now) != (first.options.level_half_life, first.options.now):
            raise ValueError(f"{fit.model.id} and {first.model.id} weight levels by age in other ways")
        if fit.model.concentration_unit != first.model.concentration_unit:
            units = f"{fit.model.concentration_unit} and {first.model.concentration_unit}"
            raise ValueError(f"{fit.model.id} and {first.model.id} predict {units}; expected one unit")
    if priors is not None:
        wrong = [id for id in ids if not 0.0 < priors.get(id, 0.0) < inf]
        if wrong:
            raise ValueError(f"the prior of {', '.join(wrong)} is missing or not above 0; name each model's")


def _same_levels(a: Subject, b: Subject) -> bool:
    times = np.array_equal(a.events.obs[:, O_TIME], b.events.obs[:, O_TIME])
    return times and np.array_equal(a.levels, b.levels)
