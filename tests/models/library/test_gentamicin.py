"""Gentamicin models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


@published("gentamicin/xuan2003", "hand arithmetic of the transcribed equations for a woman of 80 a and 55 kg")
def test_xuan_2003_for_an_old_woman() -> None:
    model = MODELS.model("gentamicin/xuan2003")
    clearance = (140 - 80) * 55 / (72 * 1.3) * 0.85  # mL/min
    found = typical(model, weight=55.0, age=80.0, female=1.0, creatinine=1.3)
    assert found == pytest.approx({"CL": 0.047 * clearance, "V1": 0.28 * 55, "k12": 0.092, "k21": 0.071}, rel=SAME)
    assert np.array_equal(model.omega, np.diag([0.084, 0.003, 0.398, 0.342]))
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(2.37, 0.230))


@published(
    "gentamicin/xuan2003", "peak and trough of 7 mg/kg a day by the matrix exponential; about 20 mg/L in Nicolau 1995"
)
def test_xuan_2003_reaches_the_peak_of_once_daily_dosing() -> None:
    model = MODELS.model("gentamicin/xuan2003")
    matrix = rates(2, (0, None, 4.7 / 19.6), (0, 1, 0.092), (1, 0, 0.071))
    ended = after(matrix, np.zeros(2), 1.0, inflow=np.array([490.0, 0.0]))
    trough = steady(matrix, after(matrix, ended, 23.0), 24.0)
    peak = after(matrix, trough, 1.0, inflow=np.array([490.0, 0.0]))
    found = steady_state(
        model,
        {"crcl": 100.0, "weight": 70.0},
        np.zeros((1, 4)),
        amount=490.0,
        interval=24.0,
        duration=1.0,
        route="iv",
    )
    # both are exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough[0] / 19.6, rel=1e-8)
    assert found.peak[0] == pytest.approx(peak[0] / 19.6, rel=1e-8)
    assert found.auc24[0] == pytest.approx(490 / 4.7, rel=1e-8)
    # Nicolau DP et al. 1995 aimed at 20 mg/L with 7 mg/kg; a quarter is far below a unit slip
    assert found.peak[0] == pytest.approx(20.0, rel=0.25)


@published(
    "gentamicin/germovsek2016", "hand arithmetic of the printed equations: 1.4 kg, 29 + 2 weeks, creatinine 60 umol/L"
)
def test_germovsek_2016_for_a_preterm_newborn() -> None:
    model = MODELS.model("gentamicin/germovsek2016")
    found = typical(model, weight=1.4, gestational_age=29.0, age=14.0 / 365.25, creatinine=60.0 / 88.4)
    maturation = 31**3.33 / (31**3.33 + 55.4**3.33) * 14 / (14 + 1.70)
    usual = -2.8488 * 31 + 166.48
    size = 1.4 / 70
    expected = {
        "CL": 6.21 * size**0.632 * maturation * (60 / usual) ** -0.130,
        "V1": 26.5 * size,
        "V2": 21.2 * size,
        "V3": 148 * size,
        "Q2": 2.15 * size**0.75,
        "Q3": 0.271 * size**0.75,
    }
    assert found == pytest.approx(expected, rel=SAME)


@published("gentamicin/germovsek2016", "variances and covariance of the output listing, through the transcription")
def test_germovsek_2016_between_newborns() -> None:
    model = MODELS.model("gentamicin/germovsek2016")
    assert model.eta_names == ("CL", "V1", "V2", "V3")
    expected = np.diag([0.175, 0.112, 0.132, 0.177])
    expected[0, 1] = expected[1, 0] = 0.116
    assert np.array_equal(model.omega, expected)
    assert model.outputs[0].residual.sd(4.0) == pytest.approx(np.sqrt(0.0360 * 16 + 0.0164))


def test_a_newborn_keeps_gentamicin_longer_than_an_adult() -> None:
    """At the medians of the cohort, in the first two volumes; an adult's level halves in about 2 to 3 h."""
    found = typical(
        MODELS.model("gentamicin/germovsek2016"), weight=2.12, gestational_age=32.2, age=5.4 / 365.25, creatinine=0.88
    )
    # to the first volumes only: the deep one, as in adults, gives a slow terminal phase that no dose is chosen by
    matrix = rates(
        2,
        (0, None, found["CL"] / found["V1"]),
        (0, 1, found["Q2"] / found["V1"]),
        (1, 0, found["Q2"] / found["V2"]),
    )
    assert 4.0 < half_life(matrix) < 16.0
    assert found["CL"] / 2.12 == pytest.approx(0.037, rel=0.02)  # L/h/kg: 0.0776 / 2.12, worked out once by hand


def test_the_target_of_a_newborn_is_not_an_adults() -> None:
    drug = MODELS.drug("gentamicin")
    newborn, adult = drug.targets[0], drug.targets[1]
    assert [newborn.when[0].holds(age) for age in (0.02, 18.0)] == [True, False]
    assert (newborn.target.low, newborn.target.high, newborn.also[0].high) == (8.0, 12.0, 1.0)
    assert (adult.target.metric, adult.target.low, adult.target.high) == ("auc24", 70.0, 110.0)
    assert [(item.metric, item.high) for item in adult.also] == [("trough", 1.0)]
