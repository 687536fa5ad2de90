"""Phenytoin models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("phenytoin/yukawa1990", "hand arithmetic of equations 2 and 3: 10 y, 30 kg, with other antiepileptics; mg/d")
def test_yukawa_1990_for_a_child_on_other_antiepileptics() -> None:
    model = MODELS.model("phenytoin/yukawa1990")
    found = typical(model, weight=30.0, age=10.0, other_antiepileptics=1.0)
    # 325 * 0.5^0.737 * 1.08 = 210.6 mg/d = 8.775 mg/h; 2.41 * 0.752 * 1.32 = 2.3923 mg/L
    vmax, km = 325 * 0.5**0.737 * 1.08, 2.41 * 0.752 * 1.32
    assert (vmax, km) == pytest.approx((210.6, 2.3923), rel=2e-4)
    # the same arithmetic in another order; the engine counts in hours
    assert found == pytest.approx({"Vmax": vmax / 24, "Km": km, "V": 18.0, "ka": 1.5}, rel=1e-12)
    # 0.193^2 and 0.631^2; three digits are printed
    assert np.diag(model.omega) == pytest.approx([0.193**2, 0.631**2], rel=2e-3)
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(2.02)


@published("phenytoin/yukawa1990", "Km is the adult's from 15 y on")
def test_yukawa_1990_age_15_is_an_adult() -> None:
    model = MODELS.model("phenytoin/yukawa1990")
    km = [typical(model, weight=60.0, age=age, other_antiepileptics=0.0)["Km"] for age in (14.9, 15.0)]
    assert km == pytest.approx([2.41 * 0.752, 2.41], rel=1e-12)


@published("phenytoin/yukawa1990", "the paper's R = Vmax Css / (Km + Css): 250 mg/d gives 2.41 * 250/75 = 8.03 mg/L")
def test_yukawa_1990_steady_state_follows_the_papers_equation() -> None:
    model = MODELS.model("phenytoin/yukawa1990")
    at = {"weight": 60.0, "age": 30.0, "other_antiepileptics": 0.0}
    found = steady_state(model, at, np.zeros((1, 2)), amount=125.0, interval=12.0, duration=0.0, route="oral")
    # R equals the mean rate of elimination, not that at the mean level: between doses they differ by some percent
    assert found.auc24[0] / 24 == pytest.approx(2.41 * 250 / (325 - 250), rel=0.05)


@published("phenytoin/yukawa1990", "trough after 60 days of 125 mg every 12 h by SciPy's solve_ivp")
def test_yukawa_1990_by_another_solver() -> None:
    def body(_: float, a: np.ndarray) -> list[float]:
        c = a[1] / 36.0
        return [-1.5 * a[0], 1.5 * a[0] - 325 / 24 * c / (2.41 + c)]

    amounts = np.zeros(2)
    for _ in range(120):
        amounts[0] += 125.0
        amounts = solve_ivp(body, (0.0, 12.0), amounts, rtol=1e-9, atol=1e-9).y[:, -1]
    model = MODELS.model("phenytoin/yukawa1990")
    at = {"weight": 60.0, "age": 30.0, "other_antiepileptics": 0.0}
    found = steady_state(model, at, np.zeros((1, 2)), amount=125.0, interval=12.0, duration=0.0, route="oral")
    # the engine's tolerance of a steady state, and what is left to it after 60 days
    assert found.trough[0] == pytest.approx(amounts[1] / 36.0, rel=1e-3)
