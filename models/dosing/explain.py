"""How this patient differs from the population, in plain sentences."""

from collections.abc import Iterable

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
    "ka": "The absorption rate",
}


def differs(model: PopulationModel, estimates: Iterable[ParameterEstimate], *, from_levels: bool) -> tuple[str, ...]:
    """Individual against typical for the same covariates, then typical against the reference patient."""
    parameters = {item.name: item for item in model.parameters}
    estimates = tuple(estimates)
    told = [_individual(item, parameters[item.name]) for item in estimates] if from_levels else []
    told += [_covariates(item, parameters[item.name]) for item in estimates]
    if not from_levels:
        told.insert(0, "No level has been used yet: the estimate rests on covariates alone.")
    return tuple(sentence for sentence in told if sentence)


def _individual(item: ParameterEstimate, parameter: Parameter) -> str:
    change = _change(item.individual.median, item.typical)
    if not change:
        return ""
    interval = f"90 % interval {_number(item.individual.low)}-{_number(item.individual.high)}"
    figures = f"{_number(item.individual.median)} v. {_number(item.typical)} {item.unit}, {interval}"
    return f"{_name(parameter)} is estimated {change} the typical value for {_these(parameter)} ({figures})."


def _covariates(item: ParameterEstimate, parameter: Parameter) -> str:
    change = _change(item.typical, item.reference)
    if not change or not parameter.effects:
        return ""
    names = _listed([words(effect.covariate) for effect in parameter.effects])
    figures = f"{_number(item.typical)} v. {_number(item.reference)} {item.unit}"
    return f"By {names}, the typical {_lower(_name(parameter))} is {change} the model's reference patient ({figures})."


def _these(parameter: Parameter) -> str:
    covariates = {effect.covariate for effect in parameter.effects}
    if covariates & {"crcl", "egfr", "creatinine"}:
        return "this renal function"
    return f"this {_listed(sorted(words(name) for name in covariates))}" if covariates else "the population"


def _change(value: float, against: float) -> str:
    ratio = value / against
    if abs(ratio - 1.0) < WORTH_SAYING:
        return ""
    return (
        f"{ratio:.1f} times"
        if ratio >= 2
        else f"{abs(ratio - 1.0):.0%} {'above' if ratio > 1 else 'below'}".replace("%", " %")
    )


def _name(parameter: Parameter) -> str:
    return NAMES.get(parameter.name, f"Parameter {parameter.symbol}")


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}"
