"""A population model as the small integer and float tables that the kernels read."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from models.population.core import split_core
from models.population.model import Flux, PopulationModel

# kinds of parameter: how the sum of its etas acts on the typical value
FIXED, EXPONENTIAL, ADDITIVE, PROPORTIONAL, LOGIT, BOXCOX = range(6)
RANDOM_KINDS = {
    "exponential": EXPONENTIAL,
    "additive": ADDITIVE,
    "proportional": PROPORTIONAL,
    "logit": LOGIT,
    "boxcox": BOXCOX,
}
# columns of Plan.terms: an eta that acts on a parameter
TERM_PARAM, TERM_ETA, TERM_SHAPE = range(3)
# columns of Plan.products: coefficient * product of powers[first:last], added to parameter `target`
TARGET, COEFFICIENT, FIRST, LAST = range(4)
# columns of Plan.powers
POWER_PARAM, POWER_VALUE = range(2)
# columns of Plan.flux; the last nine are parameters
KIND, FROM, TO, DRIVER, SIGN, RATE, VOLUME, KM, EMAX, EC50, HILL, DRIVER_VOLUME, RISE, RISE_SHAPE = range(14)
LINEAR, MICHAELIS_MENTEN, PRODUCTION = range(3)
FLUX_KINDS = {"linear": LINEAR, "michaelis-menten": MICHAELIS_MENTEN, "production": PRODUCTION}
# columns of Plan.comp, all parameters
BIOAVAILABILITY, LAG, DURATION, DOSE_RATE, INITIAL, TRANSIT_NUMBER, TRANSIT_TIME = range(7)
# columns of Plan.core, Plan.depot; positions count within the core
CORE_COMP, CORE_PARENT = range(2)
DEPOT_COMP, DEPOT_FLUX, DEPOT_TARGET = range(3)
# columns of Plan.out
OUT_COMP, OUT_VOLUME, OUT_SCALE, OUT_KIND, OUT_PROPORTIONAL, OUT_ADDITIVE, OUT_EXPONENT = range(7)
SUM_OF_VARIANCES, LOG_SCALE, POWER = range(3)
RESIDUAL_KINDS = {
    "proportional": SUM_OF_VARIANCES,
    "additive": SUM_OF_VARIANCES,
    "combined": SUM_OF_VARIANCES,
    "exponential": LOG_SCALE,
    "power": POWER,
}
# propagators
MODAL, MATRIX, ODE = range(3)


class Plan(NamedTuple):
    """Few tables rather than many: each array a kernel passes on costs compile and run time. -1: there is none."""

    n_comp: int
    method: int
    run: int  # address of the compiled pk.kernels.run.run; 0 until models.pk.linked fills it
    steady: int  # likewise of pk.kernels.steady.steady_state
    kinds: np.ndarray  # (primary,)
    terms: np.ndarray  # (t, 3)
    products: np.ndarray  # (d, 4)
    powers: np.ndarray  # (k, 2)
    flux: np.ndarray  # (f, 14)
    comp: np.ndarray  # (c, 7)
    core: np.ndarray  # (m, 2) parents before children
    depot: np.ndarray  # (d, 3)
    out: np.ndarray  # (o, 7)
    omega_inverse: np.ndarray  # (e, e)


@lru_cache(maxsize=256)
def plan_of(model: PopulationModel) -> Plan:
    """The tables of one model, made once; models are few and live as long as the process. No code is generated."""
    names = {name: index for index, name in enumerate(model.parameter_names)}
    compartments = {name: index for index, name in enumerate(model.structure.compartments)}
    core = split_core(model.structure)
    products, powers = _products(model, names)
    return Plan(
        n_comp=len(compartments),
        method=_method(model, core.complete),
        run=0,
        steady=0,
        kinds=_kinds(model, names),
        terms=_floats([(names[p], e, item.shape) for e, item in enumerate(model.random) for p in item.parameters], 3),
        products=_floats(products, 4),
        powers=_floats(powers, 2),
        flux=_ints([_flux(flux, names, compartments) for flux in model.structure.fluxes], 14),
        comp=_ints([_comp(model, name, names) for name in compartments], 7),
        core=_ints(core.members, 2),
        depot=_ints(core.depots, 3),
        out=_floats([_out(model, n, names, compartments) for n in range(len(model.outputs))], 7),
        omega_inverse=np.ascontiguousarray(np.linalg.inv(model.omega)) if model.random else np.zeros((0, 0)),
    )


def _ints(rows: list[tuple[int, ...]], columns: int) -> np.ndarray:
    return np.array(rows, dtype=np.int64).reshape(-1, columns)


def _floats(rows: list[tuple[float, ...]], columns: int) -> np.ndarray:
    return np.array(rows, dtype=np.float64).reshape(-1, columns)


def _kinds(model: PopulationModel, names: dict[str, int]) -> np.ndarray:
    kinds = np.full(len(model.parameters), FIXED, dtype=np.int64)
    for item in model.random:
        for name in item.parameters:
            kinds[names[name]] = RANDOM_KINDS[item.kind]
    return kinds


def _products(model: PopulationModel, names: dict[str, int]) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    products: list[tuple[float, ...]] = []
    powers: list[tuple[float, ...]] = []
    for item in model.derived:
        for term in item.terms:
            products.append((names[item.name], term.coefficient, len(powers), len(powers) + len(term.powers)))
            powers += [(names[name], power) for name, power in term.powers.items()]
    return products, powers


def _flux(flux: Flux, names: dict[str, int], compartments: dict[str, int]) -> tuple[int, ...]:
    by = flux.modulator
    rises = (flux.rises.rate, flux.rises.shape) if flux.rises else (None, None)
    effect = (by.emax, by.ec50, by.hill, by.volume) if by else (None,) * 4
    used = (flux.rate, flux.volume, flux.km, *effect, *rises)
    return (
        FLUX_KINDS[flux.kind],
        compartments.get(flux.source or "", -1),
        compartments.get(flux.target or "", -1),
        compartments[by.driver] if by else -1,
        by.sign if by else 0,
        *(names.get(name or "", -1) for name in used),
    )


def _comp(model: PopulationModel, compartment: str, names: dict[str, int]) -> tuple[int, ...]:
    dosing = model.structure.dosing.get(compartment)
    used = (dosing.bioavailability, dosing.lag, dosing.duration, dosing.rate) if dosing else (None,) * 4
    through = dosing.transit if dosing else None
    transit = (through.number, through.mean_time) if through else (None, None)
    return tuple(names.get(name or "", -1) for name in (*used, model.structure.initial.get(compartment), *transit))


def _out(model: PopulationModel, n: int, names: dict[str, int], compartments: dict[str, int]) -> tuple[float, ...]:
    output, error = model.outputs[n], model.outputs[n].residual
    return (
        compartments[output.compartment],
        names.get(output.volume or "", -1),
        output.scale,
        RESIDUAL_KINDS[error.kind],
        error.proportional,
        error.additive,
        error.exponent,
    )


def _method(model: PopulationModel, modal: bool) -> int:
    structure = model.structure
    plain = all(flux.kind == "linear" and not flux.modulator and not flux.rises for flux in structure.fluxes)
    if not plain or any(dosing.transit for dosing in structure.dosing.values()):
        return ODE
    return MODAL if modal else MATRIX
