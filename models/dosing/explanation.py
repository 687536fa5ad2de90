"""What moved the estimate, as values: each covariate's factor on each parameter, each level's pull on it."""

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite, log, nan

import numpy as np

from models.covariates import shown, words
from models.dosing.advice import CovariateMove, Explanation, LevelMove
from models.dosing.explain import WORTH_SAYING, named
from models.dosing.member import Member
from models.fit import LevelPull, diagnose
from models.fit.posterior import LevelFit
from models.pk import parameters
from models.population import Parameter
from models.population.effects import WITHOUT_CENTRE, typical_values
from models.units import COVARIATES

SMALLEST = 0.005  # a factor that rounds to nothing in per cent is no move


def explained(member: Member) -> Explanation:
    """Of the leading model. A covariate's factor: typical value with it over without its effects, at the reference.

    Effects without a reference patient (a value per kilogram) move nothing and are left out. A level's factor: the
    estimate with it over the estimate fitted to all others; where the others have no estimate, the level is left out.
    """
    return Explanation(
        covariates=tuple(move for item in member.model.parameters for move in _by_covariates(member, item)),
        levels=tuple(_by_levels(member)),
    )


def _by_covariates(member: Member, parameter: Parameter) -> Iterator[CovariateMove]:
    names = tuple(need.name for need in member.model.needs)
    row = np.array([[member.covariates[name] for name in names]])
    whole = float(typical_values((parameter,), names, row)[0, 0])
    for covariate in dict.fromkeys(effect.covariate for effect in parameter.effects):
        own = [effect for effect in parameter.effects if effect.covariate == covariate]
        if any(effect.kind in WITHOUT_CENTRE for effect in own):
            continue
        rest = replace(parameter, effects=tuple(effect for effect in parameter.effects if effect not in own))
        without = float(typical_values((rest,), names, row)[0, 0])
        factor = whole / without if without else nan  # what another covariate has switched off has no factor
        if isfinite(factor) and abs(factor - 1.0) >= SMALLEST:
            yield _covariate_move(member, parameter, covariate, factor, own[0].numbers.get("reference"))


def _covariate_move(
    member: Member, parameter: Parameter, covariate: str, factor: float, reference: float | None
) -> CovariateMove:
    unit = COVARIATES.get(covariate, next(n.unit for n in member.model.needs if n.name == covariate))
    value = member.covariates[covariate]
    name = named(parameter.name, parameter.symbol)
    usual = f" against {shown(covariate, reference, unit)}" if reference is not None else ""
    text = f"{_sentence(words(covariate))} of {shown(covariate, value, unit)}{usual} makes {name} {_change(factor)}."
    return CovariateMove(
        parameter=parameter.name,
        covariate=covariate,
        value=value,
        unit=unit,
        reference=reference,
        factor=factor,
        text=text,
    )


def _by_levels(member: Member) -> Iterator[LevelMove]:
    posterior = member.posterior
    if posterior.status != "converged":
        return
    pulls = diagnose(member.model, member.subject, posterior).levels
    for pull, fit in zip(pulls, posterior.levels, strict=True):
        if isfinite(pull.influence):
            yield _level_move(member, pull, fit)


def _level_move(member: Member, pull: LevelPull, fit: LevelFit) -> LevelMove:
    """The parameter that moves most, in fold."""
    posterior = member.posterior
    without = posterior.eta + np.array(pull.shift) * np.sqrt(np.diag(posterior.covariance))
    values = parameters(member.model, member.subject, np.vstack([posterior.eta, without]), member.record.now)
    there = [item.name for item in member.model.parameters if values[item.name][1] != 0.0]
    factors = {name: float(values[name][0] / values[name][1]) for name in there}
    told = [item for item in member.model.parameters if item.name in factors]
    most = max(told, key=lambda item: abs(log(factors[item.name])))
    ago, unit = member.record.now - fit.time, member.model.concentration_unit
    name, factor = named(most.name, most.symbol), factors[most.name]
    moved = f"makes {name} {_change(factor)} than the rest would say"
    text = f"The level of {fit.observed:.4g} {unit} ({ago:.1f} h ago) {moved if _worth(factor) else 'moves little'}."
    return LevelMove(
        time=fit.time,
        source=fit.source,
        observed=fit.observed,
        unit=unit,
        parameter=most.name,
        factor=factor,
        factors=tuple(factors.items()),
        influence=pull.influence,
        text=text,
    )


def _worth(factor: float) -> bool:
    return abs(factor - 1.0) >= WORTH_SAYING


def _change(factor: float) -> str:
    if factor >= 2.0:
        return f"{factor:.1f} times as high"
    return f"{100 * abs(factor - 1.0):.0f} % {'higher' if factor > 1.0 else 'lower'}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
