"""Checks of one model beyond what reading its file checks."""

import re
from collections.abc import Iterable, Iterator

import numpy as np

from models.covariates.series import DERIVED
from models.drug import Drug
from models.errors import ModelsError
from models.population import PopulationModel
from models.review.issue import Issue, error, warning
from models.review.kinetics import with_derived
from models.review.patient import STANDARD_WEIGHT
from models.review.row import Row, review
from models.review.space import domain_points, raw_ranges

FEW = 0.5  # share of draws
PLASMA, LARGEST = 0.03, 150.0  # L/kg: under the 0.04 of plasma; above, even lipophilic drugs are rare
BLOOD_FLOW = 300.0  # L/h in 70 kg, cardiac output at rest
MANY = 3.0  # fold: the made-up dose may be large, a unit is wrong by more
_UNBOUNDED_KINDS = ("linear", "linear-broken", "deviation", "loss", "proportional")


def check_model(model: PopulationModel, drug: Drug, *, first: PopulationModel) -> tuple[Issue, ...]:
    """Every finding about one model, errors first."""
    found = [
        *_papers(model),
        *_wording(model),
        *_spread(model),
        *_domain(model, drug),
        *_covariates(model, drug),
        *_predictive(model, drug, first),
    ]
    return tuple(sorted(found, key=lambda item: item.severity))


def _papers(model: PopulationModel) -> Iterator[Issue]:
    for code, missing, text in (
        ("no-citation", not model.citation, "[reference] is missing; a model without a paper can not be judged"),
        ("no-source", not model.read_in, "evidence.read_in is empty; say where the numbers were read"),
        ("not-verified-missing", not model.not_verified, "evidence.not_verified is empty; say what was not seen"),
        ("no-population", not model.population, "population.text is empty; say who was studied"),
        ("no-equations", not model.equations, "equations is empty; write them as people read them"),
        ("no-domain", not model.domain, "[domain] is empty; a model without a studied range fits everybody"),
    ):
        if missing:
            yield error(model.id, code, text)


def _wording(model: PopulationModel) -> Iterator[Issue]:
    """What was only tested is not called validated."""
    texts = (
        model.title,
        model.population,
        *model.equations,
        *model.not_verified,
        *(p.source for p in model.parameters),
    )
    for text in texts:
        if re.search(r"\b(?<!not )(?<!externally )validated\b", text):
            yield error(model.id, "wording", f"{text[:80]!r} says validated; say what was tested, by whom")


def _spread(model: PopulationModel) -> Iterator[Issue]:
    if not model.random:
        yield warning(model.id, "no-random-effects", "no random effect: levels can not individualise this model")
    elif float(np.linalg.eigvalsh(model.omega).min()) <= 0:
        yield error(model.id, "omega", "omega is not positive definite; check the covariances")
    for item in model.random:
        if item.kind == "exponential" and item.variance > 4.0:
            yield warning(
                model.id, "omega-large", f"{item.name} has variance {item.variance:g} (log scale): a CV entered as %?"
            )
    for output in model.outputs:
        sds = [output.residual.sd(f) for f in (0.01, 1.0, 100.0)]
        if not all(np.isfinite(sds)) or min(sds) <= 0:
            yield error(model.id, "residual", f"residual SD of {output.name} is {sds} at 0.01, 1 and 100 {output.unit}")


def _domain(model: PopulationModel, drug: Drug) -> Iterator[Issue]:
    """Typical parameters have to be finite and above 0 wherever the model may be used."""
    _, unbounded = raw_ranges(model, drug)
    points = domain_points(model, drug)
    if not len(points):
        yield error(model.id, "domain-empty", "no point satisfies all hard limits together; check [domain]")
        return
    names = tuple(need.name for need in model.needs)
    positive, not_negative = _used(model)
    for name, values in with_derived(model, names, points).items():
        wrong = ~np.isfinite(values)
        wrong |= (values <= 0) if name in positive else (values < 0) if name in not_negative else False
        if wrong.any():
            at = points[np.flatnonzero(wrong)[0]]
            where = ", ".join(f"{n} {v:.4g}" for n, v in zip(names, at, strict=True))
            got = values[np.flatnonzero(wrong)[0]]
            text = f"typical {name} is {got:.4g} at {where}, inside the hard domain; narrow the domain"
            yield error(model.id, "parameter-not-positive", f"{text} ({wrong.mean():.1%} of the points tried)")
    for name in unbounded:
        kinds = {e.kind for p in model.parameters for e in p.effects if e.covariate == name}
        if kinds & set(_UNBOUNDED_KINDS):
            text = f"{name} has a {' and '.join(sorted(kinds))} effect and neither [domain] nor a plausible range"
            yield warning(model.id, "covariate-unbounded", f"{text}; tried from a third to three times the reference")


def _used(model: PopulationModel) -> tuple[set[str | None], set[str | None]]:
    """Parameters that have to be above 0 where the structure uses them, and those that may be 0.

    A summand of [derived] may be 0 or below: what it makes is looked at.
    """
    structure = model.structure
    positive = {name for flux in structure.fluxes for name in (flux.rate, flux.volume, flux.km)}
    positive |= {output.volume for output in model.outputs}
    by = [flux.modulator for flux in structure.fluxes if flux.modulator]
    positive |= {name for item in by for name in (item.ec50, item.hill, item.volume)}
    positive |= {
        name for item in structure.dosing.values() for name in (item.bioavailability, item.duration, item.rate)
    }
    may_be_zero = {item.lag for item in structure.dosing.values()} | set(structure.initial.values())
    return positive, may_be_zero | {item.emax for item in by}


def _covariates(model: PopulationModel, drug: Drug) -> Iterator[Issue]:
    for need in model.needs:
        unread = [name for name in need.inputs if name not in drug.covariates and name not in DERIVED]
        if unread and need.default is not None:
            text = (
                f"{', '.join(unread)} is not read for {drug.name}: {need.name} is always its default {need.default:g}"
            )
            yield warning(model.id, "covariate-always-default", text)
    for limit in model.domain:
        needs = [need.name for need in model.needs]
        if limit.name not in needs and limit.name not in drug.covariates:
            text = f"domain.{limit.name} is not read for {drug.name}, so it can not be checked"
            yield (error if limit.required else warning)(model.id, "domain-not-read", text)


def _predictive(model: PopulationModel, drug: Drug, first: PopulationModel) -> Iterator[Issue]:
    try:
        row = review(model, drug, first=first)
    except (ModelsError, ArithmeticError, np.linalg.LinAlgError) as problem:
        yield error(model.id, "no-prediction", f"the reference patient can not be predicted: {problem}")
        return
    yield from _shape(model, row)
    yield from _plausible(model, drug, row)


def _shape(model: PopulationModel, row: Row) -> Iterable[Issue]:
    found = row.predicted
    if not (np.isfinite(found.clearance) and found.clearance > 0):
        yield error(model.id, "prediction", f"the typical AUC24 of {row.regimen_text} is not above 0")
    if found.share < 1.0:
        text = f"{1 - found.share:.1%} of the population's draws have no finite steady state above 0"
        # above the largest rate of a saturable elimination there is none: true of the drug, not a fault of the file
        fault = model.linear or found.share < FEW
        yield (error if fault else warning)(model.id, "prior-predictive", f"{text} on {row.regimen_text}")
    if found.kinetics.half_life is None:
        yield warning(model.id, "half-life", "the typical patient has no terminal half-life")


def _plausible(model: PopulationModel, drug: Drug, row: Row) -> Iterable[Issue]:
    """Signs of a unit that went wrong."""
    yield from _sizes(model, row)
    half_life, level = row.predicted.kinetics.half_life, drug.plausible.get("level")
    if half_life is not None and half_life < drug.checks.shortest_half_life:
        text = (
            f"half-life {half_life:.3g} h is under the drug's shortest plausible {drug.checks.shortest_half_life:g} h"
        )
        yield warning(model.id, "half-life-short", text)
    if level and row.predicted.peak.median > level.hard_high:
        severe = row.predicted.peak.median > MANY * level.hard_high
        peak = f"{row.predicted.peak.median:.3g} {model.concentration_unit} on {row.regimen_text}"
        text = f"median peak {peak} is outside the drug's plausible levels; a unit?"
        yield (error if severe else warning)(model.id, "peak-implausible", text)


def _sizes(model: PopulationModel, row: Row) -> Iterable[Issue]:
    """A volume below that of plasma; a clearance above the flow of blood where doses go into the vein."""
    weight, name = row.patient["weight"], model.outputs[0].volume
    volume = row.predicted.parameters[name] / weight if name else None
    if volume is not None and volume < PLASMA:
        text = f"{name} is {volume:.3g} L/kg at the reference patient, less than plasma has; a unit?"
        yield warning(model.id, "volume-small", text)
    if row.predicted.kinetics.volume is not None and row.predicted.kinetics.volume > LARGEST * weight:
        text = f"volume at steady state {row.predicted.kinetics.volume:.3g} L in {weight:g} kg; a unit?"
        yield warning(model.id, "volume-large", text)
    size = row.predicted.clearance * (STANDARD_WEIGHT / weight) ** 0.75
    if "(iv)" in row.regimen_text and size > BLOOD_FLOW:
        yield warning(
            model.id, "clearance-large", f"clearance {size:.3g} L/h per 70 kg is above the flow of blood; a unit?"
        )
