"""The fit and the exposure of two patients, worked out again from plain numbers by scipy's ODE solver and minimiser.

Nothing of the product's mathematics is used on the independent side: covariate formulas, differential equations,
objective function and steady state are written out here from the papers' equations as the model files print them.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.fit import fit_map
from models.pk import auc, concentrations, parameters, steady_state
from models.subject import subject_from_record
from tests.builders import on_tacrolimus, on_vancomycin

# the project promises 0.1 %; both sides solve the same equations to about 1e-8, and a hundred times the promise is kept
AGREE = 1e-5
TIGHT = {"rtol": 1e-10, "atol": 1e-10, "method": "LSODA"}

Rates = Callable[[float, np.ndarray], np.ndarray]


def integrate(rates: Rates, start: np.ndarray, breaks: list[float], jumps: dict[float, np.ndarray]) -> dict:
    """State at every break, integrating piece by piece so that no step crosses a discontinuity."""
    state = start + jumps.get(breaks[0], 0.0)
    found = {breaks[0]: state}
    for left, right in pairwise(breaks):
        # the middle of a piece says which infusions run and which covariates hold: never its ends
        middle = (left + right) / 2
        state = solve_ivp(lambda t, y, at=middle: rates(at, y), (left, right), state, **TIGHT).y[:, -1]
        state = state + jumps.get(right, 0.0)
        found[right] = state
    return found


def map_estimate(objective: Callable[[np.ndarray], float], n: int) -> np.ndarray:
    found = minimize(objective, np.zeros(n), method="BFGS", jac="3-point", options={"gtol": 1e-6})
    return minimize(objective, found.x, method="BFGS", jac="3-point", options={"gtol": 1e-7}).x


# --- vancomycin, Goti 2018 ---------------------------------------------------------------------------------------

VANCOMYCIN_DOSES = [0.0, 12.0, 24.0, 36.0]  # h; 1,250 mg over 2.5 h each
VANCOMYCIN_LEVELS = {40.0: 29.1, 47.5: 17.4}  # h: mg/L
CREATININE_CHANGE = 20.0  # h; 1.2 before, 1.4 mg/dL after


def vancomycin_clearance(time: float, eta: float) -> float:
    creatinine = 1.2 if time < CREATININE_CHANGE else 1.4
    crcl = (140 - 64) * 82 / (72 * creatinine)
    return 4.5 * (crcl / 120) ** 0.8 * np.exp(eta)


def vancomycin_rates(etas: np.ndarray, doses: list[float], mg: float, hours: float) -> Rates:
    v1, v2, q = 58.4 * (82 / 70) * np.exp(etas[1]), 38.4 * np.exp(etas[2]), 6.5

    def rates(time: float, y: np.ndarray) -> np.ndarray:
        central, peripheral, _ = y
        infused = sum(mg / hours for dose in doses if dose <= time < dose + hours)
        exchange = q * (central / v1 - peripheral / v2)
        cl = vancomycin_clearance(time, etas[0])
        return np.array([infused - cl * central / v1 - exchange, exchange, central / v1])

    return rates


def vancomycin_course(etas: np.ndarray) -> dict[float, tuple[float, float]]:
    """Concentration and AUC from 0, at each break."""
    ends = [dose + 2.5 for dose in VANCOMYCIN_DOSES]
    breaks = sorted({*VANCOMYCIN_DOSES, *ends, CREATININE_CHANGE, *VANCOMYCIN_LEVELS, 24.0, 48.0})
    rates = vancomycin_rates(etas, VANCOMYCIN_DOSES, 1250, 2.5)
    states = integrate(rates, np.zeros(3), breaks, {})
    v1 = 58.4 * (82 / 70) * np.exp(etas[1])
    return {time: (state[0] / v1, state[2]) for time, state in states.items()}


def vancomycin_objective(etas: np.ndarray) -> float:
    course = vancomycin_course(etas)
    total = etas[0] ** 2 / 0.147 + etas[1] ** 2 / 0.51 + etas[2] ** 2 / 0.282
    for time, observed in VANCOMYCIN_LEVELS.items():
        predicted = course[time][0]
        variance = (0.227 * predicted) ** 2 + 3.4**2
        total += np.log(variance) + (observed - predicted) ** 2 / variance
    return float(total)


@cache
def independent_vancomycin() -> tuple[float, float, float]:
    return tuple(map_estimate(vancomycin_objective, 3))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def vancomycin(catalog: Catalog) -> tuple:
    patient = on_vancomycin().creatinine(1.4, at=CREATININE_CHANGE)
    patient = patient.infused(1250, at=0, over=2.5, every=12, times=4)
    for time, value in VANCOMYCIN_LEVELS.items():
        patient = patient.level(value, at=time)
    record, model = patient.record(now=47.75), catalog.model("vancomycin/goti2018")
    subject = subject_from_record(model, record)
    return model, record, subject, fit_map(model, subject)


def test_vancomycin_etas_and_clearance(vancomycin: tuple) -> None:
    model, record, subject, posterior = vancomycin
    expected = independent_vancomycin()
    assert posterior.status == "converged"
    assert posterior.eta == pytest.approx(expected, rel=AGREE, abs=1e-5)
    assert posterior.objective == pytest.approx(vancomycin_objective(np.array(expected)), abs=1e-6)
    clearance = parameters(model, subject, posterior.eta[None], record.now)["CL"][0]
    assert clearance == pytest.approx(vancomycin_clearance(record.now, expected[0]), rel=AGREE)


def test_vancomycin_levels_and_auc_of_the_second_day(vancomycin: tuple) -> None:
    model, _, subject, posterior = vancomycin
    course = vancomycin_course(np.array(independent_vancomycin()))
    predicted = concentrations(model, subject, posterior.eta[None], list(VANCOMYCIN_LEVELS))[0]
    assert predicted == pytest.approx([course[time][0] for time in VANCOMYCIN_LEVELS], rel=AGREE)
    area = auc(model, subject, posterior.eta[None], [[24.0, 48.0]])[0, 0]
    assert area == pytest.approx(course[48.0][1] - course[24.0][1], rel=AGREE)


def test_vancomycin_auc24_at_steady_state_of_the_proposed_regimen(vancomycin: tuple, catalog: Catalog) -> None:
    model, record, _, posterior = vancomycin
    advice = recommend(catalog.drug("vancomycin"), model, record, posterior, seed=1)
    regimen = advice.regimens[0].regimen
    covariates = {item.name: item.value for item in advice.covariates}
    state = steady_state(
        model,
        covariates,
        posterior.eta[None],
        amount=regimen.amount,
        interval=regimen.interval,
        duration=regimen.duration,
        route="iv",
    )
    trough, area = vancomycin_steady_state(regimen.amount, regimen.interval, regimen.duration)
    assert state.auc24[0] == pytest.approx(area, rel=AGREE)
    assert state.trough[0] == pytest.approx(trough, rel=AGREE)


def vancomycin_steady_state(mg: float, interval: float, hours: float) -> tuple[float, float]:
    """Trough and AUC24 after 20 days: ten times the longest half-life here, so within 0.1 % of for ever."""
    etas, late = np.array(independent_vancomycin()), 100.0
    doses = [late + k * interval for k in range(int(480 / interval))]
    end = doses[-1] + interval
    breaks = sorted({*doses, *(dose + hours for dose in doses), end})
    states = integrate(vancomycin_rates(etas, doses, mg, hours), np.zeros(3), breaks, {})
    v1 = 58.4 * (82 / 70) * np.exp(etas[1])
    return states[end][0] / v1, (states[end][2] - states[doses[-1]][2]) * 24 / interval


# --- tacrolimus, Bergmann 2014 -----------------------------------------------------------------------------------

TACROLIMUS_DOSES = [12.0 * k for k in range(10)]  # h; 3 mg each
TACROLIMUS_LEVELS = {71.5: 6.1, 107.5: 6.8}  # h: ug/L
LAG = 0.44
OMEGA = np.array(  # CL, V1, V2, ka
    [
        [0.0834, 0, 0, 0],
        [0, 0.1981, -0.049 * (0.1981 * 0.5874) ** 0.5, 0.677 * (0.1981 * 0.2043) ** 0.5],
        [0, -0.049 * (0.1981 * 0.5874) ** 0.5, 0.5874, -0.013 * (0.5874 * 0.2043) ** 0.5],
        [0, 0.677 * (0.1981 * 0.2043) ** 0.5, -0.013 * (0.5874 * 0.2043) ** 0.5, 0.2043],
    ]
)


def tacrolimus_clearance(day: float, eta: float) -> float:
    typical = 25.5 * (1 - 1.01 * (0.31 - 0.33)) * (68 / 70) ** 0.75 * (1 - 0.0021 * (min(day, 180) - 22.7))
    return typical * np.exp(eta)


def tacrolimus_course(
    etas: np.ndarray, doses: list[float], mg: float, times: list[float], day: Callable[[float], float]
) -> dict[float, float]:
    """Concentration, ug/L, at times; the day after transplant is read at the middle of each piece."""
    v1, v2, q, ka = 113 * np.exp(etas[1]), 1060 * np.exp(etas[2]), 67.9, 0.35 * np.exp(etas[3])

    def rates(time: float, y: np.ndarray) -> np.ndarray:
        gut, central, peripheral = y
        exchange = q * (central / v1 - peripheral / v2)
        cl = tacrolimus_clearance(day(time), etas[0])
        return np.array([-ka * gut, ka * gut - cl * central / v1 - exchange, exchange])

    jumps = {dose + LAG: np.array([mg, 0.0, 0.0]) for dose in doses}
    breaks = sorted({0.0, *jumps, *times})
    states = integrate(rates, np.zeros(3), breaks, jumps)
    return {time: 1000 * states[time][1] / v1 for time in times}  # mg/L to ug/L


@pytest.fixture(scope="module")
def tacrolimus(catalog: Catalog) -> tuple:
    # charted 200 days after transplant: from 180 on the model holds the day, so that clearance stands still
    patient = on_tacrolimus().transplanted(days_ago=200).swallowed(3, at=0, every=12, times=10)
    for time, value in TACROLIMUS_LEVELS.items():
        patient = patient.level(value, at=time)
    record, model = patient.record(now=107.75), catalog.model("tacrolimus/bergmann2014")
    subject = subject_from_record(model, record)
    return model, fit_map(model, subject)


def tacrolimus_objective(etas: np.ndarray) -> float:
    course = tacrolimus_course(etas, TACROLIMUS_DOSES, 3.0, list(TACROLIMUS_LEVELS), lambda _: 180.0)
    total = float(etas @ np.linalg.solve(OMEGA, etas))
    for time, observed in TACROLIMUS_LEVELS.items():
        variance = (0.183 * course[time]) ** 2
        total += np.log(variance) + (observed - course[time]) ** 2 / variance
    return float(total)


def test_tacrolimus_etas_and_trough(tacrolimus: tuple) -> None:
    model, posterior = tacrolimus
    expected = map_estimate(tacrolimus_objective, 4)
    order = [posterior.eta_names.index(name) for name in ("CL", "V1", "V2", "ka")]
    assert posterior.status == "converged"
    assert posterior.eta[order] == pytest.approx(expected, rel=AGREE, abs=1e-5)
    state = steady_state(
        model,
        {"cyp3a5_expresser": 0, "haematocrit": 0.31, "weight": 68, "days_after_transplant": 180,
         "free_prednisolone_cmax": 155.5},
        posterior.eta[None],
        amount=4.0,
        interval=12,
        duration=0,
        route="oral",
    )  # fmt: skip
    doses = [12.0 * k for k in range(240)]  # 120 days: the terminal half-life is some days
    end = doses[-1] + 12.0
    course = tacrolimus_course(expected, doses, 4.0, [end], lambda _: 180.0)
    assert state.trough[0] == pytest.approx(course[end], rel=AGREE)
