"""All estimators on one patient: the fit, rules with their arithmetic, learned companions, and their verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.beside.concordance import said, verdict_of, widest
from models.beside.drawn import exposures_drawn
from models.beside.held import held
from models.beside.scheme import Charted, charted
from models.beside.shelf import Shelf
from models.beside.value import Beside, By, Opinion
from models.beside.working import working
from models.cohorts.design import CohortDesign
from models.cohorts.design import Metric as DesignMetric
from models.cohorts.exposure import exposures
from models.datafile import Refused
from models.dosing.advice import Regimen
from models.dosing.member import Member
from models.fit import Posterior
from models.learned.companion import Companion, Kind
from models.learned.inputs import row_of
from models.learned.predict import attributions, says
from models.population import PopulationModel
from models.record import PatientRecord
from models.rules.apply import Estimate, dose_for, estimate
from models.rules.frozen import FrozenRule
from models.silent import Silent
from models.target import Metric, unit_of

SHARE = 0.8  # of the intervals shown
_TOLD = 3  # inputs that moved a learned estimate most


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """reference: the design's, None where it does not hold the patient. fitted: the models that do, each as fitted.

    drawn: the models in use with the very draws of the advice beside which they speak, so that its fit is this fit.
    goal: middle of the target in the design's unit, None where it is of another metric. signed: only what somebody has
    put into use speaks. shelf: what there is for the drug; the card names the files that are refused.
    """

    design: CohortDesign
    reference: PopulationModel | None
    record: PatientRecord
    regimen: Regimen
    fitted: Sequence[tuple[PopulationModel, Posterior]]
    drawn: Sequence[Member]
    shelf: Shelf
    goal: float | None
    signed: bool


def beside(asked: Asked) -> Beside:
    """What each says of the exposure under the regimen in use; those who can not say why."""
    values = [exposures_drawn((one,), asked.record, asked.regimen, asked.design) for one in asked.drawn]
    fit = _fit(asked, values)
    told = charted(asked.design, asked.reference, asked.record, asked.regimen)
    others = tuple(_silent(asked, told)) if isinstance(told, tuple) else (*_rules(asked, told), *_learned(asked, told))
    opinions = (fit, *_single(asked, values), *others, *(_damaged(item) for item in asked.shelf.refused))
    # the corrected fit builds on the fit: its agreement would be no second opinion
    independent = tuple(one for one in others if one.exposure and one.by != "hybrid")
    ratio = widest(fit.exposure, (one.exposure for one in independent if one.exposure)) if fit.exposure else None
    verdict, models = verdict_of(ratio), [one.model.id for one in asked.drawn]
    return Beside(
        metric=METRICS[asked.design.metric],
        unit=unit_of(AIMS[asked.design.metric], asked.drawn[0].model.concentration_unit),
        amount=asked.regimen.amount,
        interval=asked.regimen.interval,
        opinions=opinions,
        verdict=verdict,
        widest=ratio,
        text=said(verdict, ratio, (fit, *independent), levels=bool(asked.record.levels)),
        held="" if isinstance(told, tuple) else held(asked.design, told.scheme.name, models, opinions),
    )


def _asked(asked: Asked, told: Charted) -> Iterator[Opinion]:
    yield from _rules(asked, told)
    yield from _learned(asked, told)


METRICS: Mapping[DesignMetric, str] = {"auc24": "AUC24", "trough": "trough", "course": "AUC of the course"}
# what targets call the same
AIMS: Mapping[DesignMetric, Metric] = {"auc24": "auc24", "trough": "trough", "course": "cumulative_auc"}


def _fit(asked: Asked, values: Sequence[np.ndarray]) -> Opinion:
    """The fit of the advice: by the same draws, so that card and table agree to the digit."""
    several = f"the fit ({len(asked.drawn)} models averaged)" if len(asked.drawn) > 1 else "the fit"
    return _by_draws(Opinion(by="fit", name="fit", words=several), np.concatenate(values))


def _single(asked: Asked, values: Sequence[np.ndarray]) -> tuple[Opinion, ...]:
    """The heaviest of several models by itself: what averaging changed. It is part of the fit and no second opinion."""
    if len(asked.drawn) < 2:
        return ()
    lead = asked.drawn[0]
    words = f"the heaviest of them alone ({lead.model.title.partition(':')[0]})"
    return (_by_draws(Opinion(by="single", name=lead.model.id, words=words), values[0]),)


def _by_draws(base: Opinion, values: np.ndarray) -> Opinion:
    if not values.size:
        return replace(base, silent=("no draw reaches a steady state",))
    low, middle, high = (float(v) for v in np.quantile(values, [(1 - SHARE) / 2, 0.5, (1 + SHARE) / 2]))
    return replace(base, exposure=middle, low=low, high=high)


def _silent(asked: Asked, reasons: tuple[str, ...]) -> Iterator[Opinion]:
    """A line for the rules and one for the companions that would have been asked, had the chart been like theirs."""
    rules = [_signed(one) for one in asked.shelf.rules if one.signed or not asked.signed]
    learned = [one.in_use for one in asked.shelf.companions if one.in_use or not asked.signed]
    if rules:
        yield Opinion(by="rule", name="rule", words="the rule", silent=reasons, signed=_together(rules))
    if learned:
        words = "the learned companion"
        yield Opinion(by="learned", name="learned", words=words, silent=reasons, signed=_together(learned))


def _together(signed: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, signed)))


REFUSED = "file refused"


def _damaged(item: Refused) -> Opinion:
    silent = (f"its file is refused: {item.reason}",)
    if item.file.endswith(".json"):
        return Opinion(by="learned", name=item.file, words="a learned companion", silent=silent, signed=REFUSED)
    return Opinion(by="rule", name=item.file, words="a rule", silent=silent, signed=REFUSED)


_FORMS = {"informed": "the rule", "alone": "the stand-alone rule"}


def _rules(asked: Asked, told: Charted) -> Iterator[Opinion]:
    for rule in sorted(asked.shelf.rules, key=lambda item: item.form != "informed"):
        if rule.scheme == told.scheme.name and (rule.signed or not asked.signed):
            yield _rule(rule, asked, told)


def _rule(rule: FrozenRule, asked: Asked, told: Charted) -> Opinion:
    base = Opinion(by="rule", name=rule.id, words=_FORMS[rule.form], hash=rule.hash, signed=_signed(rule))
    if reasons := _unasked(rule.training["population"], asked) if rule.form == "informed" else told.irregular:
        return replace(base, silent=reasons)
    values = dict(told.values)
    if np.isfinite(told.expected_exposure):
        values["expected_clearance"] = rule.output.factor * told.values["rate"] / told.expected_exposure
    flags = {name: bool(values.get(name)) for name in rule.absent}
    found = estimate(rule, values, flags)
    if isinstance(found, Silent):
        return replace(base, silent=found.reasons)
    low, high = _limits(rule, found)
    return replace(
        base,
        exposure=found.exposure,
        low=low,
        high=high,
        dose=dose_for(rule, found, asked.goal, asked.regimen.interval) if asked.goal else None,
        working=working(rule, found, values),
    )


def _unasked(made: Mapping[str, Any], asked: Asked) -> tuple[str, ...]:
    """Why an estimator that reads what the reference model expects is not asked. made: manifest of its population.

    What it was trained on is one content of that model; by another one it would be told something else.
    """
    model = asked.reference
    if model is None:
        return (f"what is expected of this patient is not known: {asked.design.reference} does not hold this patient",)
    if made["models"].get(model.id) != model.hash:
        return (f"{model.id} has changed since the training",)
    return ()


def _limits(rule: FrozenRule, found: Estimate) -> tuple[float | None, float | None]:
    spread = next((one for one in rule.spreads if one.share == SHARE), None)
    return found.interval(spread) if spread else (None, None)


def _signed(rule: FrozenRule) -> str:
    return str(rule.signature) if rule.signature else ""


_WORDS: dict[Kind, str] = {"exposure": "the learned companion", "hybrid": "the corrected fit"}
_NAMED: dict[Kind, By] = {"exposure": "learned", "hybrid": "hybrid"}


def _learned(asked: Asked, told: Charted) -> Iterator[Opinion]:
    starts: dict[Kind, float | None] = {"exposure": told.expected_exposure, "hybrid": _reference_fit(asked)}
    for kind, start in starts.items():
        for one in asked.shelf.companions:
            if (one.scheme, one.kind) == (told.scheme.name, kind) and (one.in_use or not asked.signed):
                yield _companion(one, asked, told, start)


def _reference_fit(asked: Asked) -> float | None:
    """The exposure at the mode of the reference model's fit, where it is among the fits."""
    for model, posterior in asked.fitted:
        if model.id == asked.design.reference and posterior.usable and asked.record.levels:
            value = exposures(model, asked.record, asked.regimen, posterior.eta[None], asked.design)[0]
            return float(value) if np.isfinite(value) else None
    return None


def _companion(one: Companion, asked: Asked, told: Charted, start: float | None) -> Opinion:
    base = Opinion(
        by=_NAMED[one.kind],
        name=one.id,
        words=_WORDS[one.kind],
        hash=one.hash,
        signed=one.in_use,
    )
    if reasons := (*_unasked(one.manifest["populations"][0], asked), *told.irregular):
        return replace(base, silent=reasons)
    if start is None or not np.isfinite(start):
        return replace(base, silent=("the exposure that it starts from is not known",))
    row = row_of(one.inputs, told.values, told.expected_exposure, told.expected_clearance)
    found = says(one, row, start)
    if isinstance(found, Silent):
        return replace(base, silent=found.reasons)
    low, high = next((item[1], item[2]) for item in found.intervals if item[0] == SHARE)
    return replace(base, exposure=found.exposure, low=low, high=high, working=tuple(_moved(one, row)))


def _moved(one: Companion, row: np.ndarray) -> Iterator[str]:
    """What moved the estimate most, against the median patient of its training."""
    shares = sorted(attributions(one, row), key=lambda item: -abs(np.log(item[1])))
    for name, factor in shares[:_TOLD]:
        if abs(np.log(factor)) > 0.005:
            yield f"{name}: moves the exposure by {100 * (factor - 1):+.0f} %"
