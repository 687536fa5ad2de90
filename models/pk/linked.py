"""Plans and events with the addresses of the compiled kernels that are called by address."""

from functools import lru_cache

from numba import types

from models.events import Events
from models.kernel import address, tidy
from models.pk.kernels import propagate
from models.pk.kernels.modal import modal_transition
from models.pk.kernels.ode import propagate_ode
from models.pk.kernels.rows import Rows
from models.pk.kernels.run import run
from models.pk.kernels.steady import steady_state
from models.population.model import PopulationModel
from models.population.plan import MATRIX, MODAL, Plan, plan_of

_I, _F, _B = types.int64, types.float64, types.boolean
_I1, _F1 = types.Array(_I, 1, "C"), types.Array(_F, 1, "C")
_I2, _F2 = types.Array(_I, 2, "C"), types.Array(_F, 2, "C")
_F3, _F4 = types.Array(_F, 3, "C"), types.Array(_F, 4, "C")
_PLAN = types.NamedTuple((_I, _I, _I, _I, _I1, _F2, _F2, _F2, _I2, _I2, _I2, _I2, _F2, _F2), Plan)
_EVENTS = types.NamedTuple((_I, _I, _I, _F2, _F2, _F2, _F2, _F2), Events)
_ROWS = types.NamedTuple((_F3, _F4, _F4, _F3, _F4, _F2), Rows)


@lru_cache(maxsize=3)
def _solver(method: int) -> int:
    """Only the methods that are asked for are compiled."""
    if method == MODAL:
        return address(modal_transition, (_I2, _I2, _F3, _F4, _F4, _I, _F2, _F, _B, _F2, _I))
    if method == MATRIX:
        return address(propagate.matrix, (_ROWS, _I, _F2, _F, _B, _F1))
    return address(propagate_ode, (_I2, _F3, _F2, _F2, _F, _I, _F1, _F1, _F3, _F))


@lru_cache(maxsize=1)
def _run() -> int:
    tidy()
    return address(run, (_PLAN, _EVENTS, _F2, _B, _F3))


@lru_cache(maxsize=1)
def _steady() -> int:
    return address(steady_state, (_PLAN, _I, _I, _ROWS, _I, _I, _F, _F, _F3, _I, _F2, _F2))


@lru_cache(maxsize=256)
def linked_plan(model: PopulationModel) -> Plan:
    """The model's tables, ready for the kernels."""
    return plan_of(model)._replace(run=_run(), steady=_steady())


def linked_events(events: Events) -> Events:
    """The subject's events, ready for the kernels."""
    return events._replace(solver=_solver(events.method))
