"""Apixaban models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.dosed import typical_after
from tests.models.library.published import published

MODELS = load_catalog()
NOBODY = {"asian": 0.0, "atrial_fibrillation": 0.0, "acute_coronary_syndrome": 0.0, "cyp3a4_moderate_inhibitor": 0.0}


@published("apixaban/cirincione2018", "hand arithmetic: woman of 80 a, 55 kg, 40 mL/min, Asian, AF, inhibitor, 10 mg")
def test_cirincione_2018_for_an_old_woman_with_every_covariate() -> None:
    model = MODELS.model("apixaban/cirincione2018")
    creatinine = 60 * 55 / (72 * 40) * 0.85  # Cockcroft-Gault 40 mL/min
    at = {"age": 80.0, "weight": 55.0, "female": 1.0, "creatinine": creatinine, "asian": 1.0}
    at |= {"atrial_fibrillation": 1.0, "cyp3a4_moderate_inhibitor": 1.0, "evening_dose": 1.0}
    found = typical_after(model, 10.0, **at)
    # (1.57 * 40/80 + 2.02 * (80/65)^-0.429 * 0.784) * 0.881 * 0.861 * 0.854 = 1.447 L/h
    clearance = (1.57 * 40 / 80 + 2.02 * (80 / 65) ** -0.429 * (1 - 0.216)) * (1 - 0.119) * (1 - 0.139) * (1 - 0.146)
    volume = 30.0 * (55 / 70) ** 0.790 * (1 - 0.0405)
    fraction = 1 / (1 + np.exp(0.322))
    assert (clearance, volume) == pytest.approx((1.4482, 23.792), rel=1e-3)
    # the same arithmetic in another order; the fraction is written with eight digits
    assert found["k"] == pytest.approx(clearance / volume, rel=1e-12)
    assert found["CL"] == pytest.approx(clearance, rel=1e-12)
    assert (found["k12"], found["k21"]) == (pytest.approx(1.91 / volume, rel=1e-12), pytest.approx(1.91 / 27.0))
    assert found["ka"] == pytest.approx(0.473 * (1 - 0.433), rel=1e-12)
    assert found["F"] == pytest.approx(1 - fraction * (7.5 / 47.5) ** 0.857, rel=1e-7)


@published(
    "apixaban/cirincione2018", "omega printed as variances on micro-constants; k, k12, k21 keep the typical volume"
)
def test_cirincione_2018_random_effects_sit_on_micro_constants() -> None:
    model = MODELS.model("apixaban/cirincione2018")
    variances = dict(zip(model.eta_names, np.diag(model.omega), strict=True))
    assert variances == {"ka": 0.263, "k": 0.0954, "Vc": 0.0294, "k21": 0.240, "k12": 1.55}
    assert np.count_nonzero(model.omega) == 5
    assert model.outputs[0].residual.sd(100.0) == pytest.approx(0.46)  # on the log scale
    at = {"crcl": 80.0, "age": 65.0, "weight": 70.0, "female": 0.0, "dose": 2.5}
    etas = np.zeros((2, 5))
    etas[1, model.eta_names.index("Vc")] = 0.5
    found = steady_state(model, at, etas, amount=2.5, interval=12.0, duration=0.0, route="oral")
    # the same rates, a volume e^0.5 times larger: every level falls by that
    assert found.trough[1] == pytest.approx(found.trough[0] * np.exp(-0.5), rel=1e-6)


@published(
    "apixaban/cirincione2018", "5 mg twice a day in AF by the matrix exponential; label: 5th-95th about 41-230 ug/L"
)
def test_cirincione_2018_five_milligrams_twice_a_day() -> None:
    model = MODELS.model("apixaban/cirincione2018")
    at = {"crcl": 80.0, "age": 65.0, "weight": 70.0, "female": 0.0, **NOBODY, "atrial_fibrillation": 1.0, "dose": 5.0}
    found = steady_state(model, at, np.zeros((1, 5)), amount=5.0, interval=12.0, duration=0.0, route="oral")
    clearance, volume = (1.57 + 2.02) * 0.861, 30.0 * 0.9595
    given = 5000.0 * (1 - (2.5 / 47.5) ** 0.857 / (1 + np.exp(0.322)))  # ug that arrive
    matrix = rates(3, (0, 1, 0.473), (1, None, clearance / volume), (1, 2, 1.91 / volume), (2, 1, 1.91 / 27.0))
    trough = steady(matrix, after(matrix, np.array([given, 0.0, 0.0]), 12.0), 12.0)[1] / volume
    # the fraction is written with eight digits
    assert found.trough[0] == pytest.approx(trough, rel=1e-6)
    assert found.auc24[0] == pytest.approx(2 * given / clearance, rel=1e-6)
    # the label's median trough is about 100 ug/L (from memory); a quarter is far below a unit slip
    assert found.trough[0] == pytest.approx(100.0, rel=0.25)
