"""The use case: from one patient's chart for one drug to an Advice, or to "still being estimated"."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from cds_server.estimation import fit_request, restored
from cds_server.issued import IssuedAdvice as IssuedAdvice
from cds_server.parts import Parts
from fhir.chart import Chart, OrderedRegimen
from models.beside.standing import standing
from models.beside.value import Beside
from models.dosing.advice import Advice, Declined, Regimen
from models.dosing.candidates import duration
from models.dosing.case import Case as Searched
from models.dosing.choose import ModelChoice, choose
from models.dosing.declining import declined, unique
from models.dosing.recommend import estimate_only, recommend
from models.drug import Drug
from models.findings import Finding, Severity
from models.fit import prior
from models.fit.posterior import Posterior
from models.population import PopulationModel

# What would mend the findings of reading a chart; those of models/ bring their own.
_WOULD_HELP = {
    "other-patient": "Finding out whose data these are, and correcting the chart they are filed in.",
    "several-drafts": "One draft order of this drug at a time.",
    "route-not-covered": "An order by a route that the model was made for.",
}
_WOULD_HELP_ELSE = "Completing or correcting these entries in the chart; the advice is computed anew at the next order."


@dataclass(frozen=True, kw_only=True)
class Case:
    """ordered: the draft at hand, None where there is none. findings: noticed outside the chart."""

    drug: Drug
    chart: Chart
    ordered: OrderedRegimen | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """advice None: the estimate is not there yet. key: of the estimate, None where no level needed one."""

    advice: Advice | None
    key: str | None = None
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A case that can be advised on. choice: the models that hold the patient; seen: what was noticed on the way."""

    ordered: Regimen | None
    current: Regimen | None
    choice: ModelChoice
    seen: tuple[Finding, ...]


def prime(case: Case, parts: Parts) -> None:
    """Have the estimate computed that `advise` will ask for, and do not wait for it."""
    asked = _asked(case, parts)
    if isinstance(asked, _Asked) and case.chart.record.levels:
        parts.estimator.prime(fit_request(asked.choice.usable, case.chart.record))


def advise(case: Case, parts: Parts, *, spent_s: float = 0.0) -> Outcome:
    """The advice on one drug; raises EstimateFailed and what models/ raises for a record it can not use.

    spent_s: of the call's budget, on its other drugs.
    """
    asked = _asked(case, parts)
    if isinstance(asked, Declined):
        return Outcome(advice=asked)
    posteriors, key = _posteriors(asked.choice.usable, case, parts, spent_s)
    if posteriors is None:
        return Outcome(advice=None, key=key)
    (model, posterior), *others = zip(asked.choice.usable, posteriors, strict=True)
    advice = recommend(
        case.drug,
        model,
        case.chart.record,
        posterior,
        others=others,
        left_out=asked.choice.left_out,
        method="selection" if case.drug.policy.method == "selection" else "evidence",
        current=asked.current,
        ordered=asked.ordered,
        findings=asked.seen,
        seed=parts.settings.seed,
        draws=parts.settings.draws,
        beside=_others(asked, posteriors, case, parts),
    )
    return Outcome(advice=_doubted(advice), key=key)


def _others(
    asked: _Asked, posteriors: tuple[Posterior, ...], case: Case, parts: Parts
) -> Callable[[Searched], Beside | None] | None:
    """How independent estimators are asked of the regimen in use, or as ordered; None where none is to be."""
    if parts.settings.companions == "none":
        return None
    return lambda searched: standing(
        parts.shelf,
        parts.catalog,
        searched,
        case.chart.record,
        tuple(zip(asked.choice.usable, posteriors, strict=True)),
        asked.current or asked.ordered,
        signed=parts.settings.companions == "signed",
    )


def _doubted(advice: Advice) -> Advice:
    """A disagreement of the estimators is said as a finding."""
    if isinstance(advice, Declined) or advice.beside is None or advice.beside.verdict != "disagree":
        return advice
    doubt = Finding(code="estimators-disagree", severity="warning", text=advice.beside.text)
    return replace(advice, findings=(*advice.findings, doubt))


def _asked(case: Case, parts: Parts) -> _Asked | Declined:
    """What there is to compare and to fit, or why no dose can be advised whatever a fit would say."""
    models = parts.catalog.models_for(case.drug.name)
    if case.drug.estimate_only:
        return declined(case.drug, models[0], (estimate_only(case.drug),))
    ordered, remarks = _regimen(case.ordered, case.drug, "ordered")
    current, more = _regimen(case.chart.current, case.drug, "current")
    seen = unique((*case.chart.findings, *case.findings, *remarks, *more))
    if serious := tuple(item for item in seen if item.severity == "critical"):
        return _refused(case.drug, serious, seen)
    first = ordered or current
    choice = choose(case.drug, models, case.chart.record, route=first.route if first else None)
    if not choice.usable:
        return _no_model(case.drug, choice, seen)
    return _Asked(ordered=ordered, current=current, choice=choice, seen=seen)


def _refused(drug: Drug, serious: tuple[Finding, ...], seen: Iterable[Finding]) -> Declined:
    helps = dict.fromkeys(_WOULD_HELP.get(item.code, _WOULD_HELP_ELSE) for item in serious)
    rest = tuple(item for item in seen if item not in serious)
    return Declined(drug=drug.name, reasons=serious, would_help=tuple(helps), findings=rest)


def _no_model(drug: Drug, choice: ModelChoice, seen: tuple[Finding, ...]) -> Declined:
    """No model holds the patient: the refusal of the first, which names its reasons, and why no other one does."""
    serious = tuple(item for item in choice.findings if item.severity == "critical")
    refusal = declined(drug, choice.first, serious, (*seen, *choice.findings))
    return replace(refusal, considered=choice.left_out)


def _posteriors(
    models: tuple[PopulationModel, ...], case: Case, parts: Parts, spent_s: float
) -> tuple[tuple[Posterior, ...] | None, str | None]:
    """Without a level the populations themselves, which need no worker."""
    if not case.chart.record.levels:
        return tuple(prior(model) for model in models), None
    request = fit_request(models, case.chart.record)
    fits = parts.estimator.estimate(request, spent_s=spent_s)
    return restored(fits, case.chart.record) if fits else None, request.key


def _regimen(order: OrderedRegimen | None, drug: Drug, label: str) -> tuple[Regimen | None, tuple[Finding, ...]]:
    """An order as a regimen to compare with, and what had to be assumed or could not be read."""
    if order is None:
        return None, ()
    if order.route is not None and order.route not in drug.routes:
        text = f"The {label} route ({order.route}) is not one that {drug.display} is modelled for."
        severity: Severity = "critical" if label == "ordered" else "warning"
        return None, (Finding(code="route-not-covered", severity=severity, text=text, sources=(order.source,)),)
    if order.amount is None or order.interval is None or order.route is None:
        text = f"Dose, interval or route of the {label} regimen can not be read; it is not among those compared."
        return None, (Finding(code=f"{label}-unreadable", severity="warning", text=text, sources=(order.source,)),)
    hours, remark = _duration(order, order.amount, drug, label)
    if not _comparable(order.amount, order.interval, hours):
        text = (
            f"The {label} regimen, {order.amount:,.6g} mg every {order.interval:,.6g} h over {hours:,.6g} h, "
            "is not one that can be given repeatedly; it is not among those compared. Dose, interval and infusion time "
            "are worth a check."
        )
        return None, (Finding(code=f"{label}-unreadable", severity="warning", text=text, sources=(order.source,)),)
    regimen = Regimen(amount=order.amount, interval=order.interval, duration=hours, route=order.route, start=0.0)
    return regimen, remark


def _comparable(amount: float, interval: float, hours: float) -> bool:
    """Whether a repeated regimen is one at all; beyond these house figures a steady state has no meaning."""
    return 0.0 < amount <= 1e6 and 1.0 <= interval <= 24.0 * 92 and 0.0 <= hours <= interval


def _duration(order: OrderedRegimen, amount: float, drug: Drug, label: str) -> tuple[float, tuple[Finding, ...]]:
    if order.duration is not None:
        return order.duration, ()
    product = next(item for item in drug.products if item.route == order.route and not item.continuous)
    hours = duration(product, amount)
    if not hours:
        return hours, ()
    text = f"The {label} regimen does not say how long the infusion takes; {hours:g} h, the usual rate, was taken."
    return hours, (Finding(code=f"{label}-duration-assumed", severity="info", text=text, sources=(order.source,)),)
