"""Absorption through transits of any number, and absorption that rises after a dose, beside solve_ivp written anew."""

from dataclasses import replace
from itertools import pairwise
from math import gamma

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from models.errors import ModelFileError, RecordError
from models.pk import auc, concentrations
from models.population import PopulationModel, parse_model
from models.population.plan import ODE
from models.record import Dose, PatientRecord
from models.subject import Subject, observations, subject_from_record
from tests.reference.evaluate import jets

CL, V, KA, F = 20.0, 50.0, 1.2, 0.8
HEAD = """
id = "absorption"
drug = "reference"
title = "made for these tests"
[units]
time = "h"
amount = "mg"
[outputs.concentration]
compartment = "CENT"
volume = "V"
unit = "mg/L"
residual = { kind = "proportional", proportional_variance = 0.04 }
"""
TRANSIT = """
[structure]
compartments = ["DEPOT", "CENT"]
routes.oral.into = ["DEPOT"]
dosing.DEPOT = { bioavailability = "F", lag = "LAG", transit = { number = "NN", mean_time = "MTT" } }
fluxes = [
    { kind = "first-order", from = "DEPOT", to = "CENT", rate = "KA" },
    { kind = "elimination", from = "CENT", clearance = "CL", volume = "V" },
]
"""
RISING = """
[structure]
compartments = ["DEPOT", "CENT"]
routes.oral.into = ["DEPOT"]
dosing.DEPOT = { lag = "LAG" }
fluxes = [
    { kind = "first-order", from = "DEPOT", to = "CENT", rate = "KA", rises = { rate = "RA", shape = "GAM" } },
    { kind = "elimination", from = "CENT", clearance = "CL", volume = "V" },
]
"""
CHAIN = """
[structure]
compartments = ["T0", "T1", "T2", "T3", "DEPOT", "CENT"]
routes.oral.into = ["T0"]
dosing.T0 = { bioavailability = "F" }
fluxes = [
    { kind = "first-order", from = "T0", to = "T1", rate = "KTR" },
    { kind = "first-order", from = "T1", to = "T2", rate = "KTR" },
    { kind = "first-order", from = "T2", to = "T3", rate = "KTR" },
    { kind = "first-order", from = "T3", to = "DEPOT", rate = "KTR" },
    { kind = "first-order", from = "DEPOT", to = "CENT", rate = "KA" },
    { kind = "elimination", from = "CENT", clearance = "CL", volume = "V" },
]
"""


def model(structure: str, **values: float) -> PopulationModel:
    """Every parameter with an exponential random effect of variance 0.1."""
    names = {"CL": CL, "V": V, "KA": KA} | values
    parameters = "".join(f'[parameters.{n}]\nvalue = {v}\nunit = "1"\nsource = "made up"\n' for n, v in names.items())
    random = "".join(f'[random.{n}]\nvariance = 0.1\nprinted = 0.1\nconversion = "variance"\n' for n in names)
    return parse_model((HEAD + structure + parameters + random).encode(), "absorption.toml")


def swallowed(structure: PopulationModel, *doses: Dose) -> Subject:
    return subject_from_record(structure, PatientRecord(drug="reference", now=0.0, doses=doses))


def tablets(*at: float, mg: float = 300.0) -> tuple[Dose, ...]:
    return tuple(Dose(time=time, amount=mg, route="oral") for time in at)


def found(structure: PopulationModel, doses: tuple[Dose, ...], times: list[float]) -> np.ndarray:
    return concentrations(structure, swallowed(structure, *doses), np.zeros((1, len(structure.eta_names))), times)[0]


def by_scipy(flow: object, starts: tuple[float, ...], times: list[float], *, bolus: float = 0.0) -> np.ndarray:
    """Concentrations by DOP853 at 1e-11, stopped at every dose; bolus mg into the depot at each."""
    edges = sorted({0.0, *starts, *times})
    state, out = np.zeros(2), {}
    for begin, finish in pairwise(edges):
        state = state + np.array([bolus * starts.count(begin), 0.0])
        out[begin] = state[1] / V
        solved = solve_ivp(flow, (begin, finish), state, method="DOP853", rtol=1e-11, atol=1e-12, max_step=0.05)
        state = solved.y[:, -1]
        out[finish] = state[1] / V
    return np.array([out[time] for time in times])


@pytest.mark.parametrize("n", [0.0, 0.6, 3.0, 7.13, 25.5])
def test_transits_of_any_number_agree_with_solve_ivp(n: float) -> None:
    """7.13: rifampicin (Wilkins 2008). Three doses, the later two before the first has come in."""
    mtt, starts, times = 1.5, (0.3, 1.3, 2.3), [0.7, 1.5, 2.0, 3.1, 4.0, 6.0, 10.0]
    ktr = (n + 1) / mtt

    def flow(t: float, x: np.ndarray) -> tuple[float, float]:
        since = [t - start - 0.2 for start in starts if t > start + 0.2]
        inflow = sum(F * 300.0 * ktr * (ktr * s) ** n * np.exp(-ktr * s) / gamma(n + 1) for s in since)
        return inflow - KA * x[0], KA * x[0] - CL / V * x[1]

    fitted = model(TRANSIT, F=F, LAG=0.2, NN=n, MTT=mtt)
    exact = by_scipy(flow, tuple(start + 0.2 for start in starts), times)
    # the solver holds 1e-8 a step
    assert found(fitted, tablets(*starts), times) == pytest.approx(exact, rel=2e-7, abs=1e-9)


def test_a_whole_number_of_transits_is_a_chain_of_compartments() -> None:
    """n = 3: three compartments after the first, each left at ktr; the last one's outflow is the gamma density."""
    times = [0.2, 0.9, 2.0, 5.0, 13.0, 20.0]
    chain = model(CHAIN, F=F, KTR=4 / 1.5)
    through = model(TRANSIT, F=F, LAG=1e-9, NN=3.0, MTT=1.5)
    assert found(through, tablets(0, 12), times) == pytest.approx(found(chain, tablets(0, 12), times), rel=5e-7)


def test_narrow_inflow_is_not_stepped_over() -> None:
    """A hundred transits in six minutes, after which nothing happens for a day; all of it arrives."""
    through = model(TRANSIT, F=1.0, LAG=5.0, NN=100.0, MTT=0.1)
    plain = [5.1 + 18.9, 5.1 + 30.0]
    late = found(through, tablets(0), plain)
    ke = CL / V
    expected = [300 / V * KA / (KA - ke) * (np.exp(-ke * (t - 5.1)) - np.exp(-KA * (t - 5.1))) for t in plain]
    # the spread of the inflow (SD 0.01 h) itself lifts a falling exponential by half its square, 1e-5
    assert late == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.3])
def test_a_rising_absorption_agrees_with_solve_ivp(shape: float) -> None:
    """Isavuconazole's form (Desai 2016): the clock starts anew with each dose, for all that is in the depot."""
    starts, times, ra = (0.0, 3.0, 5.0), [0.5, 1.7, 3.2, 4.9, 5.4, 9.0, 15.0], 0.4
    lagged = tuple(start + 0.25 for start in starts)

    def flow(t: float, x: np.ndarray) -> tuple[float, float]:
        since = t - max((start for start in lagged if start <= t), default=np.inf)
        out = KA * (1.0 - np.exp(-((ra * since) ** shape))) * x[0] if since > 0 else 0.0
        return -out, out - CL / V * x[1]

    rising = model(RISING, LAG=0.25, RA=ra, GAM=shape)
    exact = by_scipy(flow, lagged, times, bolus=300.0)
    # below shape 1 the rate starts with an infinite slope, which costs both solvers digits; the solver holds 1e-8 of
    # the largest amount (6 mg/L), not of what has only just come in
    assert found(rising, tablets(*starts), times) == pytest.approx(exact, rel=1e-6 if shape >= 1 else 2e-5, abs=5e-8)


MODELS = {
    "transit": lambda: model(TRANSIT, F=F, LAG=0.5, NN=4.3, MTT=2.0),
    "rising": lambda: model(RISING, LAG=0.5, RA=0.4, GAM=1.4),
}


@pytest.mark.parametrize("name", MODELS)
def test_mass_balance(name: str) -> None:
    """All that is absorbed is cleared: clearance times the area is the dose, to the solver's 1e-8 a step."""
    fitted = MODELS[name]()
    eta = np.full((1, len(fitted.eta_names)), 0.2)
    area = auc(fitted, swallowed(fitted, *tablets(0, 12)), eta, [(0, 400)])[0, 0]
    share = F * np.exp(0.2) if name == "transit" else 1.0
    assert area * CL * np.exp(0.2) == pytest.approx(600.0 * share, rel=1e-6)


@pytest.mark.parametrize("interval", [1.5, 6.0, 24.0])
@pytest.mark.parametrize("name", MODELS)
def test_steady_state_is_the_limit_of_many_doses(name: str, interval: float) -> None:
    """1.5 h: several doses are still coming in when the next is given."""
    fitted = MODELS[name]()
    train = Dose(time=0, amount=300, route="oral", interval=interval, additional=100)
    forever = Dose(time=0, amount=300, route="oral", interval=interval, steady_state=True)
    times = np.array([0.05, 0.4, 0.7, 1.0]) * interval
    limit = found(fitted, (train,), list(times + 100 * interval))
    assert found(fitted, (forever,), list(times)) == pytest.approx(limit, rel=2e-6)
    # and what was still coming in goes on doing so, with no further dose
    after = found(fitted, (forever,), [1.7 * interval])
    last = found(fitted, (train,), [101.7 * interval])
    assert after == pytest.approx(last, rel=2e-6)


@pytest.mark.parametrize("steady", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_derivatives_are_those_of_the_predictions(name: str, steady: bool) -> None:
    fitted = MODELS[name]()
    doses = (Dose(time=0, amount=300, route="oral", interval=12, steady_state=steady), *tablets(12, 15))
    subject = swallowed(fitted, *doses)
    at = np.array([0.8, 3.0, 11.0, 13.0, 16.0, 30.0])
    events = subject.events._replace(obs=observations(subject.row_time, at))
    subject = replace(subject, events=events)
    n = len(fitted.eta_names)
    eta, step = 0.1 * np.ones(n), 1e-3
    exact = jets(subject, eta, ODE)
    for q in range(n):
        ahead, behind = (jets(subject, eta + sign * step * np.eye(n)[q], ODE)[:, 0] for sign in (1.0, -1.0))
        size = max(np.abs(exact[:, 1 + q]).max(), 1e-6 * np.abs(exact[:, 0]).max())
        # central differences: step 1e-3 leaves 1e-6 of truncation and 1e-5 of the solver's 1e-8
        assert (ahead - behind) / (2 * step) / size == pytest.approx(exact[:, 1 + q] / size, abs=2e-4)


def test_what_enters_through_transits_is_given_at_once() -> None:
    with pytest.raises(ModelFileError, match="takes iv doses"):
        model(TRANSIT.replace("routes.oral.into", "routes.iv.into"), F=F, LAG=0.2, NN=3.0, MTT=1.0)
    with pytest.raises(ModelFileError, match="transit"):
        model(TRANSIT.replace("number", "count"), F=F, LAG=0.2, NN=3.0, MTT=1.0)
    with pytest.raises(ModelFileError, match="RA"):
        model(RISING, LAG=0.2, GAM=1.0)


def test_neither_is_taken_for_a_sum_of_exponentials() -> None:
    assert not any(fitted().linear for fitted in MODELS.values())
    with pytest.raises(RecordError, match="oral doses only"):
        swallowed(MODELS["transit"](), Dose(time=0, amount=1, route="iv"))
