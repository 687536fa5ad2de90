"""Half-life, volume, clearance and prior predictive against hand arithmetic. All patients are made up."""

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.dosing.advice import Regimen
from models.population import parse_model
from models.review.kinetics import kinetics, typical_parameters
from models.review.predictive import predict
from tests.models.small_models import eta, one_compartment

BOLUS = Regimen(amount=400.0, interval=12.0, duration=0.0, route="iv", start=0.0)


def test_one_compartment_by_hand() -> None:
    model = one_compartment(cl=4.0, v=40.0)
    found = predict(model, {}, BOLUS)
    assert found.kinetics.half_life == pytest.approx(log(2) * 10.0, rel=1e-9)
    assert found.kinetics.volume == pytest.approx(40.0, rel=1e-9)
    assert found.clearance == pytest.approx(4.0, rel=1e-9)
    # steady state of boluses: C0 exp(-k tau) / (1 - exp(-k tau)), k = 0.1/h
    trough = 10.0 * exp(-1.2) / (1 - exp(-1.2))
    # a bolus is worked out as an infusion of 4 ms, which moves it by some 1e-7
    assert found.trough.median == pytest.approx(trough, rel=1e-6)
    assert found.auc24.median == pytest.approx(800.0 / 4.0, rel=1e-9)
    assert (found.share, found.kinetics.effective) == (1.0, False)


def test_bioavailability_makes_the_clearance_apparent() -> None:
    assert predict(one_compartment(f=0.5), {}, BOLUS).clearance == pytest.approx(8.0, rel=1e-9)


def test_the_interval_is_that_of_the_population() -> None:
    model = one_compartment(random=eta("CL", 0.09))
    found = predict(model, {}, BOLUS, draws=20_000)
    # AUC = dose/CL is log-normal with SD 0.3; the error of a 5 % quantile of 20,000 draws is about 0.5 %, four of them
    for quantile, value in ((-1.6449, found.auc24.low), (0.0, found.auc24.median), (1.6449, found.auc24.high)):
        assert value == pytest.approx(200.0 * exp(0.3 * quantile), rel=0.02)
    assert predict(model, {}, BOLUS) == predict(model, {}, BOLUS)


TWO = """
id = "made-up/two"
drug = "made-up"
title = "two compartments with a slow depot"
units.time = "h"
units.amount = "mg"
[structure]
compartments = ["depot", "central", "peripheral", "urine"]
routes.sc.into = ["depot"]
fluxes = [
    { kind = "first-order", from = "depot", to = "central", rate = "ka" },
    { kind = "conversion", from = "central", to = "urine", clearance = "CL", volume = "V1" },
    { kind = "exchange", between = ["central", "peripheral"], volumes = ["V1", "V2"], clearance = "Q" },
]
[outputs.concentration]
compartment = "central"
volume = "V1"
unit = "mg/L"
residual = { kind = "additive", additive_sd = 1.0 }
"""


def table(**values: tuple[float, str]) -> str:
    return "".join(
        f'[parameters.{name}]\nvalue = {value}\nunit = "{unit}"\nsource = "made up"\n'
        for name, (value, unit) in values.items()
    )


def test_two_compartments_against_the_textbook_roots() -> None:
    numbers = table(CL=(3.0, "L/h"), V1=(10.0, "L"), V2=(30.0, "L"), Q=(5.0, "L/h"), ka=(0.01, "1/h"))
    model = parse_model((TWO + numbers).encode(), "two.toml")
    k10, k12, k21 = 0.3, 0.5, 5.0 / 30.0
    total = k10 + k12 + k21
    beta = (total - sqrt(total**2 - 4 * k10 * k21)) / 2
    regimen = Regimen(amount=100.0, interval=24.0, duration=0.0, route="sc", start=0.0)
    found = kinetics(model, {}, regimen, 1.0)
    assert found.half_life == pytest.approx(log(2) / beta, rel=1e-9)
    # the depot empties more slowly than the body: flip-flop; urine, which only fills, is left out
    assert found.slowest == pytest.approx(log(2) / 0.01, rel=1e-9)
    assert found.volume == pytest.approx(40.0, rel=1e-9)


MENTEN = 'kind = "michaelis-menten", from = "central", vmax = "vmax", km = "km", volume = "V"'
ELIMINATION = 'kind = "elimination", from = "central", clearance = "CL", volume = "V"'
SATURABLE = """
id = "made-up/saturable"
drug = "made-up"
title = "Michaelis-Menten"
units.time = "h"
units.amount = "mg"
[structure]
compartments = ["central"]
routes.iv.into = ["central"]
fluxes = [{ MENTEN }]
[outputs.concentration]
compartment = "central"
volume = "V"
unit = "mg/L"
residual = { kind = "additive", additive_sd = 1.0 }
""".replace("MENTEN", MENTEN)


def test_the_peak_of_a_bolus_and_of_a_continuous_infusion() -> None:
    numbers = table(CL=(4.0, "L/h"), V=(40.0, "L"))
    model = parse_model((SATURABLE.replace(MENTEN, ELIMINATION) + numbers).encode(), "one.toml")
    # the bolus is worked out as an infusion of 4 ms, which moves it by some 1e-7
    assert predict(model, {}, BOLUS).peak.median == pytest.approx(10.0 / (1 - exp(-1.2)), rel=1e-6)
    steady = predict(model, {}, Regimen(amount=480.0, interval=12.0, duration=12.0, route="iv", start=0.0))
    assert (steady.peak.median, steady.trough.median) == pytest.approx((10.0, 10.0), rel=1e-6)


def test_the_time_in_which_a_saturable_trough_halves() -> None:
    numbers = table(vmax=(20.0, "mg/h"), km=(4.0, "mg/L"), V=(40.0, "L"))
    model = parse_model((SATURABLE + numbers).encode(), "saturable.toml")
    found = predict(model, {}, Regimen(amount=100.0, interval=12.0, duration=0.0, route="iv", start=0.0))
    trough = found.trough.median
    # dC/dt = -(vmax/V) C/(km + C) integrates to km ln(C0/C) + C0 - C = vmax t / V
    expected = (4.0 * log(2) + trough / 2) / (20.0 / 40.0)
    # the fall is read off a grid of 500 points on a logarithm, interpolated
    assert found.kinetics.half_life == pytest.approx(expected, rel=1e-3)
    assert found.kinetics.effective
    assert found.kinetics.volume == pytest.approx(40.0, rel=1e-9)


def test_what_has_no_steady_state_is_counted() -> None:
    numbers = table(vmax=(20.0, "mg/h"), km=(4.0, "mg/L"), V=(40.0, "L"))
    model = parse_model((SATURABLE + numbers + eta("vmax", 0.25)).encode(), "saturable.toml")
    # 220 mg every 12 h is 18.3 mg/h: a share of about 43 % (normal below ln(18.3/20)/0.5) has a smaller vmax
    found = predict(model, {}, Regimen(amount=220.0, interval=12.0, duration=0.0, route="iv", start=0.0))
    assert 0.45 < found.share < 0.68
    assert np.isfinite([found.auc24.low, found.auc24.high]).all()


def test_typical_parameters_need_no_engine() -> None:
    model = one_compartment(cl=4.0, v=40.0, f=0.5)
    assert typical_parameters(model, {}) == {"CL": 4.0, "V": 40.0, "F": 0.5}


@settings(max_examples=25, deadline=None)
@given(cl=st.floats(0.01, 100.0), v=st.floats(1.0, 1000.0), dose=st.floats(1.0, 2000.0))
def test_any_one_compartment_halves_in_ln2_v_over_cl_and_scales_with_the_dose(cl: float, v: float, dose: float) -> None:
    model = one_compartment(cl=cl, v=v)
    regimen = Regimen(amount=dose, interval=12.0, duration=0.0, route="iv", start=0.0)
    found, double = predict(model, {}, regimen), predict(model, {}, replace(regimen, amount=2.0 * dose))
    assert found.kinetics.half_life == pytest.approx(log(2) * v / cl, rel=1e-6)
    # closed forms: what is left are the digits of the exponentials
    assert found.auc24.median == pytest.approx(2.0 * dose / cl, rel=1e-6)
    assert double.auc24.median == pytest.approx(2.0 * found.auc24.median, rel=1e-9)
