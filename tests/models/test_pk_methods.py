"""The closed form, the matrix exponential and the ODE solver on the same patients; derivatives beside differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.integrate import solve_ivp
from scipy.linalg import expm, expm_frechet

from models.errors import RecordError
from models.nmtran import Row, subject_from_rows
from models.pk import parameters
from models.pk.kernels.individual import N_COEFFICIENTS, coefficients
from models.pk.kernels.ode import M_EXPLICIT, M_IMPLICIT, M_STIFF, propagate_ode
from models.pk.linked import linked_plan
from models.population import load_model
from models.population.plan import MATRIX, MODAL, ODE
from models.subject import Subject
from tests.reference import MODELS
from tests.reference.evaluate import jets

LINEAR = ("1cmt_inf", "1cmt_oral_lag", "2cmt_inf", "2cmt_oral", "3cmt_inf", "double_abs", "zero_order")
NONLINEAR = ("mm_oral", "mm_lin_inf", "pd_turnover")
CHAINS = ("transit3_2cmt", "run401")


def row(time: float, **changes: float) -> Row:
    plain = {"evid": 0, "amount": 0.0, "comp": 0, "rate": 0.0, "interval": 0.0, "additional": 0, "steady": 0}
    return Row(**(plain | {"time": time, "observed": None, "below": False, "values": {}} | changes))  # type: ignore[arg-type]


def patient(model_id: str, *, steady: bool = False) -> Subject:
    """Four doses and six draws, one of them during an infusion; every compartment a dose can enter gets one."""
    model = load_model(MODELS / f"{model_id}.toml")
    into = [model.structure.compartments.index(name) + 1 for name in next(iter(model.structure.routes.values()))]
    modelled = any(item.duration for item in model.structure.dosing.values())
    rate = -2.0 if modelled else (250.0 if "iv" in model.structure.routes else 0.0)
    given = [
        row(at, evid=1, amount=500.0, comp=comp, rate=rate, interval=12.0, steady=int(steady and at == 0.0))
        for at in (0.0, 12.0, 24.0, 37.5)
        for comp in into
    ]
    drawn = [row(at, observed=1.0) for at in (1.3, 6.0, 11.9, 25.1, 40.0, 70.0)]
    return subject_from_rows(model, sorted(given + drawn, key=lambda item: item.time))


@pytest.mark.parametrize("steady", [False, True])
@pytest.mark.parametrize("model_id", LINEAR)
def test_closed_form_matrix_exponential_and_ode_agree(model_id: str, steady: bool) -> None:
    subject = patient(model_id, steady=steady)
    eta = 0.2 * np.cos(np.arange(1.0, 1.0 + len(subject.model.eta_names)))
    closed, matrix, ode = (jets(subject, eta, method) for method in (MODAL, MATRIX, ODE))
    scale = np.abs(closed).max(axis=0)
    # two exact methods: rounding of a few thousand operations
    assert matrix / scale == pytest.approx(closed / scale, abs=1e-11)
    # the solver controls predictions to 1e-8 a step and derivatives to 1e-6
    assert ode[:, 0] / scale[0] == pytest.approx(closed[:, 0] / scale[0], abs=3e-7)
    assert ode / scale == pytest.approx(closed / scale, abs=2e-5)


@pytest.mark.parametrize("model_id", CHAINS)
def test_chains_by_matrix_exponential_and_ode_agree(model_id: str) -> None:
    subject = patient(model_id)
    eta = np.full(len(subject.model.eta_names), 0.1)
    matrix, ode = (jets(subject, eta, method) for method in (MATRIX, ODE))
    scale = np.abs(matrix).max(axis=0) + 1e-300  # the metabolite's own etas do not move the parent
    assert ode / scale == pytest.approx(matrix / scale, abs=2e-5)


@pytest.mark.parametrize(("model_id", "method"), [(m, MODAL) for m in LINEAR] + [(m, ODE) for m in NONLINEAR])
def test_derivatives_are_those_of_the_predictions(model_id: str, method: int) -> None:
    """Central differences: step 1e-5 leaves 1e-10 of truncation and 1e-10 of rounding, 1e-4 for the solver's 1e-8."""
    subject = patient(model_id)
    n = len(subject.model.eta_names)
    eta, step = 0.1 * np.ones(n), 1e-5 if method == MODAL else 1e-3
    exact = jets(subject, eta, method)
    for q in range(n):
        ahead, behind = (jets(subject, eta + sign * step * np.eye(n)[q], method)[:, 0] for sign in (1.0, -1.0))
        size = max(np.abs(exact[:, 1 + q]).max(), 1e-6 * np.abs(exact[:, 0]).max())
        tolerance = 1e-6 if method == MODAL else 2e-4
        assert (ahead - behind) / (2 * step) / size == pytest.approx(exact[:, 1 + q] / size, abs=tolerance)


@settings(max_examples=60, deadline=None)
@given(ratio=st.floats(-1e-3, 1e-3), kind=st.sampled_from(["1cmt_oral_lag"]))
def test_absorption_as_fast_as_elimination_loses_no_digits(ratio: float, kind: str) -> None:
    """ka near ke, the flip-flop point, where the textbook formula divides nothing by nothing."""
    subject = patient(kind)
    eta = np.array([0.0, 0.0, np.log(3.5 / 40 / 1.2) + ratio, 0.0])
    closed, matrix = jets(subject, eta, MODAL), jets(subject, eta, MATRIX)
    scale = np.abs(closed).max(axis=0)
    assert closed / scale == pytest.approx(matrix / scale, abs=1e-10)


def test_a_stiff_model_switches_method_and_stays_right() -> None:
    """Absorption a thousand times as fast as elimination, over a fortnight: explicit steps alone would be minutes."""
    subject = patient("1cmt_oral_lag")
    eta = np.array([-2.0, 1.0, 6.0, 0.0])
    closed, ode = jets(subject, eta, MODAL), jets(subject, eta, ODE)
    assert ode[:, 0] == pytest.approx(closed[:, 0], rel=1e-5)


@njit
def _solve(flux: np.ndarray, P: np.ndarray, X: np.ndarray, hours: float, memo: np.ndarray) -> bool:
    C = np.zeros((flux.shape[0], N_COEFFICIENTS, 1))
    return coefficients(flux, P, C) and propagate_ode(
        flux, C, X, np.zeros(X.shape), hours, 0, np.zeros(0), memo, np.zeros((0, 7, 1)), 0.0
    )


def absorbed(ka: float, hours: float, *, stiff: bool = False) -> tuple[np.ndarray, float, float]:
    """Amounts `hours` after 500 mg of the Michaelis-Menten model by mouth; steps taken by either method."""
    subject = patient("mm_oral")
    typical = parameters(subject.model, subject, np.zeros((1, len(subject.model.eta_names))), 0.0)
    values = {name: float(value[0]) for name, value in typical.items()} | {"KA": ka}
    X, memo = np.array([[500.0], [0.0]]), np.zeros(4)
    memo[M_STIFF] = float(stiff)
    assert _solve(linked_plan(subject.model).flux, np.array(list(values.values()))[:, None], X, hours, memo)
    exact = solve_ivp(
        lambda _, x: (-ka * x[0], ka * x[0] - values["VMAX"] * x[1] / (values["KM"] * values["V"] + x[1])),
        (0.0, hours),
        (500.0, 0.0),
        method="Radau",
        rtol=1e-11,
        atol=1e-11,
    )
    # the solver holds 1e-8 a step; what is left of the depot may be nothing at all
    assert X[:, 0] == pytest.approx(exact.y[:, -1], rel=1e-6, abs=1e-6)
    return X[:, 0], memo[M_EXPLICIT], memo[M_IMPLICIT]


def test_a_steady_state_on_top_of_another_is_refused_where_states_do_not_add_up() -> None:
    """NONMEM's SS 2 is a sum of states, which a nonlinear model does not have."""
    model = load_model(MODELS / "mm_oral.toml")
    rows = [row(0.0, evid=1, amount=300.0, comp=1, interval=24.0, steady=2), row(5.0, observed=1.0)]
    with pytest.raises(RecordError, match="do not add up"):
        subject_from_rows(model, rows)


def test_the_solver_switches_where_the_model_is_stiff_and_only_there() -> None:
    """Absorption with a half-life of two seconds: explicit steps would stay below 0.005 h for all of 24 h."""
    _, explicit, implicit = absorbed(1250.0, 24.0)
    assert implicit > 0
    assert explicit + implicit < 500  # against 5,000 steps that stability would ask for
    _, _, none = absorbed(1.0, 24.0)
    assert none == 0


def test_both_methods_of_the_solver_agree() -> None:
    by_explicit, _, none = absorbed(3.0, 8.0)
    by_implicit, _, some = absorbed(3.0, 8.0, stiff=True)
    assert (none, some > 0) == (0, True)
    assert by_implicit == pytest.approx(by_explicit, rel=1e-6, abs=1e-6)


def test_scipy_agrees_with_the_derivative_of_the_matrix_exponential() -> None:
    """The identity that matrix.py rests on, for one chain: d exp(K) in the direction dK."""
    subject = patient("transit3_2cmt")
    eta = np.zeros(4)
    exact = jets(subject, eta, MATRIX)[0]
    ktr, cl, v1, q, v2 = 5.25, 21.2, 130.0, 55.0, 400.0
    K = np.diag([-ktr, -ktr, -ktr, -(cl + q) / v1, -q / v2])
    K[1, 0] = K[2, 1] = K[3, 2] = ktr
    K[3, 4], K[4, 3] = q / v2, q / v1
    by_cl = np.zeros((5, 5))
    by_cl[3, 3] = -cl / v1
    start = np.array([500.0, 0, 0, 0, 0])
    assert exact[0] == pytest.approx(1000 * (expm(1.3 * K) @ start)[3] / v1, rel=1e-11)
    slope = expm_frechet(1.3 * K, 1.3 * by_cl, compute_expm=False)
    assert exact[2] == pytest.approx(1000 * (slope @ start)[3] / v1, rel=1e-9)
