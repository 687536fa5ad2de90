"""Linear models as sums of exponentials: what a unit dose does, from which every regimen's steady state follows.

For many random-effect vectors at once, in numpy: one eigendecomposition serves every dose, interval and duration that
is compared, where the kernels would run each anew. Assumptions: linear fluxes, fixed covariates, inputs that start
`lag` after the dose and run over `duration` (0: at once). `response` is None where these do not hold, or where the
eigenvectors are too close to each other (equal transit rates) for the sum to keep its digits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.events import D_COMP
from models.pk.exposure import parameters, patient
from models.population.model import Dosing, PopulationModel
from models.population.structure import MASS
from models.record import Dose, Route
from models.subject import AT_ONCE

# largest condition of the eigenvectors: 1e-16 * 1e6 leaves ten digits
WORST_CONDITION = 1e6
# a slowest rate under this, 1/h, never reaches a steady state that a clinic would see (half-life of 8 years)
SLOWEST = 1e-5


@dataclass(frozen=True, kw_only=True, eq=False)
class Input:
    """One way in. weight: (m, k), each mode's part of what 1 mg adds. lag, duration: (m,) h; None: as given."""

    weight: np.ndarray
    lag: np.ndarray
    duration: np.ndarray | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """rate: (m, k) 1/h, all above zero, complex in pairs where modes swing. inputs: what a dose of the route feeds."""

    rate: np.ndarray
    inputs: tuple[Input, ...]

    def steady(self, times: np.ndarray, *, interval: float, duration: float) -> np.ndarray:
        """(m, t): concentration of 1 mg every `interval` h for ever, `times` h (t,) after the start of a dose."""
        total = np.zeros((self.rate.shape[0], times.size))
        for item in self.inputs:
            total += self._steady_input(item, times, interval, duration)
        return total

    def auc(self) -> np.ndarray:
        """(m,): area under the concentration of 1 mg, to infinity; also that of an interval at steady state."""
        return sum(np.real(item.weight / self.rate).sum(axis=1) for item in self.inputs)

    def area(self, until: float, *, duration: float) -> np.ndarray:
        """(m,): area under the concentration of one dose of 1 mg, from its start until `until` h."""
        return sum((self._area_input(item, until, duration) for item in self.inputs), np.zeros(self.rate.shape[0]))

    def _area_input(self, item: Input, until: float, duration: float) -> np.ndarray:
        k = self.rate
        length = np.full(k.shape[0], duration) if item.duration is None else item.duration
        time = np.maximum(until - item.lag, 0.0)
        running = np.minimum(time, length)[:, None]
        after = np.maximum(time - length, 0.0)[:, None]
        long = np.where(length > AT_ONCE, length, 1.0)[:, None]
        reached = -np.expm1(-k * running) / k  # what an input of 1 mg/h has built up, per unit of weight
        spread = ((running - reached) / k + reached * -np.expm1(-k * after) / k) / long
        at_once = -np.expm1(-k * time[:, None]) / k
        shape = np.where(length[:, None] > AT_ONCE, spread, at_once)
        return np.real((item.weight * shape).sum(axis=1))

    def _steady_input(self, item: Input, times: np.ndarray, interval: float, duration: float) -> np.ndarray:
        k = self.rate[:, None, :]
        length = np.full(self.rate.shape[0], duration) if item.duration is None else item.duration
        infused = length[:, None] > AT_ONCE
        whole = np.where(infused, np.floor(length[:, None] / interval), 0.0)  # doses that run all the time
        rest = (length[:, None] - whole * interval)[..., None]
        since = np.mod(times[None, :] - item.lag[:, None], interval)[..., None]
        # 0 right after the dose and `interval` just before the next are the same instant: the latter is a trough
        since = np.where((since < 1e-12) & (times[None, :, None] > 0.0), interval, since)
        left = 1.0 / -np.expm1(-k * interval)  # 1 + e^(-k tau) + ...
        at_once = np.exp(-k * since) * left
        long = np.where(infused, length[:, None], 1.0)[..., None]
        past = np.maximum(since - rest, 0.0)
        running = np.minimum(since, rest)
        # fed at 1/length for the time `rest` of each interval: what this one has brought, and what earlier ones left
        now = -np.expm1(-k * running) * np.exp(-k * past)
        before = -np.expm1(-k * rest) * np.exp(-k * (since + interval - rest)) * left
        spread = (now + before + whole[..., None]) / (k * long)
        shape = np.where(infused[..., None], spread, at_once)
        return np.real((item.weight[:, None, :] * shape).sum(axis=2))


def response(
    model: PopulationModel, covariates: Mapping[str, float], etas: np.ndarray, *, route: Route
) -> Response | None:
    """The response to doses by `route` for random effects (m, e), or None where the model has none; see above."""
    if not model.linear or any(dosing.rate for dosing in model.structure.dosing.values()):
        return None  # a modelled rate makes the duration depend on the dose
    subject = patient(model, covariates, Dose(time=0.0, amount=1.0, route=route))
    values = parameters(model, subject, etas, 0.0)
    rate, vectors, inverse = _modes(_matrix(model, values))
    if not _usable(rate, vectors, inverse):
        return None
    out = model.outputs[0]
    shown = vectors[:, model.structure.compartments.index(out.compartment), :] * out.scale
    shown = shown / (values[out.volume][:, None] if out.volume else 1.0)
    mass = MASS["mg"] / MASS[model.amount_unit]
    inputs = [
        _input(model, values, shown * inverse[:, :, int(comp)] * mass, model.structure.compartments[int(comp)])
        for comp in subject.events.dose[:, D_COMP]
    ]
    return Response(rate=rate, inputs=tuple(inputs))


def _input(model: PopulationModel, values: Mapping[str, np.ndarray], weight: np.ndarray, compartment: str) -> Input:
    dosing = model.structure.dosing.get(compartment, Dosing())
    share = values[dosing.bioavailability] if dosing.bioavailability else np.ones(weight.shape[0])
    lag = values[dosing.lag] if dosing.lag else np.zeros(weight.shape[0])
    duration = values[dosing.duration] if dosing.duration else None
    return Input(weight=weight * share[:, None], lag=lag, duration=duration)


def _matrix(model: PopulationModel, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """(m, c, c): dx/dt = matrix @ x."""
    index = {name: n for n, name in enumerate(model.structure.compartments)}
    many = len(next(iter(values.values())))
    matrix = np.zeros((many, len(index), len(index)))
    for flux in model.structure.fluxes:
        source = index[flux.source or ""]
        k = values[flux.rate] / (values[flux.volume] if flux.volume else 1.0)
        matrix[:, source, source] -= k
        if flux.target:
            matrix[:, index[flux.target], source] += k
    return matrix


def _modes(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rates, eigenvectors, their inverse); NaN where they can not be had."""
    try:
        values, vectors = np.linalg.eig(matrix)
        return -values, vectors, np.linalg.inv(vectors)
    except np.linalg.LinAlgError:
        nothing = np.full(matrix.shape, np.nan)
        return nothing[:, 0], nothing, nothing


def _usable(rate: np.ndarray, vectors: np.ndarray, inverse: np.ndarray) -> bool:
    if not (np.isfinite(inverse).all() and (np.real(rate) > SLOWEST).all()):
        return False
    condition = np.abs(vectors).sum(axis=1).max(axis=1) * np.abs(inverse).sum(axis=1).max(axis=1)
    return bool((condition < WORST_CONDITION).all())
