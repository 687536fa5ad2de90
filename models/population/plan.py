"""A population model as the small integer and float tables that the kernels read."""

from typing import NamedTuple

import numpy as np

from models.population.model import Flux, PopulationModel

# parameter kinds: how the sum of its etas acts on the typical value
FIXED, EXPONENTIAL, ADDITIVE, PROPORTIONAL, LOGIT, BOXCOX = range(6)
RANDOM_KINDS = {
    "exponential": EXPONENTIAL,
    "additive": ADDITIVE,
    "proportional": PROPORTIONAL,
    "logit": LOGIT,
    "boxcox": BOXCOX,
}
# flux kinds
LINEAR, MICHAELIS_MENTEN, PRODUCTION = range(3)
FLUX_KINDS = {"linear": LINEAR, "michaelis-menten": MICHAELIS_MENTEN, "production": PRODUCTION}
# columns of flux_param
RATE, VOLUME, KM, EMAX, EC50, HILL, DRIVER_VOLUME = range(7)
# columns of dosing_param
BIOAVAILABILITY, LAG, DURATION, DOSE_RATE = range(4)
# residual kinds
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
    """Indices are -1 where there is nothing. p parameters (primary then derived), e etas, c compartments, f fluxes."""

    n_eta: int
    n_comp: int
    method: int
    param_kind: np.ndarray  # (primary,)
    term_param: np.ndarray  # (terms,) an eta acting on a parameter
    term_eta: np.ndarray
    term_shape: np.ndarray
    derived_start: np.ndarray  # (derived + 1,) into the next three
    derived_coef: np.ndarray
    power_start: np.ndarray  # (derived terms + 1,) into the next two
    power_param: np.ndarray
    power_value: np.ndarray
    flux_kind: np.ndarray  # (f,)
    flux_from: np.ndarray
    flux_to: np.ndarray
    flux_driver: np.ndarray
    flux_sign: np.ndarray
    flux_param: np.ndarray  # (f, 7)
    dosing_param: np.ndarray  # (c, 4)
    initial_param: np.ndarray  # (c,)
    core: np.ndarray  # compartments of the symmetrisable core, parents before children
    core_parent: np.ndarray  # position in core of the parent, -1 for a root
    depot: np.ndarray  # (d,) compartments that empty by one first-order flux into the core
    depot_flux: np.ndarray
    depot_target: np.ndarray  # position in core
    out_comp: np.ndarray  # (outputs,)
    out_volume: np.ndarray
    out_scale: np.ndarray
    out_kind: np.ndarray
    out_error: np.ndarray  # (outputs, 3) proportional variance, additive variance, exponent
    omega_inverse: np.ndarray  # (e, e)


def _ints(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def _floats(values: list[float]) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def compile_plan(model: PopulationModel) -> Plan:
    """The tables of one model; cheap (well under a millisecond), no code is generated."""
    names = {name: index for index, name in enumerate(model.parameter_names)}
    compartments = {name: index for index, name in enumerate(model.structure.compartments)}
    fluxes = model.structure.fluxes
    core = _core(model, compartments)
    terms = [(names[p], e) for e, item in enumerate(model.random) for p in item.parameters]
    parts = [term for item in model.derived for term in item.terms]
    kinds = [FIXED] * len(model.parameters)
    for item in model.random:
        for name in item.parameters:
            kinds[names[name]] = RANDOM_KINDS[item.kind]
    return Plan(
        n_eta=len(model.random),
        n_comp=len(compartments),
        method=_method(model, core),
        param_kind=_ints(kinds),
        term_param=_ints([p for p, _ in terms]),
        term_eta=_ints([e for _, e in terms]),
        term_shape=_floats([model.random[e].shape for _, e in terms]),
        derived_start=_ints([0, *np.cumsum([len(item.terms) for item in model.derived])]),
        derived_coef=_floats([term.coefficient for term in parts]),
        power_start=_ints([0, *np.cumsum([len(term.powers) for term in parts])]),
        power_param=_ints([names[name] for term in parts for name in term.powers]),
        power_value=_floats([power for term in parts for power in term.powers.values()]),
        flux_kind=_ints([FLUX_KINDS[flux.kind] for flux in fluxes]),
        flux_from=_ints([compartments.get(flux.source or "", -1) for flux in fluxes]),
        flux_to=_ints([compartments.get(flux.target or "", -1) for flux in fluxes]),
        flux_driver=_ints([compartments[flux.modulator.driver] if flux.modulator else -1 for flux in fluxes]),
        flux_sign=_ints([flux.modulator.sign if flux.modulator else 0 for flux in fluxes]),
        flux_param=_ints([index for flux in fluxes for index in _flux_params(flux, names)]).reshape(-1, 7),
        dosing_param=_dosing(model, names),
        initial_param=_ints([names.get(model.structure.initial.get(name, ""), -1) for name in compartments]),
        core=_ints(core.order),
        core_parent=_ints(core.parents),
        depot=_ints(core.depots),
        depot_flux=_ints(core.depot_fluxes),
        depot_target=_ints(core.depot_targets),
        out_comp=_ints([compartments[output.compartment] for output in model.outputs]),
        out_volume=_ints([names.get(output.volume or "", -1) for output in model.outputs]),
        out_scale=_floats([output.scale for output in model.outputs]),
        out_kind=_ints([RESIDUAL_KINDS[output.residual.kind] for output in model.outputs]),
        out_error=np.array(
            [(o.residual.proportional, o.residual.additive, o.residual.exponent) for o in model.outputs]
        ),
        omega_inverse=np.ascontiguousarray(np.linalg.inv(model.omega)) if model.random else np.zeros((0, 0)),
    )


def _flux_params(flux: Flux, names: dict[str, int]) -> list[int]:
    by = flux.modulator
    used = (flux.rate, flux.volume, flux.km, *((by.emax, by.ec50, by.hill, by.volume) if by else (None,) * 4))
    return [names.get(name or "", -1) for name in used]


def _dosing(model: PopulationModel, names: dict[str, int]) -> np.ndarray:
    table = np.full((len(model.structure.compartments), 4), -1, dtype=np.int64)
    for c, compartment in enumerate(model.structure.compartments):
        dosing = model.structure.dosing.get(compartment)
        if dosing:
            used = (dosing.bioavailability, dosing.lag, dosing.duration, dosing.rate)
            table[c] = [names.get(name or "", -1) for name in used]
    return table


class _Core(NamedTuple):
    order: list[int]
    parents: list[int]
    depots: list[int]
    depot_fluxes: list[int]
    depot_targets: list[int]
    complete: bool


def _core(model: PopulationModel, compartments: dict[str, int]) -> _Core:
    """Splits compartments into depots and a core whose exchanges form a tree, both ways along each edge.

    Such a core has a symmetric form, hence real eigenvalues and well-conditioned eigenvectors.
    """
    fluxes = model.structure.fluxes
    edges = {(compartments[f.source], compartments[f.target]) for f in fluxes if f.source and f.target}
    depots = [c for c in compartments.values() if _is_depot(c, edges, fluxes, compartments)]
    rest = [c for c in compartments.values() if c not in depots]
    order: list[int] = []
    parents: list[int] = []
    ok = True
    for root in rest:
        if root in order:
            continue
        order.append(root)
        parents.append(-1)
        queue = [root]
        while queue:
            here = queue.pop(0)
            for there in (t for s, t in edges if s == here and t in rest):
                if order.count(there):
                    ok = ok and _adjacent(order, parents, here, there)
                    continue
                order.append(there)
                parents.append(order.index(here))
                queue.append(there)
    ok = ok and all((t, s) in edges for s, t in edges if s in rest and t in rest)
    depot_fluxes = [
        next(n for n, f in enumerate(fluxes) if f.source and compartments[f.source] == depot) for depot in depots
    ]
    targets = [compartments[fluxes[n].target or ""] for n in depot_fluxes]
    ok = ok and all(target in rest for target in targets)
    positions = [order.index(target) if target in order else -1 for target in targets]
    return _Core(order, parents, depots, depot_fluxes, positions, ok)


def _adjacent(order: list[int], parents: list[int], here: int, there: int) -> bool:
    a, b = order.index(here), order.index(there)
    return parents[a] == b or parents[b] == a


def _is_depot(
    c: int, edges: set[tuple[int, int]], fluxes: tuple[Flux, ...], compartments: dict[str, int]
) -> bool:
    """One flux out, first order, into another compartment; none in."""
    out = [flux for flux in fluxes if flux.source and compartments[flux.source] == c]
    fed = any(target == c for _, target in edges) or any(
        flux.source is None and flux.target and compartments[flux.target] == c for flux in fluxes
    )
    return len(out) == 1 and out[0].kind == "linear" and out[0].target is not None and not fed


def _method(model: PopulationModel, core: _Core) -> int:
    if not all(flux.kind == "linear" and flux.modulator is None for flux in model.structure.fluxes):
        return ODE
    return MODAL if core.complete else MATRIX
