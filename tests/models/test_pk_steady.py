"""Steady states of models that saturate: beside SciPy's simulation of many doses, and beside laws. All made up."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from models.catalog import load_catalog
from models.nmtran import Row, subject_from_rows
from models.pk import accumulates, concentrations, parameters, steady_state
from models.pk.exposure import patient
from models.population import PopulationModel, parse_model
from models.population.plan import ODE
from models.record import Dose
from tests.reference import ROOT
from tests.reference.evaluate import jets, predictions

MODELS = load_catalog()
LIU = MODELS.model("voriconazole/liu2014")
FRIBERG = MODELS.model("voriconazole/friberg2012adults")
PHENYTOIN = MODELS.model("phenytoin/yukawa1990")
LATE = {"weight": 70.0, "hours_since_first_dose": 240.0}
EPILEPSY = {"weight": 60.0, "age": 30.0, "other_antiepileptics": 0.0}
ORAL: dict[str, Any] = {"interval": 12.0, "duration": 0.0, "route": "oral"}
IV: dict[str, Any] = {"interval": 12.0, "duration": 2.0, "route": "iv"}
Body = Callable[[float, np.ndarray], list[float]]


def absorbed_in(ka: str) -> PopulationModel:
    """Liu 2014 with another absorption rate, 1/h."""
    text = (ROOT / "models" / "drugs" / "voriconazole" / "liu2014.toml").read_text()
    return parse_model(
        text.replace("[parameters.ka]\nvalue = 1.2", f"[parameters.ka]\nvalue = {ka}").encode(), "x.toml"
    )


def draws(model: PopulationModel, count: int) -> np.ndarray:
    return np.random.default_rng(1).multivariate_normal(np.zeros(len(model.omega)), model.omega, size=count)


def voriconazole(ka: float, cl: float, v1: float, v2: float, q: float, vmax: float, half: float) -> Body:
    """Amounts in gut, blood, tissue and the integral of the concentration; inhibition as the file holds it at 240 h."""
    late = vmax * (1 - 0.817574 * 239 / (239 + half))

    def body(_: float, a: np.ndarray) -> list[float]:
        c, exchange = a[1] / v1, q * (a[1] / v1 - a[2] / v2)
        return [-ka * a[0], ka * a[0] - cl * c - late * c / (1.15 + c) - exchange, exchange, c]

    return body


def phenytoin(_: float, a: np.ndarray) -> list[float]:
    c = a[1] / 36.0
    return [-1.5 * a[0], 1.5 * a[0] - 325 / 24 * c / (2.41 + c), 0.0, c]


def simulated(body: Body, dose: float, lag: float, doses: int) -> tuple[float, float]:
    """Concentration times V at the end of the last of many intervals of 12 h, and twice its integral over it, h."""
    a = np.zeros(4)
    for _ in range(doses):
        a[3] = 0.0
        if lag > 0.0:
            a = solve_ivp(body, (0.0, lag), a, method="LSODA", rtol=1e-9, atol=1e-9).y[:, -1]
        a[0] += dose
        a = solve_ivp(body, (lag, 12.0), a, method="LSODA", rtol=1e-9, atol=1e-9).y[:, -1]
    return a[1], 2.0 * a[3]


CASES = {
    "liu2014": (LIU, LATE, 400.0, voriconazole(1.2, 5.3, 77.6, 89.5, 15.9, 113, 1.42), 0.595, 1.0, 77.6, 60),
    "friberg2012": (
        FRIBERG,
        LATE,
        300.0,
        voriconazole(100, 6.16, 79, 103, 15.5, 114, 1.41),
        1 / (1 + np.exp(-0.585)),
        0.949,
        79.0,
        60,
    ),
    "yukawa1990": (PHENYTOIN, EPILEPSY, 125.0, phenytoin, 1.0, 0.0, 36.0, 250),
}


@pytest.mark.parametrize("name", CASES)
def test_steady_state_is_that_of_a_long_simulation_by_scipy(name: str) -> None:
    model, covariates, amount, body, f, lag, volume, doses = CASES[name]
    last, area = simulated(body, f * amount, lag, doses)
    found = steady_state(model, covariates, np.zeros((1, len(model.eta_names))), amount=amount, **ORAL)
    # numbers of the files have six figures; the simulation is over twenty half-lives long
    assert found.trough[0] == pytest.approx(last / volume, rel=2e-5)
    assert found.auc24[0] == pytest.approx(area, rel=2e-5)


@settings(max_examples=15, deadline=None)
@given(eta=st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6), mg=st.floats(50.0, 600.0))
def test_steady_state_is_the_limit_of_many_doses(eta: list[float], mg: float) -> None:
    etas = np.array([eta])
    found = steady_state(LIU, LATE, etas, amount=mg, **ORAL)
    subject = patient(LIU, LATE, Dose(time=0.0, amount=mg, route="oral", duration=0.0, interval=12.0, additional=400))
    # 4,800 h are over twenty half-lives of the slowest patient; the solver's errors of single doses do not add up
    assert concentrations(LIU, subject, etas, [4812.0])[0, 0] == pytest.approx(found.trough[0], rel=1e-5)


def test_more_drug_never_means_a_lower_level() -> None:
    etas = draws(LIU, 100)
    levels = np.array(
        [steady_state(LIU, LATE, etas, amount=mg, **ORAL).trough for mg in (50, 100, 200, 400, 800, 1600)]
    )
    assert (np.diff(levels, axis=0) > 0.0).all()
    # saturation: levels grow at least as fast as the dose; 1e-5 for the solver
    assert (levels[1:] >= 2.0 * levels[:-1] * (1 - 1e-5)).all()


@pytest.mark.parametrize("model", [LIU, absorbed_in("5.0"), absorbed_in("50.0"), FRIBERG], ids=lambda m: m.title[:10])
@pytest.mark.parametrize(("amount", "regimen"), [(500.0, ORAL), (300.0, IV)], ids=["oral", "iv"])
def test_every_draw_with_linear_elimination_has_a_steady_state(
    model: PopulationModel, amount: float, regimen: dict[str, Any]
) -> None:
    """Fast absorption empties the gut to rounding errors, which must not be taken for an impossible state."""
    etas = draws(model, 3000)
    found = steady_state(model, LATE, etas, amount=amount, **regimen)
    for values in (found.trough, found.peak, found.auc24):
        assert np.isfinite(values).all()
        assert (values > 0.0).all()
    assert not accumulates(model, LATE, etas, amount=amount, **regimen).any()


@pytest.mark.parametrize("share", [0.9, 0.999, 1.001, 1.5])
def test_phenytoin_below_and_beyond_vmax(share: float) -> None:
    """325 mg a day can be eliminated at most: a steady state exists below that, and none beyond."""
    amount, nobody = share * 325 / 2, np.zeros((1, 2))
    found = steady_state(PHENYTOIN, EPILEPSY, nobody, amount=amount, **ORAL)
    beyond = accumulates(PHENYTOIN, EPILEPSY, nobody, amount=amount, **ORAL)[0]
    assert beyond == (share > 1.0)
    assert np.isnan(found.trough[0]) == beyond
    if not beyond:
        # at least the level at which constant intake is balanced, but for a swing within the interval, which is
        # smaller than a dose: 163 mg in 36 L
        assert found.auc24[0] / 24 == pytest.approx(2.41 * share / (1 - share), abs=163 / 36)


def test_phenytoin_draws_without_a_steady_state_are_those_beyond_their_vmax() -> None:
    etas = draws(PHENYTOIN, 2000)
    one = patient(PHENYTOIN, EPILEPSY, Dose(time=0.0, amount=1.0, route="oral", duration=0.0, interval=12.0))
    beyond = parameters(PHENYTOIN, one, etas, 0.0)["Vmax"] <= 150.0 / 12.0
    found = steady_state(PHENYTOIN, EPILEPSY, etas, amount=150.0, **ORAL)
    assert 0 < beyond.sum() < 2000
    assert np.array_equal(np.isnan(found.trough), beyond)
    assert np.array_equal(accumulates(PHENYTOIN, EPILEPSY, etas, amount=150.0, **ORAL), beyond)


def row(time: float, covariates: dict[str, float], **changes: float) -> Row:
    plain = {"evid": 0, "amount": 0.0, "comp": 0, "rate": 0.0, "interval": 0.0, "additional": 0, "steady": 0}
    values = {name.upper(): value for name, value in covariates.items()}
    return Row(**(plain | {"time": time, "observed": None, "below": False, "values": values} | changes))  # type: ignore[arg-type]


def test_derivatives_of_a_steady_state_are_those_of_its_predictions() -> None:
    """Central differences of step 1e-3 leave 1e-6 of truncation, and 1e-4 of the solver's errors."""
    dose = row(0.0, EPILEPSY, evid=1, amount=150.0, comp=1, interval=12.0, steady=1)
    drawn = [row(at, EPILEPSY, observed=1.0) for at in (0.5, 3.0, 11.0)]
    subject = subject_from_rows(PHENYTOIN, [dose, *drawn])
    eta = np.array([0.3, 0.1])
    exact = jets(subject, eta, ODE)
    for q in range(2):
        ahead, behind = (jets(subject, eta + sign * 1e-3 * np.eye(2)[q], ODE)[:, 0] for sign in (1.0, -1.0))
        assert exact[:, 1 + q] == pytest.approx((ahead - behind) / 2e-3, rel=2e-4)


def test_a_constant_infusion_is_eliminated_as_fast_as_it_runs() -> None:
    """A steady state of no amount is that of an infusion which ends at the record."""
    rows = [row(0.0, LATE, evid=1, comp=2, rate=20.0, steady=1), row(0.0, LATE, comp=2)]
    found = predictions(FRIBERG, rows, np.zeros((1, len(FRIBERG.eta_names))))[0, 1]
    vmax = 114 * (1 - 0.817574 * 239 / (239 + 1.41))
    expected = brentq(lambda c: 6.16 * c + vmax * c / (1.15 + c) - 20.0, 0.0, 10.0, xtol=1e-12)
    assert found == pytest.approx(expected, rel=1e-6)  # six figures in the file
