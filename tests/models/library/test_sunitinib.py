"""Sunitinib models against the numbers printed with them. All patients are made up."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from models.catalog import load_catalog
from models.pk import auc, concentrations, steady_state
from models.record import Covariate, Dose, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import half_life, rates
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("sunitinib/yu2015", "hand arithmetic of the printed equations for 100 kg")
def test_yu_2015_for_100_kg() -> None:
    model = MODELS.model("sunitinib/yu2015")
    found = typical(model, weight=100.0)
    size = 100 / 70
    flow, clearance = 80 * size**0.75, 35.7 * size**0.75
    printed = {"CL": clearance, "QH": flow, "V": 1360 * size, "ka": 0.34, "fm": 0.21, "CLm": 17.1 * size**0.75}
    printed |= {"Vm": 635 * size, "Qm": 20.1 * size**0.75, "Vpm": 388 * size}
    assert {name: found[name] for name in printed} == pytest.approx(printed, rel=1e-12)
    # what is absorbed and what is cleared is shared out completely
    assert found["k_parent"] + found["k_metabolite"] + found["k_lost"] == pytest.approx(0.34, rel=1e-12)
    through = flow * clearance / (flow + clearance)
    assert found["CL_to_metabolite"] == pytest.approx(0.21 * through, rel=1e-12)
    assert found["CL_lost"] == pytest.approx(0.79 * through, rel=1e-12)
    cv = dict(zip(model.eta_names, np.sqrt(np.expm1(np.diag(model.omega))), strict=True))
    assert cv == pytest.approx({"V": 0.324, "Vm": 0.579, "CLm": 0.421, "CL": 0.339}, rel=1e-5)
    # the covariances of the transcription, made from rounded variances
    assert model.omega[0, 1] == pytest.approx(0.0816, abs=1e-4)
    assert model.omega[1, 2] == pytest.approx(0.0978, abs=1e-4)
    assert model.omega[2, 3] == pytest.approx(0.0706, abs=1e-4)
    assert [output.residual.sd(50.0) for output in model.outputs] == pytest.approx(
        [50 * np.sqrt(0.06), 50 * np.sqrt(0.03)]
    )


def liver(_: float, a: np.ndarray) -> list[float]:
    """The paper's differential equations for 70 kg, with the liver in balance."""
    depot, parent, metabolite, far = a
    cliv = (0.34 * depot + 80 * parent / 1360) / (80 + 35.7)
    swap = 20.1 * (metabolite / 635 - far / 388)
    return [
        -0.34 * depot,
        80 * cliv - 80 * parent / 1360,
        0.21 * 35.7 * cliv - 17.1 * metabolite / 635 - swap,
        swap,
    ]


def test_a_dose_of_50_mg_follows_the_differential_equations_of_the_paper() -> None:
    model = MODELS.model("sunitinib/yu2015")
    at = np.array([2.0, 8.0, 24.0, 72.0, 240.0])
    record = PatientRecord(
        drug="sunitinib",
        now=0.0,
        doses=(Dose(time=0.0, amount=50.0, route="oral"),),
        covariates=(Covariate(name="weight", time=0.0, value=70.0),),
    )
    found = concentrations(model, subject_from_record(model, record), np.zeros((1, 4)), at)[0]
    solved = solve_ivp(liver, (0, 240), [50.0, 0, 0, 0], t_eval=at, rtol=1e-10, atol=1e-12, method="LSODA")
    assert found == pytest.approx(1000 * solved.y[1] / 1360, rel=1e-6)  # the solver's own tolerance, added up
    whole = auc(model, subject_from_record(model, record), np.zeros((1, 4)), [[0.0, 5000.0]])[0, 0]
    # all that escapes the liver is the dose over the apparent clearance
    assert whole == pytest.approx(1000 * 50 / 35.7, rel=1e-6)


def test_half_life_is_that_of_the_label() -> None:
    found = typical(MODELS.model("sunitinib/yu2015"), weight=70.0)
    hours = half_life(rates(1, (0, None, (found["CL_to_metabolite"] + found["CL_lost"]) / found["V"])))
    # the label prints 40 to 60 h (memory)
    assert 35 < hours < 60


def test_mean_level_of_50_mg_a_day() -> None:
    model = MODELS.model("sunitinib/yu2015")
    found = steady_state(
        model, {"weight": 70.0}, np.zeros((1, 4)), amount=50.0, interval=24.0, duration=0.0, route="oral"
    )
    assert found.auc24[0] == pytest.approx(1000 * 50 / 35.7, rel=1e-8)
    assert 40 < found.trough[0] < 70
