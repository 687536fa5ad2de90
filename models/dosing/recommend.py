"""From a fitted patient to a Recommendation, or to Declined with reasons."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import isfinite

from models.beside.value import Beside
from models.covariates import value_at
from models.dosing.advice import Advice, ModelConsidered, Recommendation, Regimen, RegimenOutcome
from models.dosing.applicability import applicable
from models.dosing.askable import can_be_asked
from models.dosing.attainment import Attainment
from models.dosing.candidates import candidates
from models.dosing.case import Case, open_case
from models.dosing.consistency import contradictions
from models.dosing.consistency import left_out as contradicting
from models.dosing.curve import curve
from models.dosing.data_age import data_age
from models.dosing.declining import declined, model_used, unique
from models.dosing.estimates import estimates
from models.dosing.explain import differs
from models.dosing.explanation import explained
from models.dosing.first_day import first_days
from models.dosing.level_checks import infusion_findings, unexplained, unexplained_findings
from models.dosing.limits import broken_limits
from models.dosing.loading import loading_dose
from models.dosing.narrow import narrowed
from models.dosing.next_sample import next_sample
from models.dosing.optimise import ranked
from models.dosing.outcome import Label, outcome
from models.dosing.plausibility import above_its_history, implausible_estimate, odd_levels
from models.dosing.recency import not_given, recency
from models.dosing.remarks import no_loading_dose, on_regimens, poor_attainment
from models.dosing.schedule import Schedule, schedule
from models.dosing.start import Start, starts_of
from models.dosing.targets import TargetChoice, find_target, given_target
from models.drug import Drug
from models.findings import Finding
from models.fit import Posterior
from models.fit.average import Ensemble, Method, ModelFit, average
from models.fit.draw_time import draw_time_doubts
from models.population import PopulationModel
from models.record import PatientRecord, Route
from models.subject import covariate_findings, subject_from_record
from models.target import Target, metric_words, range_words
from models.units import unit_words

# the highest attainment of all regimens under which none is proposed, and how often the best may be above a bound at
# most; house figures
OUT_OF_REACH, TOO_OFTEN_ABOVE = 0.10, 0.60


def recommend(
    drug: Drug,
    model: PopulationModel,
    record: PatientRecord,
    posterior: Posterior,
    *,
    others: Sequence[tuple[PopulationModel, Posterior]] = (),
    left_out: Sequence[ModelConsidered] = (),
    method: Method = "evidence",
    target: Target | None = None,
    current: Regimen | None = None,
    ordered: Regimen | None = None,
    route: Route | None = None,
    findings: Iterable[Finding] = (),
    seed: int,
    draws: int = 1000,
    beside: Callable[[Case], Beside | None] | None = None,
) -> Advice:
    """The regimens most likely to reach the target, with the basis for them, or Declined.

    others: further models that hold the patient, each with its posterior; the answer is averaged over all by how well
    they foretold the levels (models.fit.average), and the heaviest leads. left_out: passed on, for the table of models.
    target: None = the drug file's for this patient. current, ordered: compared with the proposal; their `start` is
    replaced by the time the next dose is due. route: of the regimens searched, for a switch; None = that of the order,
    else of the regimen in use. findings: what earlier steps noticed, passed on. seed: of the sample of
    `draws` from the posteriors; the same input and seed give the same answer. beside: what independent estimators say,
    asked of the case that the recommendation was made from.
    Raises ModelsError where drug, model, record and posterior do not belong together, UnitError for a target in
    another unit, RecordError for a compared regimen that can not be.
    """
    can_be_asked(drug, record, ((model, posterior), *others), current=current, ordered=ordered, route=route)
    if drug.estimate_only:
        return declined(drug, model, (estimate_only(drug),), tuple(findings))
    choice = (
        given_target(drug, target) if target else find_target(drug, record, continuous=_continuous(ordered, current))
    )
    if choice is None:
        return declined(drug, model, (*_critical(applicable(model, drug, record)), _no_target(drug)), tuple(findings))
    posteriors = (posterior, *(fitted for _, fitted in others))
    if refusals := _refusals(drug, model, record, choice, posteriors):
        return declined(drug, model, refusals, (*findings, *applicable(model, drug, record), *choice.findings))
    fits = [_fit(one, record, fitted) for one, fitted in ((model, posterior), *others)]
    ensemble = average(fits, method=method)
    lead = next(fit for fit in fits if fit.model.id == ensemble.best.model_id)
    seen = (*findings, *applicable(lead.model, drug, record), *choice.findings)
    doubts = (*recency(drug, record, current), *_doubts(drug, lead.model, record, lead.posterior, seed))
    seen += (*doubts, *_not_read(drug))
    considered = (*_considered(ensemble, fits), *left_out)
    if refusals := _critical(doubts):
        return replace(declined(drug, lead.model, refusals, seen), considered=considered)
    case = open_case(
        drug, tuple(fits), ensemble, record, target=choice.target, also=choice.also, seed=seed, draws=draws
    )
    seen += (*covariate_findings(lead.model, case.record), *data_age(drug, record), *infusion_findings(record))
    seen += (*unexplained_findings(lead.posterior, record, drug.concentration_unit), *_unreliable(case))
    seen += (*_draw_times(lead, record), *_mic_not_used(record, choice))
    advice = replace(_search(case, choice, current, ordered, route, seen, seed), considered=considered)
    return replace(advice, beside=beside(case)) if beside and isinstance(advice, Recommendation) else advice


def _refusals(
    drug: Drug, model: PopulationModel, record: PatientRecord, choice: TargetChoice, posteriors: Sequence[Posterior]
) -> tuple[Finding, ...]:
    """Why none is proposed, known before anything is averaged: the first kind of reason that holds, or ()."""
    first, *others = posteriors
    refusals = _critical(applicable(model, drug, record)) or _no_mic(drug, record, choice)
    refusals = refusals or (() if any(p.usable for p in others) else _not_fitted(first))
    return refusals or _needs_level(drug, tuple(posteriors))


def _search(
    case: Case,
    choice: TargetChoice,
    current: Regimen | None,
    ordered: Regimen | None,
    asked: Route | None,
    seen: tuple[Finding, ...],
    seed: int,
) -> Advice:
    plan = schedule(case.record, current)
    weight = value_at(case.record, "weight", case.record.now)
    # from when it would be given on: what a course still reaches depends on the doses left in it
    route = asked or _route(case, current, ordered)
    continuous = route == "iv" and _continuous(ordered, current)
    found = candidates(case.drug, route, case.record, start=case.record.now, continuous=continuous)
    found = _of_the_course(case, plan, found)
    # first what is allowed: the doses nearest the target may all be too much
    options = [_due(item, plan) for item in found if not broken_limits(item, case.drug, weight)]
    kept = None if not_given(case.record, current) or (current and current.route != route) else current
    ranking = ranked(case, narrowed(case, options, kept), weight=weight, current=kept)
    best = ranking.best
    if not best:
        return declined(case.drug, case.lead.model, (_nothing_allowed(case),), seen)
    if ranking.highest < OUT_OF_REACH or best[0].attainment.above >= TOO_OFTEN_ABOVE:
        return declined(case.drug, case.lead.model, (_out_of_reach(case, best[0].attainment),), seen)
    starts = starts_of(case, plan, [item.regimen.interval for item in best])
    if blocked := [start.finding for start in starts.values() if start.time is None and start.finding]:
        return declined(case.drug, case.lead.model, blocked[:1], seen)

    first_day = first_days(case)

    def judged(regimen: Regimen, label: Label) -> RegimenOutcome:
        return outcome(case, regimen, label, first_day, weight)

    labels: tuple[Label, ...] = ("proposed", "alternative", "alternative")
    moved = [_moved(item.regimen, starts[item.regimen.interval]) for item in best]
    outcomes = [judged(regimen, label) for regimen, label in zip(moved, labels, strict=False)]
    outcomes += [judged(_due(item, plan), label) for item, label in _compared(current, ordered)]
    seen += poor_attainment(outcomes[0], ranking.highest)
    return _recommendation(case, choice, tuple(outcomes), starts[moved[0].interval], seen, seed)


def _recommendation(
    case: Case,
    choice: TargetChoice,
    regimens: tuple[RegimenOutcome, ...],
    start: Start,
    seen: tuple[Finding, ...],
    seed: int,
) -> Recommendation:
    lead = case.lead
    from_levels = lead.posterior.status != "prior"
    parameters = estimates(lead)
    seen += (start.finding,) if start.finding else ()
    begun = loading_dose(case, regimens[0].regimen, value_at(case.record, "weight", case.record.now))
    seen += on_regimens(case, regimens, choice) + ((begun.finding,) if begun else no_loading_dose(case))
    return Recommendation(
        drug=case.drug.name,
        target=case.target,
        also=case.also,
        regimens=regimens,
        parameters=parameters,
        levels=lead.posterior.levels,
        covariates=lead.resolved.used,
        differs=differs(lead.model, lead.covariates, parameters, from_levels=from_levels),
        findings=unique(seen),
        curve=curve(case, regimens[0].regimen),
        model=model_used(lead.model),
        basis="levels" if from_levels else "covariates",
        seed=seed,
        draws=case.draws,
        loading=begun.loading if begun else None,
        explanation=explained(lead),
        next_sample=next_sample(case, regimens[0].regimen, seed=seed),
    )


def _fit(model: PopulationModel, record: PatientRecord, posterior: Posterior) -> ModelFit:
    return ModelFit(model=model, subject=subject_from_record(model, record), posterior=posterior)


def _considered(ensemble: Ensemble, fits: Sequence[ModelFit]) -> tuple[ModelConsidered, ...]:
    """The models fitted, the heaviest first."""
    titles = {fit.model.id: fit.model.title for fit in fits}
    rows = [
        ModelConsidered(
            id=item.model_id,
            hash=item.model_hash,
            title=titles[item.model_id],
            weight=item.weight,
            reason=item.reason,
            evidence=item.log_evidence if isfinite(item.log_evidence) else None,
        )
        for item in ensemble.members
    ]
    return tuple(sorted(rows, key=lambda row: (-row.weight, row.id)))


def estimate_only(drug: Drug) -> Finding:
    """Why no dose of the drug is searched; for a drug that says so."""
    text = f"No dose of {drug.display.lower()} is searched here: {drug.estimate_only}"
    return Finding(code="estimate-only", severity="critical", text=text)


def _needs_level(drug: Drug, posteriors: Sequence[Posterior]) -> tuple[Finding, ...]:
    if not drug.needs_level or any(item.status != "prior" for item in posteriors):
        return ()
    text = f"No first dose of {drug.display.lower()} is searched before a level: {drug.needs_level}"
    return (Finding(code="needs-level", severity="critical", text=text),)


def _no_target(drug: Drug) -> Finding:
    text = f"No target of {drug.display.lower()} on file is for a patient like this one, and none is assumed."
    return Finding(code="no-target", severity="critical", text=text)


def _no_mic(drug: Drug, record: PatientRecord, choice: TargetChoice) -> tuple[Finding, ...]:
    aims = [aim for aim in (choice.target, *choice.also) if aim.needs_mic]
    if not aims or value_at(record, "mic", record.now):
        return ()
    text = (
        f"The target ({metric_words(aims[0])}, {range_words(aims[0])}) needs the MIC of the organism (mg/L), and the "
        "chart has none."
    )
    return (Finding(code="mic-missing", severity="critical", text=text),)


def _mic_not_used(record: PatientRecord, choice: TargetChoice) -> tuple[Finding, ...]:
    mic = value_at(record, "mic", record.now)
    if mic is None or any(aim.needs_mic for aim in (choice.target, *choice.also)):
        return ()
    text = (
        f"A MIC of {mic:g} mg/L is charted; the target here ({choice.target.indication}) does not take it into account."
    )
    return (Finding(code="mic-not-used", severity="warning", text=text),)


def _unreliable(case: Case) -> tuple[Finding, ...]:
    if not case.unreliable:
        return ()
    text = (
        f"The draws from {', '.join(case.unreliable)} stand for its posterior only roughly: probabilities near the "
        "bounds of the target may be off by more than their rounding."
    )
    return (Finding(code="posterior-unreliable", severity="warning", text=text),)


def _continuous(ordered: Regimen | None, current: Regimen | None) -> bool:
    """Whether what is ordered, else what is given, runs over its whole interval."""
    asked = ordered or current
    return asked is not None and asked.route == "iv" and asked.duration >= asked.interval


def _critical(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.severity == "critical")


def _not_fitted(posterior: Posterior) -> tuple[Finding, ...]:
    if posterior.usable:
        return ()
    text = f"The fit can not be used ({posterior.status}): {posterior.message}"
    return (Finding(code=f"fit-{posterior.status}", severity="critical", text=text),)


def _doubts(
    drug: Drug, model: PopulationModel, record: PatientRecord, posterior: Posterior, seed: int
) -> tuple[Finding, ...]:
    """What is odd about levels and estimate, most basic first; a critical one forbids advice."""
    found = (*contradictions(drug, record), *odd_levels(drug, record, posterior))
    found += (*implausible_estimate(model, record, posterior), *_none_explained(posterior, record, drug))
    found += above_its_history(drug, record, posterior)
    return found if _critical(found) else (*found, *contradicting(model, record, seed))


def _not_read(drug: Drug) -> tuple[Finding, ...]:
    found = (Finding(code="not-read", severity="info", text=drug.not_read),) if drug.not_read else ()
    if drug.level_codes:
        return found
    text = f"No laboratory code of {drug.analyte} levels is known here: levels in the EHR are not read."
    return (*found, Finding(code="levels-not-read", severity="warning", text=text))


def _draw_times(fit: ModelFit, record: PatientRecord) -> tuple[Finding, ...]:
    """The level whose draw time is most doubtful; a wrong one casts doubt on its neighbours, so only the worst."""
    doubts = draw_time_doubts(fit.model, fit.subject, fit.posterior, latest=record.now)
    if not doubts:
        return ()
    worst = doubts[0]
    moved = worst.best - worst.recorded
    level = record.levels[worst.level]
    text = (
        f"The level of {level.said} ({record.now - level.time:.1f} h ago) would be explained far "
        f"better if it had been drawn {abs(moved):.1f} h {'later' if moved > 0 else 'earlier'}"
        f"{', on the other side of a dose' if worst.over_a_dose else ''} ({worst.predicted_best:.3g} instead of "
        f"{worst.predicted:.3g} {unit_words(level.unit)} expected): its time may be worth a check."
    )
    sources = (level.source,) if level.source else ()
    return (Finding(code="draw-time-doubtful", severity="warning", text=text, sources=sources),)


def _none_explained(posterior: Posterior, record: PatientRecord, drug: Drug) -> tuple[Finding, ...]:
    odd = unexplained(posterior, record)
    if not odd or len(odd) < len(posterior.levels):
        return ()
    text = (
        "No level is explained by the fit; a sampling time, a dose time or the sample itself is probably wrong, "
        "or the patient is unlike those the model was made from."
    )
    reason = Finding(code="levels-unexplained", severity="critical", text=text)
    return (reason, *unexplained_findings(posterior, record, drug.concentration_unit))


def _out_of_reach(case: Case, best: Attainment) -> Finding:
    text = (
        f"No regimen within the limits is likely to reach the target ({metric_words(case.target)}, "
        f"{range_words(case.target)}): the best has {100 * best.inside:.0f} % in it and {100 * best.above:.0f} % above "
        "a bound. The least bad of them is no advice."
    )
    return Finding(code="target-out-of-reach", severity="critical", text=text)


def _nothing_allowed(case: Case) -> Finding:
    text = f"No regimen of {case.drug.display.lower()}'s products keeps all hard limits for this patient."
    return Finding(code="no-regimen-within-limits", severity="critical", text=text)


def _route(case: Case, current: Regimen | None, ordered: Regimen | None) -> Route:
    """The route ordered, else the one in use, else the drug's first."""
    wished = next((item.route for item in (ordered, current) if item), case.drug.routes[0])
    return wished if wished in case.drug.routes else case.drug.routes[0]


def _of_the_course(case: Case, plan: Schedule, found: tuple[Regimen, ...]) -> tuple[Regimen, ...]:
    """A course that has begun keeps its interval: nobody changes from four doses a day to one in its middle."""
    if not case.target.over or plan.gap is None or not found:
        return found
    gap = plan.gap
    nearest = min({item.interval for item in found}, key=lambda interval: abs(interval - gap))
    return tuple(item for item in found if item.interval == nearest)


def _moved(regimen: Regimen, start: Start) -> Regimen:
    return replace(regimen, start=start.due if start.time is None else start.time)


def _due(regimen: Regimen, plan: Schedule) -> Regimen:
    return replace(regimen, start=plan.due(regimen.interval))


def _compared(current: Regimen | None, ordered: Regimen | None) -> tuple[tuple[Regimen, Label], ...]:
    pairs: tuple[tuple[Regimen | None, Label], ...] = ((current, "current"), (ordered, "ordered"))
    return tuple((regimen, label) for regimen, label in pairs if regimen is not None)
