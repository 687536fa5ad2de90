"""NM-TRAN rows as subjects: covariates that change, and files that can not be read as they stand."""

import numpy as np
import pytest

from models.fit import fit_map
from models.nmtran import Carry, row_of, subject_from_rows
from models.pk import concentrations, parameters
from models.population import load_model
from tests.reference import MODELS

MODEL = load_model(MODELS / "1cmt_inf.toml")
KE = {100.0: 4.5 / 49.0, 50.0: 4.5 / 49.0 * 0.5**0.75}  # 0.7 L/kg of the default 70 kg; CL with CRCL^0.75


def rows(*crcl: float) -> list:  # type: ignore[type-arg]
    """A dose at 0 h, then a level every 10 h; CRCL as given on each row."""
    cells = [{"TIME": f"{10 * i}", "CRCL": f"{value}"} for i, value in enumerate(crcl)]
    cells[0] |= {"AMT": "100"}
    return [row_of(item | ({} if "AMT" in item else {"DV": "1"}), "line") for item in cells]


@pytest.mark.parametrize("crcl", [(100.0, 50.0, 50.0), (50.0, 100.0, 100.0), (100.0, 50.0, 100.0, 50.0)])
@pytest.mark.parametrize("carry", ["last-value-forward", "next-value-backward"])
def test_parameters_are_those_of_the_covariates_in_force(crcl: tuple[float, ...], carry: Carry) -> None:
    """Whichever way clearance changes, and however often: the parameters shown are those the prediction used."""
    subject = subject_from_rows(MODEL, rows(*crcl), covariates=carry)
    held = crcl[:-1] if carry == "last-value-forward" else crcl[1:]
    for i, value in enumerate(held):
        found = parameters(MODEL, subject, np.zeros((1, 2)), 10.0 * i + 5.0)
        assert found["CL"][0] == pytest.approx(KE[value] * 49.0, rel=1e-12)
    decay = np.exp(-10.0 * np.cumsum([KE[value] for value in held]))
    levels = fit_map(MODEL, subject).levels
    assert [level.population for level in levels] == pytest.approx(100.0 / 49.0 * decay, rel=1e-12)
    at = [level.time for level in levels]
    assert concentrations(MODEL, subject, np.zeros((1, 2)), at)[0] == pytest.approx(100.0 / 49.0 * decay, rel=1e-12)
