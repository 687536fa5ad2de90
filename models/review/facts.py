"""Everything that a model file says, as plain values: for `titrate models show` and the pages of docs/drugs."""

import tomllib
from math import expm1, isinf, sqrt
from pathlib import Path
from typing import Any

from models.covariates import CovariateNeed, shown, words
from models.drug import Drug
from models.formulas import FORMULAS
from models.population import DomainLimit, Parameter, PopulationModel, RandomEffect, Residual
from models.review.effect_text import derived_text, flux_texts, number, parameter_text
from models.target import Target
from models.terms import TERMS
from models.units import COVARIATES, unit_words

Facts = dict[str, Any]


def model_facts(model: PopulationModel, drug: Drug) -> Facts:
    """JSON-ready; numbers as printed with their units, and each source as the file has it."""
    raw = _file(model)
    return {
        "id": model.id,
        "drug": model.drug,
        "title": model.title,
        "citation": model.citation,
        "population": model.population,
        "structure": structure_words(model),
        "equations": list(model.equations),
        "computed": [
            *(parameter_text(item, model) for item in model.parameters),
            *(derived_text(item) for item in model.derived),
        ],
        "differential_equations": list(flux_texts(model)),
        "dosing": list(_dosing(model)),
        "parameters": [_parameter(item, raw) for item in model.parameters],
        "random_effects": [_random(item, model, raw) for item in model.random],
        "correlations": list(_correlations(model)),
        "residual_error": [_residual(output.name, output.unit, output.residual, raw) for output in model.outputs],
        "covariates": [_covariate(need, raw) for need in model.needs],
        "domain": [_domain(limit) for limit in model.domain],
        "targets": [target_text(drug, n) for n in range(len(drug.targets))],
        "read_in": list(model.read_in),
        "not_verified": list(model.not_verified),
        "hash": model.hash,
    }


def _file(model: PopulationModel) -> Facts:
    """The file's own tables, for what the loader checks and does not keep: notes, printed figures, some sources."""
    try:
        return tomllib.loads(Path(model.file).read_text(encoding="utf-8"))
    except OSError:
        return {}


def structure_words(model: PopulationModel) -> str:
    """As "central and peripheral; iv; linear"."""
    routes = ", ".join(model.structure.routes)
    kind = "linear" if model.linear else "nonlinear"
    return f"{', '.join(model.structure.compartments)}; {routes}; {kind}"


def _dosing(model: PopulationModel) -> list[str]:
    lines = [f"{route} doses enter {', '.join(into)}" for route, into in model.structure.routes.items()]
    for name, item in model.structure.dosing.items():
        acting = {
            "bioavailability": item.bioavailability,
            "lag": item.lag,
            "duration": item.duration,
            "rate": item.rate,
        }
        lines += [f"{word} into {name}: {symbol}" for word, symbol in acting.items() if symbol]
    return lines + [f"{name} starts at {symbol}" for name, symbol in model.structure.initial.items()]


def _parameter(item: Parameter, raw: Facts) -> Facts:
    table = raw.get("parameters", {}).get(item.name, {})
    return {
        "name": item.name,
        "symbol": item.symbol,
        "value": item.value,
        "unit": item.printed_unit,
        "inside": f"{number(item.value * item.scale)} {item.unit}" if item.scale != 1 else "",
        "source": item.source,
        "note": table.get("note", ""),
    }


def _random(item: RandomEffect, model: PopulationModel, raw: Facts) -> Facts:
    table = raw.get("random", {}).get(item.name.partition("[")[0], {})
    printed = f"{number(table['printed'])} by {table['conversion']}" if "printed" in table else ""
    return {
        "name": item.name,
        "parameters": list(item.parameters),
        "kind": item.kind,
        "variance": item.variance,
        "spread": spread_words(item, model),
        "printed": printed,
        "occasion": f"{item.occasion} = {item.number}" if item.occasion else "",
        "source": item.source,
    }


def spread_words(item: RandomEffect, model: PopulationModel) -> str:
    """The variance as people compare it, with the scale that it is on."""
    sd = sqrt(item.variance) * abs(item.coefficient)
    if item.kind == "exponential":
        cv = 100.0 * sqrt(expm1(sd**2))
        return f"CV {cv:.3g} % (log-normal: sqrt(exp(variance) - 1))"
    if item.kind == "additive":
        unit = next(parameter.unit for parameter in model.parameters if parameter.name == item.parameters[0])
        return f"SD {sd:.3g} {unit} (additive)"
    if item.kind == "proportional":
        return f"CV {100 * sd:.3g} % (proportional: SD of 1 + eta)"
    scale = "logit scale" if item.kind == "logit" else f"Box-Cox scale, shape {number(item.shape)}"
    return f"SD {sd:.3g} ({scale})"


def _correlations(model: PopulationModel) -> list[str]:
    lines = []
    for i, one in enumerate(model.eta_names):
        for j in range(i):
            if model.omega[i, j]:
                value = model.omega[i, j] / sqrt(model.omega[i, i] * model.omega[j, j])
                lines.append(f"{model.eta_names[j]} and {one}: correlation {value:.3g}")
    return lines


def _residual(name: str, unit: str, item: Residual, raw: Facts) -> str:
    source = raw.get("outputs", {}).get(name, {}).get("residual", {}).get("source", "")
    share, additive = f"{100 * sqrt(item.proportional):.3g} %", f"{sqrt(item.additive):.3g}"
    told = {
        "proportional": f"SD {share} of the prediction",
        "additive": f"SD {additive} {unit}",
        "combined": f"variance (SD {share} of the prediction)^2 + (SD {additive} {unit})^2",
        "exponential": f"SD {additive} on the log scale",
        "power": f"SD {number(sqrt(item.proportional))} times the prediction ^ {number(item.exponent)}",
    }
    return f"{name}, {unit}: {told[item.kind]}" + (f" ({source})" if source else "")


def _covariate(need: CovariateNeed, raw: Facts) -> Facts:
    formula = FORMULAS.get(need.formula)
    return {
        "name": need.name,
        "words": words(need.name),
        "unit": need.unit,
        "formula": formula.words if formula else "as charted",
        "formula_citation": formula.citation if formula else "",
        "reads": list(need.inputs),
        "default": need.default,
        "low": need.low,
        "high": need.high,
        "options": {key: value for key, value in need.options.items() if not isinf(value)},
        "source": raw.get("covariates", {}).get(need.name, {}).get("source", ""),
    }


def _domain(limit: DomainLimit) -> Facts:
    return {
        "name": limit.name,
        "words": words(limit.name),
        "hard": _range(limit, limit.hard),
        "soft": _range(limit, limit.soft),
        "required": limit.required,
        "source": limit.source,
    }


def _range(limit: DomainLimit, bounds: tuple[float, float] | None) -> str:
    if bounds is None:
        return ""
    unit = COVARIATES.get(limit.name, limit.unit)
    if bounds[0] == bounds[1] or (limit.name in TERMS and TERMS[limit.name].flag):
        return " or ".join(dict.fromkeys(shown(limit.name, value, unit) for value in bounds))
    return f"{bounds[0]:g} to {shown(limit.name, bounds[1], unit)}"


METRICS = {
    "auc24": "AUC over 24 h at steady state",
    "auc_interval": "AUC over one interval",
    "cumulative_auc": "AUC of the whole course",
    "trough": "trough at steady state",
    "peak": "peak at steady state",
    "average": "average at steady state",
    "concentration_at": "concentration at a time after the dose",
    "time_above": "time above the MIC",
    "auc24_mic": "AUC over 24 h divided by the MIC",
    "peak_mic": "peak divided by the MIC",
}


def target_text(drug: Drug, n: int) -> str:
    """One target with its condition, bounds, indication and source on a line."""
    entry = drug.targets[n]
    bounds = " and ".join(bounds_text(item) for item in (entry.target, *entry.also))
    return f"{bounds}; {entry.target.indication}{condition_text(drug, n)} [{entry.target.source}]"


def bounds_text(target: Target) -> str:
    low, high, unit = target.low, target.high, target.unit
    shown_unit = "" if unit == "1" else f" {unit_words(unit)}"
    span = f"{low:g}-{high:g}" if target.two_sided else f"at least {low:g}" if low else f"at most {high:g}"
    more = f" {target.at:g} h after the start of a dose" if target.at else ""
    more += f" over {target.over:g} h" if target.over else ""
    more += f", {target.times_mic:g} times the MIC" if target.times_mic != 1 else ""
    more += f", unbound share {target.free:g}" if target.free != 1 else ""
    return f"{METRICS.get(target.metric, target.metric)} {span}{shown_unit}{more}"


def condition_text(drug: Drug, n: int) -> str:
    """As "; where days after transplant from 0 until 90"; empty where it always holds."""
    entry = drug.targets[n]
    parts = []
    for item in entry.when:
        if item.covariate in TERMS and TERMS[item.covariate].flag:
            parts.append(f"{words(item.covariate)}: {'yes' if item.holds(1.0) else 'no'}")
        else:
            low = "" if isinf(item.low) else f" from {item.low:g}"
            high = "" if isinf(item.high) else f" until {item.high:g}"
            parts.append(f"{words(item.covariate)}{low}{high} {COVARIATES[item.covariate]}".removesuffix(" 1"))
    if entry.given != "any":
        parts.append(f"{entry.given} infusion" if entry.given == "continuous" else "given in separate doses")
    return f"; where {' and '.join(parts)}" if parts else ""
