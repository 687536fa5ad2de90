"""Ciclosporin models against the numbers printed with them. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("ciclosporin/wilhelm2012", "table 3: typical values and CV, and both routes by the matrix exponential")
def test_wilhelm_2012_by_mouth_and_by_vein() -> None:
    model = MODELS.model("ciclosporin/wilhelm2012")
    expected = {"CL": 21.9, "V1": 16.6, "Q": 24.2, "V2": 59.0, "ka": 0.28, "F": 0.71, "tlag": 0.44}
    assert typical(model, weight=80.0, age=50.0) == expected
    cv = dict(zip(model.eta_names, np.sqrt(np.expm1(np.diag(model.omega))), strict=True))
    printed = {"CL": 0.222, "V1": 0.269, "Q": 0.282, "V2": 0.306, "ka": 0.438, "F": 0.25, "tlag": 0.181}
    assert cv == pytest.approx(printed, rel=1e-4)  # variances are written to five digits
    assert model.outputs[0].residual.sd(300.0) == pytest.approx(np.hypot(0.088 * 300, 65))


def test_troughs_of_both_routes() -> None:
    model = MODELS.model("ciclosporin/wilhelm2012")
    nobody = np.zeros((1, 7))
    k = rates(3, (0, 1, 0.28), (1, None, 21.9 / 16.6), (1, 2, 24.2 / 16.6), (2, 1, 24.2 / 59))
    oral = steady_state(model, {}, nobody, amount=200.0, interval=12.0, duration=0.0, route="oral")
    left = steady(k, after(k, np.array([0.71 * 200.0, 0, 0]), 12 - 0.44), 12.0)
    assert oral.trough[0] == pytest.approx(1000 * left[1] / 16.6, rel=1e-8)  # two exact solutions
    assert oral.auc24[0] == pytest.approx(1000 * 2 * 200 * 0.71 / 21.9, rel=1e-8)
    vein = steady_state(model, {}, nobody, amount=150.0, interval=12.0, duration=3.0, route="iv")
    end = after(k, np.zeros(3), 3.0, np.array([0, 50.0, 0]))
    left = steady(k, after(k, end, 9.0), 12.0)
    assert vein.trough[0] == pytest.approx(1000 * left[1] / 16.6, rel=1e-8)
    # the protocol's doses of 2.5 mg/kg lead towards its troughs of 200-400 ug/L
    assert 100 < oral.trough[0] < 400
