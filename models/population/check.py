"""What must hold across a model file: names that exist, volumes above zero, a positive definite omega."""

from collections.abc import Iterable
from typing import NoReturn

import numpy as np

from models.errors import ModelFileError
from models.population.model import PopulationModel
from models.units import COVARIATES


def check_model(model: PopulationModel) -> None:
    """Raises ModelFileError naming the file, the key and what was expected."""
    _check_names(model)
    _check_compartments(model)
    _check_transits(model)
    _check_parameters(model)
    _check_covariates(model)
    _check_random(model)


def _fail(model: PopulationModel, text: str) -> NoReturn:
    raise ModelFileError(f"{model.file}: {text}")


def _check_names(model: PopulationModel) -> None:
    for what, names in (
        ("parameters and derived", [item.name for item in model.parameters] + [item.name for item in model.derived]),
        ("structure.compartments", model.structure.compartments),
        ("random", model.eta_names),
    ):
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            _fail(model, f"{what}: {', '.join(double)} is there twice; expected each name once")
    if not model.structure.routes:
        _fail(model, "structure.routes is empty; expected at least one route")


def _compartments_used(model: PopulationModel) -> Iterable[tuple[str, str | None]]:
    structure = model.structure
    for route, into in structure.routes.items():
        yield from ((f"structure.routes.{route}.into", name) for name in into)
    for flux in structure.fluxes:
        yield "structure.fluxes.from", flux.source
        yield "structure.fluxes.to", flux.target
        yield "structure.fluxes.modulator.by", flux.modulator.driver if flux.modulator else None
    yield from (("structure.dosing", name) for name in structure.dosing)
    yield from (("structure.initial", name) for name in structure.initial)
    yield from ((f"outputs.{output.name}.compartment", output.compartment) for output in model.outputs)


def _check_compartments(model: PopulationModel) -> None:
    known = model.structure.compartments
    for key, name in _compartments_used(model):
        if name is not None and name not in known:
            _fail(model, f"{key} is {name!r}; expected one of {', '.join(known)}")


def _check_transits(model: PopulationModel) -> None:
    """What enters through transits is given at once: an infusion can not."""
    rising = {flux.source for flux in model.structure.fluxes if flux.rises}
    for name, dosing in model.structure.dosing.items():
        if name in rising and (dosing.duration or dosing.rate or dosing.transit):
            _fail(model, f"structure.dosing.{name}: a rate that rises after a dose; expected doses that arrive at once")
        if dosing.transit and name in model.structure.routes.get("iv", ()):
            _fail(model, f"structure.dosing.{name}.transit: {name} takes iv doses; expected a compartment fed at once")
    for name in sorted(item for item in rising if item in model.structure.routes.get("iv", ())):
        _fail(model, f"structure.fluxes.rises: {name} takes iv doses; expected doses that arrive at once")


def _parameters_used(model: PopulationModel) -> Iterable[tuple[str, str | None]]:
    structure = model.structure
    for flux in structure.fluxes:
        modulator = flux.modulator
        yield from (("structure.fluxes", name) for name in (flux.rate, flux.volume, flux.km))
        if flux.rises:
            yield from (("structure.fluxes.rises", name) for name in (flux.rises.rate, flux.rises.shape))
        if modulator:
            names = (modulator.volume, modulator.emax, modulator.ec50, modulator.hill)
            yield from (("structure.fluxes.modulator", name) for name in names)
    for compartment, dosing in structure.dosing.items():
        acting = (dosing.bioavailability, dosing.lag, dosing.duration, dosing.rate)
        yield from ((f"structure.dosing.{compartment}", name) for name in acting)
        if dosing.transit:
            through = (dosing.transit.number, dosing.transit.mean_time)
            yield from ((f"structure.dosing.{compartment}.transit", name) for name in through)
    yield from (("structure.initial", name) for name in structure.initial.values())
    yield from ((f"outputs.{output.name}.volume", output.volume) for output in model.outputs)


def _check_parameters(model: PopulationModel) -> None:
    known = list(model.parameter_names)
    for key, name in _parameters_used(model):
        if name is not None and name not in known:
            _fail(model, f"{key} names parameter {name!r}; expected one of {', '.join(known)}")
    seen = [item.name for item in model.parameters]
    for item in model.derived:
        for name in (name for term in item.terms for name in term.powers):
            if name not in seen:
                _fail(model, f"derived.{item.name} uses {name!r}; expected a parameter defined before it")
        seen.append(item.name)


def _check_covariates(model: PopulationModel) -> None:
    known = {need.name: need for need in model.needs}
    for parameter in model.parameters:
        for effect in parameter.effects:
            if effect.covariate not in known:
                _fail(
                    model,
                    f"parameters.{parameter.name}.effects names covariate {effect.covariate!r}; "
                    f"expected one of {', '.join(known) or 'none, as [covariates] is empty'}",
                )
    for need in model.needs:
        unit = COVARIATES.get(need.name, need.unit) if need.formula == "measured" else need.unit
        if need.unit != unit:
            _fail(model, f"covariates.{need.name}.unit is {need.unit!r}; expected {unit!r}, as records carry it")


def _check_random(model: PopulationModel) -> None:
    primary = {item.name: item for item in model.parameters}
    kinds: dict[str, str] = {}
    for item in model.random:
        for name in item.parameters:
            if name not in primary:
                _fail(model, f"random.{item.name}.parameter is {name!r}; expected one of {', '.join(primary)}")
            if kinds.setdefault(name, item.kind) != item.kind:
                _fail(model, f"random.{item.name}.kind is {item.kind!r}; expected {kinds[name]!r}, as {name} has it")
            if item.kind == "logit" and not 0 < primary[name].value < 1:
                _fail(model, f"parameters.{name}.value is {primary[name].value}; expected between 0 and 1 for logit")
        if item.occasion is not None and item.occasion not in {need.name for need in model.needs}:
            _fail(model, f"random.{item.name}.occasion is {item.occasion!r}; expected a name in [covariates]")
    if model.random and np.linalg.eigvalsh(model.omega).min() <= 0:
        smallest = np.linalg.eigvalsh(model.omega).min()
        _fail(model, f"omega is not positive definite (smallest eigenvalue {smallest:.3g}); check the correlations")
