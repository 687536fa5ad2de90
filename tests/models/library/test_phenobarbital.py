"""Phenobarbital models of newborns against numbers printed with them. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.published import published, typical

MODELS = load_catalog()
DAY = 1 / 365.25  # a


@published(
    "phenobarbital/voller2017", "hand arithmetic of the deposited equations: 12 d old, born with 1.2, now 1.5 kg"
)
def test_voller_2017_for_a_preterm_newborn() -> None:
    model = MODELS.model("phenobarbital/voller2017")
    found = typical(model, age=12 * DAY, birth_weight=1.2, weight=1.5)
    # 0.00909 * (1 + 0.0533 * 7.5 = 1.39975) * (1 - 0.369 * 1.39 = 0.48709) = 0.0061976; 2.38 * 0.6292 = 1.49750
    clearance = 0.00909 * (1 + 0.0533 * (12 - 4.5)) * (1 + 0.369 * (1.2 - 2.59))
    volume = 2.38 * (1 + 0.309 * (1.5 - 2.70))
    assert (clearance, volume) == pytest.approx((0.0061976, 1.49750), rel=1e-4)
    # the age goes through years and back
    assert found == pytest.approx({"CL": clearance, "V": volume, "F": 0.594, "ka": 50.0}, rel=1e-9)
    assert np.array_equal(model.omega, np.diag([0.0898, 0.0504]))
    assert model.outputs[0].residual.sd(30.0) == pytest.approx(30.0 * np.sqrt(0.0258))


@published("phenobarbital/voller2017", "5 mg/kg/d intravenously: AUC24 = dose/CL; by mouth 0.594 of it")
def test_voller_2017_by_vein_and_by_mouth() -> None:
    model = MODELS.model("phenobarbital/voller2017")
    at = {"postnatal_days": 4.5, "birth_weight": 2.59, "weight": 2.70}
    nobody = np.zeros((1, 2))
    vein = steady_state(model, at, nobody, amount=8.0, interval=24.0, duration=0.5, route="iv")
    mouth = steady_state(model, at, nobody, amount=8.0, interval=24.0, duration=0.0, route="oral")
    # exact up to rounding
    assert vein.auc24[0] == pytest.approx(8.0 / 0.00909, rel=1e-9)
    assert mouth.auc24[0] == pytest.approx(0.594 * 8.0 / 0.00909, rel=1e-9)
    k = 0.00909 / 2.38
    peak = 8.0 / 0.5 / 0.00909 * (1 - np.exp(-k * 0.5)) / (1 - np.exp(-k * 24.0))
    assert vein.peak[0] == pytest.approx(peak, rel=1e-9)
    # 3 mg/kg a day lies in the range that practice aims at with 2.5 to 5 mg/kg a day
    assert 20.0 < vein.trough[0] < 50.0


@published("phenobarbital/voller2017", "lines in age and weights at the corners of the hard limits")
def test_voller_2017_stays_above_zero_where_it_is_used() -> None:
    model = MODELS.model("phenobarbital/voller2017")
    limits = {item.name: item.hard for item in model.domain}
    least = typical(model, age=0.0, birth_weight=limits["birth_weight"][0], weight=limits["weight"][0])
    assert least["CL"] > 0.2 * 0.00909 * 0.76
    assert least["V"] > 0.3 * 2.38


@published("phenobarbital/pheno1985", "hand arithmetic of NONMEM's estimates: 1.8 kg, Apgar score 3; +15.892 % V")
def test_pheno_1985_with_a_low_apgar_score() -> None:
    model = MODELS.model("phenobarbital/pheno1985")
    low, usual = (typical(model, birth_weight=1.8, apgar_5=score) for score in (4.0, 5.0))
    # the same arithmetic in another order
    assert low == pytest.approx({"CL": 0.00469555 * 1.8, "V": 0.984258 * 1.8 * 1.158920}, rel=1e-12)
    assert usual["V"] == pytest.approx(0.984258 * 1.8, rel=1e-12)
    assert np.array_equal(model.omega, np.diag([0.0293508, 0.027906]))
    # SD printed as 0.11507
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(0.11507, abs=5e-6)


@published("phenobarbital/pheno1985", "half-life of 141 h printed in the abstract of Grasela and Donn 1985")
def test_pheno_1985_half_life_is_near_the_printed_one() -> None:
    found = typical(MODELS.model("phenobarbital/pheno1985"), birth_weight=1.52, apgar_5=8.0)
    # the abstract's own estimates are 0.0047 L/h/kg and 0.96 L/kg; the new fit's V is 2.5 % larger
    assert np.log(2) * found["V"] / found["CL"] == pytest.approx(141.0, rel=0.035)
