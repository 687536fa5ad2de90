"""A clinical no as a value: the reasons, and what would change them."""

from collections.abc import Iterable

from models.dosing.advice import Declined, ModelUsed
from models.drug import Drug
from models.findings import Finding
from models.population import PopulationModel

WOULD_HELP = {
    "covariate-missing": "Charting {missing}.",
    "covariate-unread": "A model that does without it; no entry in the chart would bring it here.",
    "domain-unread": "A model that does not ask for it; no entry in the chart would bring it here.",
    "pregnant": "A model made for pregnancy, and a specialist's judgement; if the entry is wrong, correcting it.",
    "outside-domain": "A model made for patients like this one; levels and local protocol guide meanwhile.",
    "domain-unknown": "Charting whether the patient is one of those the model was made for.",
    "estimate-only": "The fit of the levels, by `titrate fit`, for the parameters themselves.",
    "needs-level": "A level after a dose chosen by label or local protocol, with that dose and its time charted.",
    "no-target": "A target for patients like this one, of the site's own; levels and local protocol guide meanwhile.",
    "mic-missing": "Charting the MIC of the organism, or a target that does not need it.",
    "dialysis": "Levels around each session under a dialysis protocol, or a model of single sessions.",
    "level-in-future": "Correcting the collection time of the level.",
    "level-before-doses": "Charting all doses given, with their times, also those of another ward or hospital.",
    "levels-unexplained": "A check of sampling and dose times, and a repeat level.",
    "last-dose-too-old": "Charting the doses given since, or, where treatment starts again, a new level after a dose.",
    "levels-contradict": "A check of the levels' times, units and sampling sites, and a repeat level.",
    "level-tenfold": "A check of the level's value and unit with the laboratory, and a repeat level.",
    "estimate-implausible": "A check of the levels' units and times and of all doses, and a repeat level.",
    "hold-too-long": "A new level before the next dose is planned.",
    "due-too-late": "A check of the interval ordered, and a new level before the next dose is planned.",
    "no-regimen-within-limits": "A specialist's judgement; the products' doses or the limits do not fit this patient.",
    "target-out-of-reach": "A check of levels and covariates, another target, or a specialist's judgement.",
    "fit-not-converged": "A check of doses and levels, and another level.",
    "fit-singular": "A check of doses and levels, and another level.",
    "fit-invalid": "A check of doses, levels and covariates for slips.",
}


def declined(drug: Drug, model: PopulationModel, reasons: Iterable[Finding], seen: Iterable[Finding] = ()) -> Declined:
    """reasons: critical findings that stand in the way. seen: all else that was noticed."""
    reasons = unique(reasons)
    rest = tuple(item for item in unique(seen) if item not in reasons)
    helps = dict.fromkeys(_would_help(item) for item in reasons if item.code in WOULD_HELP)
    return Declined(drug=drug.name, reasons=reasons, would_help=tuple(helps), findings=rest, model=model_used(model))


def _would_help(reason: Finding) -> str:
    # "The chart has no weight (kg), which the model needs ...": MissingCovariate's words name what is missing
    missing = reason.text.removeprefix("The chart has no ").split(", which")[0]
    return WOULD_HELP[reason.code].format(missing=missing)


def model_used(model: PopulationModel) -> ModelUsed:
    """What a reader needs to look the model up."""
    return ModelUsed(
        id=model.id,
        hash=model.hash,
        title=model.title,
        citation=model.citation,
        population=model.population,
        equations=model.equations,
        not_verified=model.not_verified,
    )


def unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, in order."""
    return tuple({(item.code, item.text): item for item in findings}.values())
