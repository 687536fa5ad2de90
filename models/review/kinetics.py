"""Clearance, volume and half-life that follow from a model's typical parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.dosing.advice import Regimen
from models.pk import concentrations
from models.population import Flux, PopulationModel
from models.population.effects import typical_values
from models.record import Dose
from models.subject import Subject, assemble, dose_columns

# h after the end of the interval at which a nonlinear model's fall is looked at
_FALL = np.concatenate([[0.0], np.geomspace(0.02, 20_000.0, 500)])


@dataclass(frozen=True, kw_only=True)
class Kinetics:
    """volume: L at steady state, of what the measured compartment exchanges with (over F where doses are apparent).

    half_life: h; terminal, from the eigenvalues, of a linear model, else the time in which the trough at steady state
    halves. slowest: h, with absorption. None where there is none.
    """

    volume: float | None
    half_life: float | None
    slowest: float | None
    effective: bool


def typical_parameters(model: PopulationModel, covariates: Mapping[str, float]) -> dict[str, float]:
    """Typical value of each primary and derived parameter, in hours and litres, for the model's own covariates."""
    names = tuple(need.name for need in model.needs)
    row = np.array([[covariates[name] for name in names]])
    return {name: float(values[0]) for name, values in with_derived(model, names, row).items()}


def with_derived(model: PopulationModel, names: tuple[str, ...], covariates: np.ndarray) -> dict[str, np.ndarray]:
    """Each parameter, (k,), for covariates (k, c) named `names`; sums of terms included."""
    primary = typical_values(model.parameters, names, covariates)
    values = {item.name: primary[:, p] for p, item in enumerate(model.parameters)}
    with np.errstate(all="ignore"):
        for item in model.derived:
            values[item.name] = np.sum(
                [
                    term.coefficient
                    * np.prod([values[name] ** power for name, power in term.powers.items()], axis=0)
                    * np.ones(covariates.shape[0])
                    for term in item.terms
                ],
                axis=0,
            )
    return values


def kinetics(model: PopulationModel, covariates: Mapping[str, float], regimen: Regimen, mean: float) -> Kinetics:
    """For the model's own covariates by name; mean: typical average concentration under the regimen, model's unit."""
    parameters = typical_parameters(model, covariates)
    matrix = rates(model, parameters, mean)
    core = _exchanging(model, matrix)
    linear = all(flux.kind == "linear" and flux.modulator is None for flux in model.structure.fluxes)
    if not linear:
        return Kinetics(
            volume=_volume(model, parameters, matrix, core),
            half_life=_halving(model, covariates, regimen),
            slowest=None,
            effective=True,
        )
    upstream = sorted(_reach(matrix.T, model.structure.compartments.index(model.outputs[0].compartment)))
    return Kinetics(
        volume=_volume(model, parameters, matrix, core),
        half_life=_terminal(matrix, core),
        slowest=_terminal(matrix, upstream),
        effective=False,
    )


def rates(model: PopulationModel, parameters: Mapping[str, float], mean: float) -> np.ndarray:
    """(n, n) matrix K of dA/dt = K A, 1/h; Michaelis-Menten at the mean concentration, modulators left out."""
    index = {name: n for n, name in enumerate(model.structure.compartments)}
    matrix = np.zeros((len(index), len(index)))
    for flux in model.structure.fluxes:
        if flux.source is None:
            continue
        rate = _rate(flux, parameters, mean / model.outputs[0].scale)
        matrix[index[flux.source], index[flux.source]] -= rate
        if flux.target is not None:
            matrix[index[flux.target], index[flux.source]] += rate
    return matrix


def _rate(flux: Flux, parameters: Mapping[str, float], mean: float) -> float:
    volume = parameters[flux.volume] if flux.volume else 1.0
    if flux.km:
        return parameters[flux.rate] / (parameters[flux.km] + mean) / volume
    return parameters[flux.rate] / volume


def _exchanging(model: PopulationModel, matrix: np.ndarray) -> list[int]:
    """Compartments that the measured one feeds and that feed it back, itself included."""
    measured = model.structure.compartments.index(model.outputs[0].compartment)
    return sorted(_reach(matrix, measured) & _reach(matrix.T, measured))


def _reach(matrix: np.ndarray, start: int) -> set[int]:
    """Compartments that what is in `start` gets to; of the transpose: those from which it comes."""
    found, queue = {start}, [start]
    while queue:
        here = queue.pop()
        new = {int(n) for n in np.flatnonzero(matrix[:, here] > 0)} - found
        found, queue = found | new, queue + sorted(new)
    return found


def _terminal(matrix: np.ndarray, members: list[int]) -> float | None:
    slowest = float(np.abs(np.linalg.eigvals(matrix[np.ix_(members, members)]).real).min())
    return float(np.log(2.0) / slowest) if slowest > 1e-12 else None


def _volume(
    model: PopulationModel, parameters: Mapping[str, float], matrix: np.ndarray, core: list[int]
) -> float | None:
    """Amount in the exchanging compartments over the measured concentration, under constant input into that one."""
    measured = core.index(model.structure.compartments.index(model.outputs[0].compartment))
    part = matrix[np.ix_(core, core)]
    name = model.outputs[0].volume
    if name is None or abs(np.linalg.det(part)) < 1e-300:
        return None
    amounts = np.linalg.solve(part, -np.eye(len(core))[measured])
    return float(amounts.sum() / amounts[measured] * parameters[name])


def _halving(model: PopulationModel, covariates: Mapping[str, float], regimen: Regimen) -> float | None:
    """h in which the typical trough at steady state halves when no further dose is given."""
    dose = Dose(
        time=0.0,
        amount=regimen.amount,
        route=regimen.route,
        duration=min(regimen.duration, regimen.interval),
        interval=regimen.interval,
        steady_state=True,
    )
    subject = _subject(model, covariates, dose)
    zeros = np.zeros((1, len(model.eta_names)))
    curve = concentrations(model, subject, zeros, regimen.interval + _FALL)[0]
    under = np.flatnonzero(curve <= curve[0] / 2)
    if not (np.isfinite(curve).all() and curve[0] > 0 and under.size):
        return None
    last = under[0]
    share = np.log(curve[last - 1] / (curve[0] / 2)) / np.log(curve[last - 1] / curve[last])
    return float(_FALL[last - 1] + share * (_FALL[last] - _FALL[last - 1]))


def _subject(model: PopulationModel, covariates: Mapping[str, float], dose: Dose) -> Subject:
    values = [[covariates[need.name] for need in model.needs]]
    return assemble(
        model,
        covariates=np.array(values, dtype=float).reshape(1, len(model.needs)),
        row_time=np.zeros(1),
        doses=dose_columns(model, [dose]),
        obs_time=np.empty(0),
        levels=np.empty((0, 3)),
    )
