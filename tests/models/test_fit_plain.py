"""Parts of the vocabulary that no other program's results cover, beside plain numpy and scipy written out here:
Box-Cox etas, power error, a Hill exponent, doses that add a steady state (SS 2)."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import minimize
from scipy.stats import norm

from models.errors import RecordError
from models.fit import Posterior, fit_map
from models.nmtran import Row, subject_from_rows
from models.pk import concentrations
from models.population import PopulationModel, load_model, parse_model
from models.subject import Subject
from tests.models.small_models import COMBINED, dose, eta, levels, one_compartment, patient, row
from tests.reference import MODELS
from tests.reference.evaluate import predictions

Vector = np.ndarray
DOSES = [dose(12.0 * k, 400.0) for k in range(3)]
TIMES, VALUES = (1.0, 11.5, 26.0, 35.0), (13.0, 2.1, 11.0, 4.9)


def bolus(cl: float, v: float, times: Sequence[float] = TIMES) -> Vector:
    """Concentration of 400 mg at 0, 12 and 24 h."""
    since = np.array(times)[:, None] - 12.0 * np.arange(3)
    return np.asarray((400.0 / v * np.exp(-cl / v * np.maximum(since, 0.0)) * (since > 0)).sum(axis=1))


def plain_fit(objective: Callable[[Vector], float], n: int) -> tuple[Vector, float, Vector]:
    """Mode, objective, and covariance as the inverse of half the Hessian by second differences."""
    rough = minimize(
        objective, np.zeros(n), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 8000}
    )
    best = minimize(objective, rough.x, method="BFGS", options={"gtol": 1e-9})
    mode = best.x if best.fun <= rough.fun else rough.x
    h, unit = 1e-4, np.eye(n)
    hessian = np.array(
        [
            [
                (
                    objective(mode + h * (unit[i] + unit[j]))
                    - objective(mode + h * (unit[i] - unit[j]))
                    - objective(mode - h * (unit[i] - unit[j]))
                    + objective(mode - h * (unit[i] + unit[j]))
                )
                / (4 * h * h)
                for j in range(n)
            ]
            for i in range(n)
        ]
    )
    return mode, objective(mode), np.linalg.inv(hessian / 2.0)


def agrees(posterior: Posterior, plain: tuple[Vector, float, Vector], eta: float = 1e-6, se: float = 1e-4) -> None:
    """scipy stops at about 1e-7 of an eta; second differences with steps of 1e-4 carry 1e-6 of curvature."""
    assert posterior.status == "converged"
    assert posterior.objective == pytest.approx(plain[1], abs=1e-8)
    assert posterior.eta == pytest.approx(plain[0], abs=eta)
    assert posterior.covariance == pytest.approx(plain[2], rel=se, abs=se * np.diag(plain[2]).max())


# --- Box-Cox ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [0.8, -0.6])
def test_box_cox_etas(shape: float) -> None:
    """CL = 4 exp((exp(shape eta) - 1) / shape), Petersson et al., Pharm Res 26(9):2174-2185, 2009; V exponential."""
    model = one_compartment(random=eta("CL", 0.2, kind="boxcox", shape=shape) + eta("V", 0.04))

    values = (12.0, 0.9, 10.5, 2.8)  # clears fast, far enough from the population for the shape to matter

    def objective(at: Vector) -> float:
        f = bolus(4.0 * np.exp((np.exp(shape * at[0]) - 1.0) / shape), 40.0 * np.exp(at[1]))
        v = (0.1 * f) ** 2 + 0.25
        return float((np.log(v) + (np.array(values) - f) ** 2 / v).sum() + at[0] ** 2 / 0.2 + at[1] ** 2 / 0.04)

    posterior = fit_map(model, patient(model, DOSES, TIMES, values))
    agrees(posterior, plain_fit(objective, 2))
    assert posterior.eta[0] > 0.2


@settings(max_examples=30, deadline=None)
@given(at=st.floats(-1.0, 1.0))
def test_a_box_cox_shape_near_none_is_the_exponential(at: float) -> None:
    """(exp(s eta) - 1) / s = eta + s eta^2 / 2: at s = 1e-6 the clearance differs by less than 1e-6."""
    bent = one_compartment(random=eta("CL", 0.2, kind="boxcox", shape=1e-6))
    plain = one_compartment(random=eta("CL", 0.2))
    rows = [*DOSES, *levels(TIMES, VALUES)]
    rows.sort(key=lambda item: item.time)
    found = [predictions(model, rows, np.array([[at]]))[0] for model in (bent, plain)]
    assert found[0] == pytest.approx(found[1], rel=1e-5)


# --- power error ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [0.5, 0.75, 1.3])
def test_power_error(exponent: float) -> None:
    """SD = 0.2 f^exponent, with interaction; one level below 3 mg/L (M3)."""
    residual = f'kind = "power", proportional_sd = 0.2, exponent = {exponent}'
    model = one_compartment(residual=residual, random=eta("CL", 0.09) + eta("V", 0.04))
    rows = [*DOSES, row(47.0, observed=3.0, below=True)]

    def objective(at: Vector) -> float:
        f = bolus(4.0 * np.exp(at[0]), 40.0 * np.exp(at[1]), (*TIMES, 47.0))
        sd = 0.2 * f**exponent
        seen = (2.0 * np.log(sd) + ((np.array([*VALUES, 0.0]) - f) / sd) ** 2)[:-1].sum()
        censored = -2.0 * norm.logcdf((3.0 - f[-1]) / sd[-1])
        return float(seen + censored + at[0] ** 2 / 0.09 + at[1] ** 2 / 0.04)

    posterior = fit_map(model, patient(model, rows, TIMES, VALUES))
    agrees(posterior, plain_fit(objective, 2))
    f = posterior.levels[0].individual
    assert posterior.levels[0].wres == pytest.approx((VALUES[0] - f) / (0.2 * f**exponent), rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(value=st.floats(5.0, 20.0))
def test_power_error_with_exponent_1_is_proportional_error(value: float) -> None:
    """The same formula on two paths of the kernel."""
    random = eta("CL", 0.09) + eta("V", 0.04)
    power = one_compartment(residual='kind = "power", proportional_sd = 0.2, exponent = 1.0', random=random)
    proportional = one_compartment(residual='kind = "proportional", proportional_sd = 0.2', random=random)
    one, two = (fit_map(m, patient(m, DOSES, TIMES, (value, *VALUES[1:]))) for m in (power, proportional))
    assert one.eta == pytest.approx(two.eta, abs=1e-7)
    assert one.objective == pytest.approx(two.objective, abs=1e-9)


# --- a Hill exponent --------------------------------------------------------------------------------------------------


def with_hill() -> PopulationModel:
    """The turnover model of the reference, with a Hill exponent of 2.4 whose typical value varies between patients."""
    text = (MODELS / "pd_turnover.toml").read_text()
    text = text.replace('ec50 = "IC50" }', 'ec50 = "IC50", hill = "HILL" }')
    text += '\n[parameters.HILL]\nvalue = 2.4\nunit = "1"\nsource = "made up"\n' + eta("HILL", 0.09)
    return parse_model(text.encode(), "hill.toml")


def response(model: PopulationModel, values: dict[str, float], doses: Sequence[Row], times: Sequence[float]) -> Vector:
    """(len(times), 2): concentration and response, by scipy, from each start or end of an infusion to the next."""
    edges = sorted({0.0, *times, *(d.time for d in doses), *(d.time + d.amount / d.rate for d in doses)})

    def slope(at: float, y: Vector, rate: float) -> list[float]:
        c = y[0] / values["V"]
        effect = values["IMAX"] * c ** values["HILL"] / (values["IC50"] ** values["HILL"] + c ** values["HILL"])
        return [rate - values["CL"] * c, values["KIN"] * (1.0 - effect) - values["KOUT"] * y[1]]

    y, found = np.array([0.0, values["BASE"]]), {0.0: np.array([0.0, values["BASE"]])}
    for start, stop in pairwise(edges):
        rate = sum(d.rate for d in doses if d.time <= start and stop <= d.time + d.amount / d.rate + 1e-12)
        y = solve_ivp(slope, (start, stop), y, args=(rate,), method="LSODA", rtol=1e-11, atol=1e-11).y[:, -1]
        found[stop] = np.array([y[0] / values["V"], y[1]])
    return np.array([found[at] for at in times])


def individual(model: PopulationModel, at: Vector) -> dict[str, float]:
    """Exponential etas on the typical values of a patient of 70 kg; KIN = BASE * KOUT."""
    values = {item.name: item.value for item in model.parameters}
    for item, value in zip(model.random, at, strict=True):
        for name in item.parameters:
            values[name] *= np.exp(value)
    return values | {"KIN": values["BASE"] * values["KOUT"]}


INFUSIONS = [dose(0.0, 300.0, rate=150.0), dose(24.0, 300.0, rate=150.0)]
DRAWN = (1.0, 3.0, 8.0, 20.0, 26.0, 36.0, 60.0)


def test_an_effect_with_a_hill_exponent() -> None:
    model = with_hill()
    at = 0.3 * np.cos(np.arange(1.0, 1.0 + len(model.eta_names)))
    expected = response(model, individual(model, at), INFUSIONS, DRAWN)
    for comp, column in ((1, 0), (2, 1)):
        rows = sorted([*INFUSIONS, *(row(t, comp=comp) for t in DRAWN)], key=lambda item: item.time)
        found = predictions(model, rows, at[None])[0][[item.evid == 0 for item in rows]]
        # the engine's solver controls 1e-8 a step
        assert found == pytest.approx(expected[:, column], rel=1e-6)


def test_a_fit_with_a_hill_exponent() -> None:
    """Concentrations and responses of one patient; the minimum by scipy over scipy's solver."""
    model = with_hill()
    truth = 0.2 * np.cos(np.arange(1.0, 1.0 + len(model.eta_names)))
    values = np.round(response(model, individual(model, truth), INFUSIONS, DRAWN) * [1.1, 0.95], 3)
    rows = [*INFUSIONS, row(3.0, comp=1, observed=values[1, 0]), row(36.0, comp=1, observed=values[5, 0])]
    rows += [row(t, comp=2, observed=v) for t, v in zip(DRAWN, values[:, 1], strict=True)]
    rows.sort(key=lambda item: item.time)
    posterior = fit_map(model, subject_from_rows(model, rows))

    def objective(at: Vector) -> float:
        found = response(model, individual(model, at), INFUSIONS, DRAWN)
        f = np.concatenate([found[[1, 5], 0], found[:, 1]])
        y = np.concatenate([values[[1, 5], 0], values[:, 1]])
        v = np.array([0.03] * 2 + [0.01] * 7) * f**2
        return float((np.log(v) + (y - f) ** 2 / v).sum() + at @ np.linalg.inv(model.omega) @ at)

    assert posterior.status == "converged"
    assert posterior.objective == pytest.approx(objective(posterior.eta), abs=1e-5)
    best = minimize(objective, posterior.eta, method="Powell", options={"xtol": 1e-6, "ftol": 1e-12, "maxiter": 6})
    # nothing lower within reach of another method: the engine's solver leaves 1e-6 of the objective
    assert best.fun > posterior.objective - 1e-5
    assert posterior.eta == pytest.approx(best.x, abs=1e-3)


# --- SS 2: a steady state on top of what is there ---------------------------------------------------------------------


def on_top(steady: int, *, rate: float = 0.0) -> list[Row]:
    """400 mg at 0 h; at 30 h a train of 200 mg every 8 h as given for ever, and once more at 38 h."""
    train = [dose(30.0, 200.0, rate=rate, interval=8.0, steady=steady), dose(38.0, 200.0, rate=rate)]
    return [dose(0.0, 400.0), *train]


@pytest.mark.parametrize("rate", [0.0, 50.0])
def test_a_steady_state_that_adds_is_a_sum_of_exponentials(rate: float) -> None:
    """The first dose's decay, and 400 doses of the train, each by its formula."""
    model = one_compartment(random=eta("CL", 0.09))
    times, k, v = np.array([29.0, 30.5, 33.0, 38.0, 41.0, 47.0]), 0.1, 40.0

    def one(since: Vector, mg: float, over: float) -> Vector:
        """Concentration `since` h after the start of one dose."""
        if over == 0.0:
            return np.asarray(np.where(since > 0, mg / v * np.exp(-k * np.maximum(since, 0.0)), 0.0))
        infused = np.minimum(np.maximum(since, 0.0), over)
        return np.asarray(
            mg
            / over
            / (k * v)
            * (np.exp(-k * (np.maximum(since, 0.0) - infused)) - np.exp(-k * np.maximum(since, 0.0)))
        )

    over = 200.0 / rate if rate else 0.0
    past = sum(one(times - (30.0 - 8.0 * n), 200.0, over) for n in range(400)) + one(times - 38.0, 200.0, over)
    expected = one(times, 400.0, 0.0) + np.where(times > 30.0, past, 0.0)
    subject = subject_from_rows(model, on_top(2, rate=rate))
    assert concentrations(model, subject, np.zeros((1, 1)), times)[0] == pytest.approx(expected, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(shift=st.floats(-0.8, 0.8), rate=st.sampled_from([0.0, 25.0, 100.0]))
def test_in_a_linear_model_the_two_steady_states_differ_by_what_was_there(shift: float, rate: float) -> None:
    """SS 1 replaces, SS 2 adds: the difference is the first dose alone."""
    model = load_model(MODELS / "2cmt_inf.toml")
    times, at = [31.0, 36.0, 44.0, 60.0], np.full((1, 4), shift)
    replaced, added, first = (
        concentrations(model, subject_from_rows(model, rows), at, times)[0]
        for rows in (on_top(1, rate=rate), on_top(2, rate=rate), on_top(1)[:1])
    )
    assert added - replaced == pytest.approx(first, rel=1e-8)


def test_a_steady_state_added_to_a_saturable_model_is_refused() -> None:
    """NONMEM adds the amounts; what a saturable model holds of two regimens is not their sum, so no number is said."""
    model = load_model(MODELS / "mm_oral.toml")
    rows = [dose(0.0, 300.0, comp=1), dose(20.0, 100.0, comp=1, interval=12.0, steady=2)]
    with pytest.raises(RecordError, match="SS 2"):
        subject_from_rows(model, rows)


def test_a_fit_over_a_steady_state_that_adds() -> None:
    model = one_compartment(residual=COMBINED, random=eta("CL", 0.09) + eta("V", 0.04))
    values = (2.0, 19.0, 12.0, 14.0)
    times = (25.0, 31.0, 37.5, 41.0)

    def objective(at: Vector) -> float:
        k, v = 0.1 * np.exp(at[0] - at[1]), 40.0 * np.exp(at[1])
        t = np.array(times)
        f = 400 / v * np.exp(-k * t)
        f += np.where(t > 30, 200 / v * np.exp(-k * np.maximum(t - 30, 0)) / (1 - np.exp(-8 * k)), 0)
        f += np.where(t > 38, 200 / v * np.exp(-k * np.maximum(t - 38, 0)), 0)
        s = (0.1 * f) ** 2 + 0.25
        return float((np.log(s) + (np.array(values) - f) ** 2 / s).sum() + at[0] ** 2 / 0.09 + at[1] ** 2 / 0.04)

    subject: Subject = patient(model, on_top(2), times, values)
    agrees(fit_map(model, subject), plain_fit(objective, 2))
