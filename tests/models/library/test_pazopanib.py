"""Pazopanib models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import concentrations, parameters, steady_state
from models.record import Dose, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published

MODELS = load_catalog()
K = rates(4, (0, 2, 0.40), (1, 2, 0.12), (2, None, 0.27 / 2.43), (2, 3, 0.99 / 2.43), (3, 2, 0.99 / 25.1))


def available(dose: float, days: float) -> float:
    """The bioavailability as it is coded: one factor of the dose, one of the time since the first."""
    return (1 - (dose - 200) / (480 + dose - 200)) * (1 - 0.501 + 0.501 * np.exp(-0.15 * days))


@published("pazopanib/yu2017", "hand arithmetic of the equations: 600 mg a day, first dose and after 10 days")
def test_yu_2017_loses_bioavailability_with_dose_and_time() -> None:
    model = MODELS.model("pazopanib/yu2017")
    doses = (Dose(time=0.0, amount=600.0, route="oral", interval=24.0, additional=20),)
    subject = subject_from_record(model, PatientRecord(drug="pazopanib", now=300.0, doses=doses))
    nobody = np.zeros((1, 4))
    first = {name: float(value[0]) for name, value in parameters(model, subject, nobody, 1.0).items()}
    later = {name: float(value[0]) for name, value in parameters(model, subject, nobody, 241.0).items()}
    printed = {"CL": 0.27, "V2": 2.43, "Q": 0.99, "V4": 25.1, "KAF": 0.4, "KAS": 0.12, "tlag": 0.98, "FR": 0.361}
    assert {name: first[name] for name in printed} == printed
    assert first["rF"] == pytest.approx(480 / 880, rel=1e-12)
    assert later["rF"] == pytest.approx(available(600, 10), rel=1e-12)
    assert (later["F_fast"], later["F_slow"]) == pytest.approx((0.361 * later["rF"], 0.639 * later["rF"]))
    assert np.diag(model.omega) == pytest.approx([0.095481, 1.96, 0.964324, 0.126736])
    assert model.outputs[0].residual.sd(30.0) == pytest.approx(np.sqrt(0.0064 * 900 + 9.61))


def test_two_doses_of_800_mg_a_day_apart() -> None:
    model = MODELS.model("pazopanib/yu2017")
    doses = tuple(Dose(time=24.0 * day, amount=800.0, route="oral") for day in (0, 1))
    subject = subject_from_record(model, PatientRecord(drug="pazopanib", now=40.0, doses=doses))
    found = concentrations(model, subject, np.zeros((1, 4)), np.array([6.0, 40.0]))[0]

    def one(hours: float, share: float) -> np.ndarray:
        fast = after(K, np.array([0.361 * share, 0, 0, 0]), hours)
        return fast + after(K, np.array([0, 0.639 * share, 0, 0]), hours - 0.98)

    by_hand = [
        one(6, 800 * available(800, 0))[2],
        (one(40, 800 * available(800, 0)) + one(16, 800 * available(800, 1)))[2],
    ]
    assert found == pytest.approx(np.array(by_hand) / 2.43, rel=1e-8)  # two exact solutions


def test_trough_of_800_mg_after_six_weeks_lies_above_the_threshold() -> None:
    model = MODELS.model("pazopanib/yu2017")
    at = {"dose": 800.0, "hours_since_first_dose": 1008.0}
    found = steady_state(model, at, np.zeros((1, 4)), amount=800.0, interval=24.0, duration=0.0, route="oral")
    share = 800 * available(800, 42)
    left = after(K, np.array([0.361 * share, 0, 0, 0]), 24.0) + after(
        K, np.array([0, 0.639 * share, 0, 0]), 24.0 - 0.98
    )
    assert found.trough[0] == pytest.approx(steady(K, left, 24.0)[2] / 2.43, rel=1e-8)
    assert found.auc24[0] == pytest.approx(share / 0.27, rel=1e-8)
    # in the order of the labelled exposure to 800 mg a day, 650 to 1040 mg.h/L (memory)
    assert 500 < found.auc24[0] < 1100
    assert found.trough[0] > 20.5
