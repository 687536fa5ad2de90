"""Non-compartmental analysis against scipy's integration, scipy's regression and compartmental truth."""

from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import linregress

from models.evaluate.nca import nca
from models.evaluate.profile import Profile
from models.evaluate.terminal import NoTerminalPhase, TerminalPhase, terminal_phase
from models.evaluate.trapezoid import areas

DOSE, CL, V1, Q, V2, KA = 500.0, 4.0, 30.0, 6.0, 40.0, 1.2


def two_compartments(t: float) -> float:
    """Concentration (mg/L) t hours after a bolus of DOSE mg; textbook biexponential."""
    k10, k12, k21 = CL / V1, Q / V1, Q / V2
    total, product = k10 + k12 + k21, k10 * k21
    beta = (total - (total**2 - 4 * product) ** 0.5) / 2
    alpha = product / beta
    return DOSE / V1 * ((alpha - k21) * exp(-alpha * t) + (k21 - beta) * exp(-beta * t)) / (alpha - beta)


def infused(t: float, over: float = 2.0) -> float:
    """The bolus smeared over `over` hours, by scipy."""
    area, _ = quad(lambda s: two_compartments(t - s), 0, min(t, over), epsabs=1e-13, epsrel=1e-12)
    return area / over


def swallowed(t: float) -> float:
    """First-order absorption into one compartment, all of it available."""
    k = CL / V1
    return DOSE * KA / (V1 * (KA - k)) * (exp(-k * t) - exp(-KA * t))


def dense(function: object, end: float, n: int, begin: float = 0.0) -> tuple[tuple[float, ...], tuple[float, ...]]:
    times = np.linspace(begin, end, n)
    return tuple(times.tolist()), tuple(function(t) for t in times.tolist())  # type: ignore[operator]


@pytest.mark.parametrize("method", ["linear", "linlog"])
def test_bolus_recovers_the_compartmental_truth(method: str) -> None:
    """CL and VSS = V1 + V2 are what the curve was made from. 1e-4: the trapezoids' error with 4000 samples (h = 0.03 h)
    is h^2 / 12 times the slope's change, 1e-5; the rest is the terminal line's, as alpha has not quite died out."""
    times, concentrations = dense(two_compartments, 120.0, 4000)
    found = nca(Profile(times=times, concentrations=concentrations, dose=DOSE, route="bolus"), method=method)  # type: ignore[arg-type]
    assert found.observed is not None
    assert (found.observed.cl, found.observed.vss) == pytest.approx((CL, V1 + V2), rel=1e-4)


def test_infusion_recovers_the_same_clearance_and_volume() -> None:
    """The infusion's half duration leaves the MRT, so CL and VSS are a bolus's. 1e-3: 600 samples."""
    times, concentrations = dense(infused, 120.0, 600)
    found = nca(Profile(times=times, concentrations=concentrations, dose=DOSE, route="infusion", duration=2.0))
    assert found.observed is not None
    assert (found.observed.cl, found.observed.vss) == pytest.approx((CL, V1 + V2), rel=1e-3)


def test_areas_to_the_last_sample_are_scipys_integrals() -> None:
    """1e-6: 20,000 linear trapezoids over 48 h, h^2 / 12 * change of slope / AUC is below 1e-6."""
    times, concentrations = dense(swallowed, 48.0, 20_001)
    auc, aumc = areas(np.array(times), np.array(concentrations), "linear")
    assert auc == pytest.approx(quad(swallowed, 0, 48, epsrel=1e-12)[0], rel=1e-6)
    assert aumc == pytest.approx(quad(lambda t: t * swallowed(t), 0, 48, epsrel=1e-12)[0], rel=1e-6)


def test_absorption_adds_its_mean_time_to_the_mrt() -> None:
    """MRT of an oral dose = V / CL + 1 / KA. 1e-4: 5000 samples to 100 h."""
    times, concentrations = dense(swallowed, 100.0, 5000)
    found = nca(Profile(times=times, concentrations=concentrations, dose=DOSE, route="extravascular"), method="linlog")
    assert found.observed is not None
    assert found.observed.mrt == pytest.approx(V1 / CL + 1 / KA, rel=1e-4)
    assert found.observed.cl == pytest.approx(CL, rel=1e-4)


CONCENTRATION = st.floats(1e-3, 1e3)
STEP = st.floats(0.05, 12.0)
CURVE = st.lists(st.tuples(STEP, CONCENTRATION), min_size=2, max_size=12)


def arrays(curve: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    steps, concentrations = zip(*curve, strict=True)
    return np.cumsum(steps), np.array(concentrations)


def between(t: float, t1: float, c1: float, t2: float, c2: float, method: str) -> float:
    """The curve that a trapezoid assumes between two samples."""
    part = (t - t1) / (t2 - t1)
    if method == "linlog" and c1 > c2:
        return c1 * exp(part * log(c2 / c1))
    return c1 + part * (c2 - c1)


@given(CURVE, st.sampled_from(["linear", "linlog"]))
def test_trapezoids_are_the_integrals_of_their_curve(curve: list[tuple[float, float]], method: str) -> None:
    """AUC to 1e-9 by scipy's adaptive quadrature of the interpolating curve. AUMC likewise where it is what is meant:
    the linear rule draws the straight line through t * C, not through C."""
    times, concentrations = arrays(curve)
    points = list(zip(times.tolist(), concentrations.tolist(), strict=True))
    auc = aumc = 0.0
    for (t1, c1), (t2, c2) in pairwise(points):
        auc += quad(between, t1, t2, args=(t1, c1, t2, c2, method), epsrel=1e-11)[0]
        if method == "linlog" and c1 > c2:
            aumc += quad(lambda t, *at: t * between(t, *at), t1, t2, args=(t1, c1, t2, c2, method), epsrel=1e-11)[0]
        else:
            aumc += quad(between, t1, t2, args=(t1, t1 * c1, t2, t2 * c2, "linear"), epsrel=1e-11)[0]
    assert areas(times, concentrations, method) == pytest.approx((auc, aumc), rel=1e-9)  # type: ignore[arg-type]


def test_log_rule_is_accurate_where_two_samples_are_almost_equal() -> None:
    """u = log(c1 / c2) from 1e-15 to 0.1: the closed form alone loses every digit. 1e-12: rounding of u."""
    for u in (1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.0199, 0.0201, 0.1):
        times, concentrations = np.array([3.0, 5.0]), np.array([7.0, 7.0 * exp(-u)])
        real = log(concentrations[0] / concentrations[1]) if u > 1e-8 else (7.0 - concentrations[1]) / 7.0
        auc = quad(lambda x, k=real: 14 * exp(-k * x), 0, 1, epsrel=1e-14)[0]
        aumc = quad(lambda x, k=real: 14 * exp(-k * x) * (3 + 2 * x), 0, 1, epsrel=1e-14)[0]
        assert areas(times, concentrations, "linlog") == pytest.approx((auc, aumc), rel=1e-12)


@given(CURVE)
def test_lambda_z_is_scipys_regression_chosen_by_the_rule(curve: list[tuple[float, float]]) -> None:
    """Every candidate by scipy.stats.linregress, the rule applied to a plain list. 1e-6: candidates whose adjusted R2
    ties to rounding may be chosen differently, so the choice is compared through its R2ADJ."""
    times, concentrations = arrays(curve)
    found = terminal_phase(times, concentrations, first=0)
    fits = {n: linregress(times[-n:], np.log(concentrations[-n:])) for n in range(3, len(times) + 1)}
    adjusted = {n: 1 - (1 - fit.rvalue**2) * (n - 1) / (n - 2) for n, fit in fits.items() if fit.slope < 0}
    falls = {n: -fits[n].slope * float(times[-1] - times[-n]) for n in adjusted}
    assume(all(fall > 1e-6 for fall in falls.values()))  # a fall of under 1e-9 is rounding: next test
    if isinstance(found, NoTerminalPhase):
        assert adjusted == {}
        assert found.reason == ("too-few-points" if len(times) < 3 else "not-declining")
        return
    best = max(adjusted.values())
    clear = [n for n, value in adjusted.items() if value > best - 1e-4 + 1e-9]
    assert found.lamznpt >= max(clear)
    assert adjusted[found.lamznpt] >= best - 1e-4 - 1e-9
    same = fits[found.lamznpt]
    assert found.lamz == pytest.approx(-same.slope, rel=1e-6)
    assert found.b0 == pytest.approx(same.intercept, rel=1e-6, abs=1e-6)
    assert found.corrxy == pytest.approx(same.rvalue, rel=1e-6)


@pytest.mark.parametrize(
    "concentrations", [(16.0, 1.0, 16.0), (3.0, 3.0, 3.0), (0.1, 0.1, 0.1 - 1e-17), (7.3, 0.1, 7.3)]
)
def test_a_slope_of_rounding_is_no_slope(concentrations: tuple[float, ...]) -> None:
    """The regression is level; lambda_z of 1e-17 /h would make an AUC of 1e18."""
    found = terminal_phase(np.array([1.0, 4.0, 7.0]), np.array(concentrations), first=0)
    assert isinstance(found, NoTerminalPhase)
    assert found.reason == "not-declining"


def test_terminal_phase_of_random_noise_still_follows_the_rule() -> None:
    """A long noisy profile: 30 samples, one seed; the same brute force as above, exactly."""
    generator = np.random.default_rng(20)
    times = np.arange(1.0, 31.0)
    concentrations = 10 * np.exp(-0.1 * times + generator.normal(0, 0.2, 30))
    found = terminal_phase(times, concentrations, first=0)
    assert isinstance(found, TerminalPhase)
    fits = {n: linregress(times[-n:], np.log(concentrations[-n:])) for n in range(3, 31)}
    adjusted = {n: 1 - (1 - fit.rvalue**2) * (n - 1) / (n - 2) for n, fit in fits.items() if fit.slope < 0}
    assert found.lamznpt == max(n for n, value in adjusted.items() if value >= max(adjusted.values()) - 1e-4)
    assert found.r2adj == pytest.approx(adjusted[found.lamznpt], rel=1e-12)
