"""Rivaroxaban models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.dosed import typical_after
from tests.models.library.published import published

MODELS = load_catalog()


@published(
    "rivaroxaban/willmann2018", "hand arithmetic: woman of 75 a, 60 kg, 165 cm, 45 mL/min, AF, two inhibitors, 15 mg"
)
def test_willmann_2018_for_an_old_woman_with_atrial_fibrillation() -> None:
    model = MODELS.model("rivaroxaban/willmann2018")
    creatinine = 65 * 60 / (72 * 45) * 0.85
    at = {"age": 75.0, "weight": 60.0, "height": 165.0, "female": 1.0, "creatinine": creatinine}
    at |= {"atrial_fibrillation": 1.0, "pgp_inhibitor": 1.0, "cyp3a4_moderate_inhibitor": 1.0}
    clearance = 6.58 * (45 / 93) ** 0.406 * (60 / 81) ** -0.278 * 0.966 * 0.863 * 0.849
    volume = 62.5 * (60 / 81) ** 0.216 * (75 / 61) ** -0.189 * 0.889
    available = 0.590 + (1.25 - 0.590) * 2 ** (-15 / 14.4)
    found = typical_after(model, 15.0, **at)
    # the same arithmetic in another order; the rate is written with seven digits
    assert found == pytest.approx({"ka": 0.821, "CL": clearance, "V": volume, "F": available}, rel=1e-7)


@published("rivaroxaban/willmann2018", "creatinine clearance is cut at 140 mL/min per 1.73 m2 of surface")
def test_willmann_2018_cuts_a_high_creatinine_clearance() -> None:
    model = MODELS.model("rivaroxaban/willmann2018")
    at = {"age": 30.0, "weight": 90.0, "height": 180.0, "female": 0.0, "creatinine": 0.5}
    cut = 140 * np.sqrt(90 * 180 / 3600) / 1.73  # 171.7 mL/min; Cockcroft-Gault says 275
    assert typical_after(model, 20.0, **at)["CL"] == pytest.approx(
        6.58 * (cut / 93) ** 0.406 * (90 / 81) ** -0.278, rel=1e-12
    )


@published("rivaroxaban/willmann2018", "variances and covariance as printed, correlation 0.834; F of 10 mg is 1")
def test_willmann_2018_variances_and_the_reference_dose() -> None:
    model = MODELS.model("rivaroxaban/willmann2018")
    expected = np.array([[0.628, 0.0, 0.0], [0.0, 0.167, 0.0674], [0.0, 0.0674, 0.0391]])
    assert np.array_equal(model.omega, expected)
    assert 0.0674 / np.sqrt(0.167 * 0.0391) == pytest.approx(0.834, abs=5e-4)
    assert model.outputs[0].residual.sd(200.0) == pytest.approx(90.12)
    at = {"age": 61.0, "weight": 81.0, "height": 175.0, "female": 0.0, "creatinine": 1.0}
    # F is relative to 10 mg; the three printed digits give 0.998
    assert typical_after(model, 10.0, **at)["F"] == pytest.approx(1.0, abs=5e-3)


@published(
    "rivaroxaban/willmann2018", "20 mg a day by the matrix exponential; label: median peak 215, trough 32 ug/L (memory)"
)
def test_willmann_2018_twenty_milligrams_a_day() -> None:
    model = MODELS.model("rivaroxaban/willmann2018")
    at = {"crcl": 93.0, "weight": 81.0, "age": 61.0, "female": 0.0, "dose": 20.0}
    found = steady_state(model, at, np.zeros((1, 3)), amount=20.0, interval=24.0, duration=0.0, route="oral")
    given = 20000.0 * (0.590 + 0.660 * 2 ** (-20 / 14.4))
    matrix = rates(2, (0, 1, 0.821), (1, None, 6.58 / 62.5))
    trough = steady(matrix, after(matrix, np.array([given, 0.0]), 24.0), 24.0)[1] / 62.5
    # the rate of the dose effect is written with seven digits
    assert found.trough[0] == pytest.approx(trough, rel=1e-6)
    assert found.auc24[0] == pytest.approx(given / 6.58, rel=1e-6)
    # label, treated venous thrombosis, from memory: 215 (22-535) and 32 (6-239) ug/L
    assert found.peak[0] == pytest.approx(215.0, rel=0.25)
    assert 6.0 < found.trough[0] < 60.0
