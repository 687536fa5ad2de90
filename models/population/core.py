"""Which part of a linear model has real eigenvalues by its shape: a tree of exchanges, fed by first-order depots."""

from typing import NamedTuple

from models.population.model import Flux, Structure


class Core(NamedTuple):
    """members: (compartment, position of its parent or -1), parents first. depots: (compartment, flux, position fed].

    complete: every compartment is one or the other, so that the closed form holds.
    """

    members: list[tuple[int, ...]]
    depots: list[tuple[int, ...]]
    complete: bool


def split_core(structure: Structure) -> Core:
    """Exchanges that run both ways along the edges of a tree can be scaled to a symmetric matrix."""
    index = {name: n for n, name in enumerate(structure.compartments)}
    edges = {(index[f.source], index[f.target]) for f in structure.fluxes if f.source and f.target}
    depots = [c for c in index.values() if _is_depot(c, edges, structure.fluxes, index)]
    rest = [c for c in index.values() if c not in depots]
    inner = {(s, t) for s, t in edges if s in rest and t in rest}
    members, tree = _walk(rest, inner)
    order = [member for member, _ in members]
    outlets = [_outlet(depot, structure.fluxes, index) for depot in depots]
    targets = [index[structure.fluxes[n].target or ""] for n in outlets]
    fed = [order.index(target) if target in order else -1 for target in targets]
    two_way = all((t, s) in inner for s, t in inner)
    return Core(
        members=members,
        depots=list(zip(depots, outlets, fed, strict=True)),
        complete=tree and two_way and -1 not in fed and len(inner) == 2 * sum(parent >= 0 for _, parent in members),
    )


def _walk(rest: list[int], edges: set[tuple[int, int]]) -> tuple[list[tuple[int, ...]], bool]:
    """Breadth first from the lowest compartment of each connected part; False where a part holds a circle."""
    order: list[int] = []
    members: list[tuple[int, ...]] = []
    for root in rest:
        queue = [] if root in order else [(root, -1)]
        while queue:
            here, parent = queue.pop(0)
            if here in order:
                return members, False
            order.append(here)
            members.append((here, parent))
            position = len(order) - 1
            above = order[parent] if parent >= 0 else -1
            queue += [(t, position) for s, t in sorted(edges) if s == here and t != above]
    return members, True


def _is_depot(c: int, edges: set[tuple[int, int]], fluxes: tuple[Flux, ...], index: dict[str, int]) -> bool:
    """One flux out, first order, into another compartment; none in."""
    out = [flux for flux in fluxes if flux.source and index[flux.source] == c]
    made = any(flux.source is None and flux.target and index[flux.target] == c for flux in fluxes)
    fed = any(target == c for _, target in edges)
    return len(out) == 1 and out[0].kind == "linear" and out[0].target is not None and not (fed or made)


def _outlet(depot: int, fluxes: tuple[Flux, ...], index: dict[str, int]) -> int:
    return next(n for n, flux in enumerate(fluxes) if flux.source and index[flux.source] == depot)
