"""What has to be said about the regimens that were compared."""

from math import inf

from models.dosing.advice import Regimen, RegimenOutcome
from models.dosing.candidates import fits
from models.dosing.case import Case
from models.dosing.targets import TargetChoice
from models.drug import Product
from models.findings import Finding
from models.target import metric_words, range_words
from models.units import unit_words

# house figures, not from a source
POOR_ATTAINMENT = 0.40
LIKELY = 0.50
LARGE_CHANGE = 2.0


def on_regimens(case: Case, regimens: tuple[RegimenOutcome, ...], choice: TargetChoice) -> tuple[Finding, ...]:
    """The first day, a large change, limits broken by a compared regimen, its exposure out of range, odd doses."""
    best = regimens[0]
    found = [*_first_day(best, choice)]
    for item in regimens:
        if item.label in ("current", "ordered"):
            found += [*_limits(item), *_exposure(item, choice)]
        if item.label == "current":
            found += _large_change(best, item)
        if item.label == "ordered":
            found += _no_product(case, item.regimen)
    return tuple(found)


def no_loading_dose(case: Case) -> tuple[Finding, ...]:
    """Said where nothing was given yet and the target has no start to judge a loading dose by."""
    if case.record.doses:
        return ()
    text = (
        "Nothing has been given yet and the regimens are maintenance regimens: a loading dose is not worked out here."
    )
    return (Finding(code="no-loading-dose", severity="info", text=text),)


def poor_attainment(best: RegimenOutcome, highest: float) -> tuple[Finding, ...]:
    """A warning where the proposal reaches the target with under 40 %. highest: of all regimens within the limits."""
    if best.attainment >= POOR_ATTAINMENT:
        return ()
    text = (
        f"The proposed regimen reaches the target with a probability of {100 * best.attainment:.0f} % only, and none "
        f"found with more than {100 * highest:.0f} %; an early level would narrow the estimate."
    )
    return (Finding(code="attainment-poor", severity="warning", text=text),)


def _first_day(best: RegimenOutcome, choice: TargetChoice) -> tuple[Finding, ...]:
    """The target speaks of steady state; the first day can lie elsewhere, by what is left or yet to build up."""
    target, first = choice.target, best.first_day
    if target.metric != "auc24" or target.low <= first.median <= target.high:
        return ()
    above = first.median > target.high
    text = (
        f"In the first 24 h of the proposed regimen an AUC of {first.median:.0f} {unit_words(first.unit)} is expected, "
        f"{'above' if above else 'below'} the target: "
        + ("earlier doses are still in the body." if above else "concentrations have yet to build up.")
    )
    if above:
        return (Finding(code="first-day-above-target", severity="warning", text=text),)
    return (Finding(code="first-day-below-target", severity="info", text=text),)


def _no_product(case: Case, regimen: Regimen) -> tuple[Finding, ...]:
    """Said of an ordered dose that no product of the drug file makes up: 1,010 mg in steps of 250 mg."""
    products = [item for item in case.drug.products if item.route == regimen.route and fits(item, case.record)]
    if not products or any(_gives(item, regimen.amount) for item in products):
        return ()
    steps = " or ".join(f"{item.increment:g} mg ({item.form})" for item in products)
    text = f"The ordered dose of {regimen.amount:,.6g} mg is not a multiple of the steps known here: {steps}."
    return (Finding(code="ordered-no-product", severity="info", text=text),)


def _gives(product: Product, amount: float) -> bool:
    steps = amount / product.increment
    return abs(steps - round(steps)) < 1e-6


def _limits(item: RegimenOutcome) -> tuple[Finding, ...]:
    return tuple(
        Finding(code=f"{item.label}-breaks-limit", severity="warning", text=f"The {_named(item)} regimen: {sentence}")
        for sentence in item.limits
    )


_MISSED = {"above": "exceeded", "below": "missed"}


def _beyond(value: float, side: str, bound: float) -> bool:
    return value > bound if side == "above" else value < bound


def _beside(choice: TargetChoice, side: str) -> str:
    """A bound beside the target's own, by name where there are any."""
    held = [aim for aim in choice.also if (aim.high < inf if side == "above" else aim.low > 0.0)]
    named = " or ".join(f"{metric_words(aim)} {range_words(aim)}" for aim in held)
    bound = f"a bound beside the target ({named})" if named else "a bound of the target"
    return f"{bound} is expected to be {_MISSED[side]}"


def _exposure(item: RegimenOutcome, choice: TargetChoice) -> tuple[Finding, ...]:
    target = choice.target
    metric = metric_words(target)
    metric = metric if metric.startswith("AUC") else f"{'an' if metric[0] in 'aeiou' else 'a'} {metric}"
    found = []
    for side, share, bound, means in (
        ("above", item.above, target.high, choice.above_means),
        ("below", item.below, target.low, choice.below_means),
    ):
        if share >= LIKELY:
            # the share counts the bounds beside the target too: a trough over 1 mg/L is no AUC24 over 110 mg.h/L
            own = 0.0 < bound < inf and (not choice.also or _beyond(item.exposure.median, side, bound))
            what = f"{metric} {side} {bound:g} {unit_words(target.unit)} is expected" if own else _beside(choice, side)
            text = f"On the {_named(item)} regimen {what} ({100 * share:.0f} %)"
            text += f"; {means}." if means and own else "."
            found.append(Finding(code=f"{item.label}-{side}-target", severity="warning", text=text))
    return tuple(found)


def _large_change(best: RegimenOutcome, current: RegimenOutcome) -> tuple[Finding, ...]:
    ratio = _daily(best) / _daily(current)
    if 1 / LARGE_CHANGE < ratio < LARGE_CHANGE:
        return ()
    text = (
        f"The proposed daily dose is {ratio:.2g} times the current one ({_daily(best):.4g} v. {_daily(current):.4g} "
        "mg/d); doses, times and levels may be worth a second look before such a change."
    )
    return (Finding(code="large-change", severity="warning", text=text),)


def _daily(item: RegimenOutcome) -> float:
    return item.regimen.amount * 24.0 / item.regimen.interval


def _named(item: RegimenOutcome) -> str:
    return "current" if item.label == "current" else "ordered"
