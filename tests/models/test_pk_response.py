"""Sums of exponentials against the event kernels, for every linear model that is at hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.dosing.advice import Regimen
from models.dosing.schedule import doses_of
from models.pk import auc, steady_curve, steady_state
from models.pk.exposure import patient
from models.pk.response import response
from models.population import load_model
from models.record import Dose
from tests.reference import MODELS, ROOT

FILES = sorted([*MODELS.glob("*.toml"), *(ROOT / "models" / "drugs").rglob("*[0-9].toml")])
# both are exact; they differ by rounding, more where modes lie close together
TOLERANCE = 1e-8


def covariates(model) -> dict[str, float]:
    """The middle of what the model was made for; what is compared does not depend on it."""
    usual = {"crcl": 80.0, "weight": 70.0, "haematocrit": 0.35, "days_after_transplant": 30.0, "pna": 10.0, "pma": 38.0}
    usual |= {item.name: sum(item.soft or item.hard or (2.0, 2.0)) / 2.0 for item in model.domain}
    usual |= {need.name: 0.0 for need in model.needs if need.steps}
    usual |= {"nfm_cl": 60.0, "nfm_v": 60.0, "ffm": 50.0}
    return {need.name: need.default if need.default is not None else usual.get(need.name, 1.0) for need in model.needs}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_linear_model_has_the_steady_state_of_the_kernels(path: Path) -> None:
    model = load_model(path)
    etas = 0.2 * np.random.default_rng(1).standard_normal((20, len(model.eta_names)))
    for route in model.structure.routes:
        modes = response(model, covariates(model), etas, route=route)
        if modes is None:
            assert not model.linear or _has_a_reason(model)
            continue
        for interval, hours in ((12.0, 1.0), (8.0, 8.0), (24.0, 0.0)):
            given_for = hours if route == "iv" else 0.0
            regimen = {"amount": 1.0, "interval": interval, "duration": given_for, "route": route}
            times = np.array([0.3, 0.5, 0.9]) * interval
            curve = steady_curve(model, covariates(model), etas, times=times, **regimen)
            assert modes.steady(times, interval=interval, duration=given_for) == pytest.approx(curve, rel=TOLERANCE)
            state = steady_state(model, covariates(model), etas, **regimen)
            trough = modes.steady(np.array([interval]), interval=interval, duration=given_for)[:, 0]
            assert trough == pytest.approx(state.trough, rel=TOLERANCE)
            assert modes.auc() * 24.0 / interval == pytest.approx(state.auc24, rel=TOLERANCE)


def _has_a_reason(model) -> bool:
    """A modelled rate, or a chain of equal transit rates, whose eigenvectors are one and the same."""
    rates = [flux.rate for flux in model.structure.fluxes if flux.volume is None]
    return any(dosing.rate for dosing in model.structure.dosing.values()) or len(rates) > len(set(rates))


@settings(max_examples=25, deadline=None)
@given(until=st.floats(0.1, 200.0), hours=st.one_of(st.just(0.0), st.just(1e-300), st.floats(1e-3, 30.0)))
def test_the_area_of_one_dose_is_that_of_the_kernels(until: float, hours: float) -> None:
    model = load_model(ROOT / "models" / "drugs" / "vancomycin" / "goti2018.toml")
    etas = 0.3 * np.random.default_rng(2).standard_normal((5, 3))
    modes = response(model, covariates(model), etas, route="iv")
    assert modes is not None
    subject = patient(model, covariates(model), Dose(time=0.0, amount=1.0, route="iv", duration=hours))
    assert modes.area(until, duration=hours) == pytest.approx(auc(model, subject, etas, [[0.0, until]])[:, 0], rel=1e-8)


def test_two_absorptions_side_by_side_add_up_at_steady_state() -> None:
    """A steady-state dose into two depots once kept the second one only; a long train of doses says what is right."""
    model = load_model(MODELS / "double_abs.toml")
    nobody = np.zeros((1, len(model.eta_names)))
    state = steady_state(model, covariates(model), nobody, amount=100.0, interval=12.0, duration=0.0, route="oral")
    train = doses_of(Regimen(amount=100.0, interval=12.0, duration=0.0, route="oral", start=0.0), until=1200.0)
    subject = patient(model, covariates(model), train[0])
    total = auc(model, subject, nobody, [[1188.0, 1200.0]])[0, 0]
    # 100 intervals of 12 h are 200 half-lives and more
    assert state.auc24[0] == pytest.approx(2 * total, rel=1e-9)
