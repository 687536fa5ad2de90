"""Voriconazole models against hand arithmetic and SciPy's ODE solver. All patients are made up."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from models.catalog import load_catalog
from models.pk import concentrations, parameters
from models.population import PopulationModel
from models.record import Covariate, Dose, PatientRecord, Route
from models.subject import Subject, subject_from_record
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-9  # relative; logits and products are written to six figures or more
ROUNDED = 1e-5  # relative; numbers of the file that stand for an expression
EXTENSIVE = 1 / (1 + np.exp(-1.50))
CHILD = 1 / (1 + np.exp(-1.11))


def dosed(model: PopulationModel, route: Route, **covariates: float) -> Subject:
    """400 mg once at hour 0, over 2 h where it is infused, and the chart read on day 10."""
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in covariates.items())
    dose = Dose(time=0.0, amount=400.0, duration=2.0 if route == "iv" else 0.0, route=route)
    record = PatientRecord(drug="voriconazole", now=250.0, covariates=items, doses=(dose,))
    return subject_from_record(model, record)


def vmax_at(model: PopulationModel, hour: float, eta: np.ndarray | None = None, **covariates: float) -> float:
    etas = np.zeros((1, len(model.eta_names))) if eta is None else eta
    return float(parameters(model, dosed(model, "oral", **covariates), etas, hour)["VMAX"][0])


@published("voriconazole/liu2014", "hand arithmetic of the transcribed equations at 50 kg; F 0.595")
def test_liu_2014_at_fifty_kilograms() -> None:
    model = MODELS.model("voriconazole/liu2014")
    size = 50 / 70
    found = typical(model, weight=50.0)
    expected = {"ka": 1.2, "tlag": 1.0, "CL": 5.30 * size**0.75, "V1": 77.6 * size, "V2": 89.5 * size}
    expected |= {"Q": 15.9 * size**0.75, "KM": 1.15, "VMAX": 113 * size**0.75}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=SAME)
    assert found["F"] == pytest.approx(0.595, rel=ROUNDED)
    assert np.array_equal(np.diag(model.omega), [1.91, 0.634, 0.139, 0.831, 0.459, 0.713])
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(0.132)


@published("voriconazole/liu2014", "Km and Vmax share a random effect (0.583); Box-Cox 0.367 on the logit of F")
def test_liu_2014_random_effects_act_as_transcribed() -> None:
    model = MODELS.model("voriconazole/liu2014")
    eta = np.array([[0.8, 0, 0, 0, 0, -0.6]])
    found = parameters(model, dosed(model, "oral", weight=70.0), eta, 0.0)
    assert found["KM"][0] == pytest.approx(1.15 * np.exp(0.8), rel=SAME)
    assert found["VMAX"][0] == pytest.approx(113 * np.exp(0.583 * 0.8), rel=SAME)
    logit = np.log(0.595 / 0.405) + (np.exp(0.367 * -0.6) - 1) / 0.367
    assert found["F"][0] == pytest.approx(1 / (1 + np.exp(-logit)), rel=ROUNDED)


@published(
    "voriconazole/liu2014", "Vmax(t) of the transcription at the steps of the file; 1 h stands for no inhibition"
)
def test_liu_2014_vmax_falls_with_the_hours_since_the_first_dose() -> None:
    model = MODELS.model("voriconazole/liu2014")
    for hour in (2.0, 12.0, 48.0, 240.0):
        inhibited = EXTENSIVE * (hour - 1) / ((hour - 1) + (2.42 - 1))
        assert vmax_at(model, hour, weight=70.0) == pytest.approx(113 * (1 - inhibited), rel=ROUNDED)
    assert vmax_at(model, 0.5, weight=70.0) == pytest.approx(113, rel=SAME)


def by_scipy(steps: tuple[float, ...], half: float, hours: np.ndarray) -> np.ndarray:
    """Concentrations after 400 mg over 2 h at 70 kg, the hours since the dose held between steps, for Liu 2014."""

    def slope(time: float, amounts: np.ndarray) -> list[float]:
        held = max((step for step in steps if step <= time + 1e-12), default=0.0)
        vmax = 113 * (1 - EXTENSIVE * max(held - 1, 0) / (max(held - 1, 0) + half))
        c, p = amounts[0] / 77.6, amounts[1] / 89.5
        flow = 15.9 * (c - p)
        inflow = 200.0 if time < 2.0 else 0.0
        return [inflow - 5.30 * c - vmax * c / (1.15 + c) - flow, flow]

    # pieces end at every step and at the end of the infusion, where the slope jumps
    edges = sorted({0.0, 2.0, *(step for step in steps if step < hours[-1]), *hours})
    amounts, found = np.zeros(2), {}
    for start, end in pairwise(edges):
        middle = solve_ivp(
            lambda time, a, end=end: slope(min(time, end - 1e-9), a), (start, end), amounts, rtol=1e-10, atol=1e-12
        )
        amounts = middle.y[:, -1]
        found[end] = amounts[0] / 77.6
    return np.array([found[hour] for hour in hours])


@published("voriconazole/liu2014", "one infusion of 400 mg, by SciPy's Runge-Kutta solver with its own equations")
def test_liu_2014_concentrations() -> None:
    model = MODELS.model("voriconazole/liu2014")
    steps = next(need.steps for need in model.needs if need.name == "hours_since_first_dose")
    hours = np.array([1.0, 2.0, 6.0, 12.0, 24.0])
    found = concentrations(model, dosed(model, "iv", weight=70.0), np.zeros((1, 6)), hours)
    # the engine's solver keeps about 1e-6; 1e-4 is far below what a level can tell
    assert found[0] == pytest.approx(by_scipy(steps, 1.42, hours), rel=1e-4)


@published("voriconazole/friberg2012adults", "Table 3, worked out at 90 kg for both genotypes; F 0.642 as printed")
def test_friberg_2012_adults() -> None:
    model = MODELS.model("voriconazole/friberg2012adults")
    size = 90 / 70
    found = typical(model, weight=90.0, cyp2c19_im_or_pm=0.0)
    expected = {"ka": 100.0, "tlag": 0.949, "CL": 6.16 * size**0.75, "V1": 79 * size, "V2": 103 * size}
    expected |= {"Q": 15.5 * size**0.75, "KM": 1.15, "VMAX": 114 * size**0.75}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=SAME)
    assert found["F"] == pytest.approx(0.642, abs=0.0005)  # printed to three figures
    for slow, most in ((0.0, EXTENSIVE), (1.0, 1.0)):
        left = 1 - most * 47 / (47 + 1.41)
        assert vmax_at(model, 48.0, weight=70.0, cyp2c19_im_or_pm=slow) == pytest.approx(114 * left, rel=ROUNDED)
    eta = np.array([[0.5, 0, 0, 0, 0, 0]])
    extensive = {"weight": 70.0, "cyp2c19_im_or_pm": 0.0}
    assert vmax_at(model, 0.0, eta, **extensive) == pytest.approx(114 * np.exp(0.584 * 0.5), rel=SAME)
    assert np.diag(model.omega) == pytest.approx(np.square([1.36, 0.435, 0.136, 0.769, 0.424, 0.686]), rel=ROUNDED)
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(np.hypot(0.0912, 0.132), abs=0.0005)


@published("voriconazole/friberg2012children", "Table 3, worked out for a child of 16 kg, its own Vmax effect and CL's")
def test_friberg_2012_children() -> None:
    model = MODELS.model("voriconazole/friberg2012children")
    size = 16 / 70
    found = typical(model, weight=16.0)
    expected = {"ka": 1.19, "tlag": 0.949 * (1 - 0.874), "CL": 6.16 * size**0.75, "V1": 79 * size, "V2": 103 * size}
    expected |= {"Q": 15.5 * 1.637 * size**0.75, "KM": 1.15, "VMAX": 114 * size**0.75}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=ROUNDED)
    left = 1 - CHILD * 47 / (47 + 1.41)
    assert vmax_at(model, 48.0, weight=70.0) == pytest.approx(114 * left, rel=ROUNDED)
    spread = [1.36, 0.239, 0.435, 0.136, 0.769, 0.424, 1.67, 0.898]
    assert np.sqrt(np.diag(model.omega)) == pytest.approx(spread, rel=ROUNDED)
    assert model.omega[0, 1] == pytest.approx(0.81 * 1.36 * 0.239, rel=ROUNDED)
    eta = np.array([[0, 0, 0.3, 0, 0, 0, 0, 0]])
    raised = parameters(model, dosed(model, "oral", weight=70.0), eta, 0.0)["CL"][0]
    assert raised == pytest.approx(6.16 * np.exp(0.3 * (1 + 1.70)), rel=SAME)
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(0.365)


@published("voriconazole/friberg2012adolescents", "Table 3, worked out for an adolescent of 50 kg")
def test_friberg_2012_adolescents() -> None:
    model = MODELS.model("voriconazole/friberg2012adolescents")
    size = 50 / 70
    found = typical(model, weight=50.0)
    expected = {"ka": 1.19 * (1 - 0.615), "tlag": 0.949 * (1 - 0.874), "CL": 6.16 * size**0.75, "V1": 79 * size}
    expected |= {"V2": 103 * size, "Q": 15.5 * 1.637 * size**0.75, "KM": 1.15, "VMAX": 114 * size**0.75}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=ROUNDED)
    eta = np.array([[0.5, 0, 0, 0, 0, 0, 0]])
    assert vmax_at(model, 0.0, eta, weight=70.0) == pytest.approx(114 * np.exp(0.208 * 0.5), rel=SAME)
    left = 1 - EXTENSIVE * 47 / (47 + 1.41)
    assert vmax_at(model, 48.0, weight=70.0) == pytest.approx(114 * left, rel=ROUNDED)
    assert np.sqrt(np.diag(model.omega)) == pytest.approx([1.36, 0.435, 0.136, 0.769, 0.424, 1.67, 0.898], rel=ROUNDED)
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(0.365)


@published("voriconazole/chen2015", "equations and CVs as transcribed, worked out at a direct bilirubin of 13 umol/L")
def test_chen_2015() -> None:
    model = MODELS.model("voriconazole/chen2015")
    found = typical(model, direct_bilirubin=13.0)
    assert found["CL"] == pytest.approx(4.28 * (13.0 / 2.6) ** -0.40, rel=SAME)
    assert found["V"] == pytest.approx(93.4, rel=SAME)
    # variances are written to three figures
    assert np.diag(model.omega) == pytest.approx([0.7294**2, 0.265**2], rel=1e-3)
    assert model.outputs[0].residual.sd(2.0) == pytest.approx(0.26)


@published("voriconazole/chen2015", "one infusion of 400 mg over 2 h, closed form of one compartment by hand")
def test_chen_2015_concentrations() -> None:
    model = MODELS.model("voriconazole/chen2015")
    hours = np.array([1.0, 2.0, 12.0, 30.0])
    k = 4.28 * (13.0 / 2.6) ** -0.40 / 93.4
    end = np.minimum(hours, 2.0)
    by_hand = 200.0 / (k * 93.4) * (1 - np.exp(-k * end)) * np.exp(-k * (hours - end))
    subject = dosed(model, "iv", direct_bilirubin=13.0)
    assert concentrations(model, subject, np.zeros((1, 2)), hours)[0] == pytest.approx(by_hand, rel=1e-8)  # closed form
