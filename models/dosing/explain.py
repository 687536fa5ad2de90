"""How this patient differs from the population, in plain sentences."""

from collections.abc import Iterable, Mapping
from math import isfinite

from models.covariates import words
from models.dosing.advice import ParameterEstimate
from models.population import Parameter, PopulationModel

# a smaller difference is not worth a sentence; house figure
WORTH_SAYING = 0.10
NAMES = {
    "CL": "Clearance",
    "V1": "Central volume",
    "V": "Volume of distribution",
    "V2": "Peripheral volume",
    "Q": "Intercompartmental clearance",
    "ka": "Absorption rate",
}


def differs(
    model: PopulationModel,
    covariates: Mapping[str, float],
    estimates: Iterable[ParameterEstimate],
    *,
    from_levels: bool,
) -> tuple[str, ...]:
    """Individual against typical for the same covariates, then typical against the reference patient.

    covariates: as the model uses them now, by name; those at the reference are not named as a reason.
    """
    moved = {item.name: _moved_by(item, covariates) for item in model.parameters}
    symbols = {item.name: item.symbol for item in model.parameters}
    estimates = tuple(estimates)
    told = [_individual(item, symbols[item.name], moved[item.name]) for item in estimates] if from_levels else []
    told += [_covariates(item, symbols[item.name], moved[item.name]) for item in estimates]
    if not from_levels:
        told.insert(0, "No level has been used yet: the estimate rests on covariates alone.")
    return tuple(sentence for sentence in told if sentence)


def _moved_by(parameter: Parameter, covariates: Mapping[str, float]) -> tuple[str, ...]:
    """Covariates that take the parameter off its reference: a flag that is off, or a value at its centre, does not."""
    names = dict.fromkeys(effect.covariate for effect in parameter.effects)
    at_reference = {
        effect.covariate
        for effect in parameter.effects
        if covariates[effect.covariate] == effect.numbers.get("reference", 0.0)
    }
    return tuple(name for name in names if name not in at_reference)


def _individual(item: ParameterEstimate, symbol: str, moved_by: tuple[str, ...]) -> str:
    change = _change(item.individual.median, item.typical)
    if not change:
        return ""
    interval = f"90 % interval {_number(item.individual.low)}-{_number(item.individual.high)}"
    figures = f"{_number(item.individual.median)} v. {_number(item.typical)} {item.unit}, {interval}"
    return f"{_name(item.name, symbol)} is estimated {change} the typical value for {_these(moved_by)} ({figures})."


def _covariates(item: ParameterEstimate, symbol: str, moved_by: tuple[str, ...]) -> str:
    change = _change(item.typical, item.reference) if isfinite(item.reference) else ""
    if not change or not moved_by:
        return ""
    name = _name(item.name, symbol)
    figures = f"{_number(item.typical)} v. {_number(item.reference)} {item.unit}"
    by = _listed([words(covariate) for covariate in moved_by])
    return f"By {by}, the typical {name[0].lower()}{name[1:]} is {change} the model's reference patient ({figures})."


def _these(covariates: tuple[str, ...]) -> str:
    if {"crcl", "egfr", "creatinine"} & set(covariates):
        return "this renal function"
    return f"this {_listed([words(name) for name in covariates])}" if covariates else "the population"


def named(name: str, symbol: str) -> str:
    """A parameter inside a sentence: 'clearance', 'parameter ka'."""
    found = _name(name, symbol)
    return found[0].lower() + found[1:]


def _change(value: float, against: float) -> str:
    if against == 0.0:
        return ""  # an absent lag has no per cent
    ratio = value / against
    if abs(ratio - 1.0) < WORTH_SAYING:
        return ""
    return (
        f"{ratio:.1f} times"
        if ratio >= 2
        else f"{abs(ratio - 1.0):.0%} {'above' if ratio > 1 else 'below'}".replace("%", " %")
    )


def _name(name: str, symbol: str) -> str:
    return NAMES.get(name, f"Parameter {symbol}")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}"
