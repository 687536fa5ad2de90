"""Non-compartmental analysis: answers known by hand, and the rules for lambda_z, C0 and samples below the limit."""

from math import exp, log
from typing import Any

import pytest

from models.evaluate.nca import NcaResult, nca
from models.evaluate.parameters import parameters
from models.evaluate.profile import Profile
from models.evaluate.terminal import TerminalPhase

EXACT = 1e-12  # relative: closed forms on both sides, a few dozen roundings


def named(result: NcaResult) -> dict[str, Any]:
    return {item.name: item.value for item in parameters(result)}


def profile(samples: dict[float, float], **other: Any) -> Profile:
    """{hour: mg/L}; -1 stands for below the limit of quantification."""
    given = {"dose": 100.0, "route": "extravascular"} | other
    return Profile(
        times=tuple(samples),
        concentrations=tuple(max(value, 0.0) for value in samples.values()),
        below=tuple(value == -1 for value in samples.values()),
        **given,
    )


def test_bolus_of_one_compartment_is_exact() -> None:
    """100 mg into 20 L, 2 L/h: C = 5 exp(-0.1 t), so AUC = 50, AUMC = 500, MRT = 10; the log rule has no error."""
    bolus = profile({t: 5 * exp(-0.1 * t) for t in (0.5, 1, 2, 4, 8, 12, 24)}, route="bolus")
    found = named(nca(bolus, method="linlog"))
    expected = {"C0": 5, "LAMZ": 0.1, "LAMZHL": 10 * log(2), "AUCIFO": 50, "AUCIFP": 50, "AUMCIFO": 500}
    expected |= {"MRTIVIFO": 10, "CLO": 2, "VZO": 20, "VSSO": 20, "CLP": 2, "VSSP": 20, "b0": log(5), "R2": 1}
    expected |= {"AUCLST": 50 * (1 - exp(-2.4)), "AUCPEO": 100 * exp(-2.4), "AUCPBEO": 100 * (1 - exp(-0.05))}
    expected |= {"LAMZNPT": 7, "LAMZLL": 0.5, "LAMZUL": 24, "CORRXY": -1, "CMAXD": 5 * exp(-0.05) / 100}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=EXACT)


def test_moments_of_a_bolus_to_the_last_sample() -> None:
    """Integral of t * 5 exp(-0.1 t) from 0 to 24 h = 500 (1 - 3.4 exp(-2.4))."""
    bolus = profile({t: 5 * exp(-0.1 * t) for t in (0, 1, 2, 4, 8, 12, 24)}, route="bolus")
    found = named(nca(bolus, method="linlog"))
    assert found["AUMCLST"] == pytest.approx(500 * (1 - 3.4 * exp(-2.4)), rel=EXACT)
    assert found["C0"] == 5


def test_linear_trapezoids_by_hand() -> None:
    """0, 4, 2, 1, 0.5 mg/L at 0, 1, 2, 3, 4 h: 2 + 3 + 1.5 + 0.75 = 7.25; the tail 0.5 / ln 2."""
    found = named(nca(profile({0: -1, 1: 4, 2: 2, 3: 1, 4: 0.5})))
    assert found["AUCLST"] == found["AUCALL"] == 7.25
    assert found["AUMCLST"] == (0 + 4) / 2 + (4 + 4) / 2 + (4 + 3) / 2 + (3 + 2) / 2
    assert found["LAMZ"] == pytest.approx(log(2), rel=EXACT)
    assert found["AUCIFO"] == pytest.approx(7.25 + 0.5 / log(2), rel=EXACT)
    assert found["CLFO"] == pytest.approx(100 / (7.25 + 0.5 / log(2)), rel=EXACT)
    assert (found["CMAX"], found["TMAX"], found["TLAG"], found["CLST"], found["TLST"]) == (4, 1, 0, 0.5, 4)


def test_log_rule_falls_and_linear_rule_rises() -> None:
    """Up from 0 to 4: 2. Down 4, 2, 1, 0.5 in steps of 1 h: (4 - 0.5) / ln 2. A plateau is a rectangle."""
    down = named(nca(profile({0: -1, 1: 4, 2: 2, 3: 1, 4: 0.5}), method="linlog"))
    assert down["AUCLST"] == pytest.approx(2 + 3.5 / log(2), rel=EXACT)
    plateau = named(nca(profile({0: 2, 3: 2}), method="linlog"))
    assert plateau["AUCLST"] == 6


def test_infusion_mrt_loses_half_the_infusion() -> None:
    samples = {0: -1, 2: 4.0, 3: 2.0, 4: 1.0, 5: 0.5}
    infused = named(nca(profile(samples, route="infusion", duration=2.0)))
    swallowed = named(nca(profile(samples)))
    assert infused["AUMCIFO"] == swallowed["AUMCIFO"]
    assert infused["MRTIVIFO"] == pytest.approx(swallowed["MRTEVIFO"] - 1.0, rel=EXACT)
    assert infused["MRTIVLST"] == pytest.approx(swallowed["MRTEVLST"] - 1.0, rel=EXACT)
    assert infused["VSSO"] == pytest.approx(infused["CLO"] * infused["MRTIVIFO"], rel=EXACT)


def test_names_follow_the_route() -> None:
    samples = {1: 4.0, 2: 2.0, 3: 1.0, 4: 0.5}
    swallowed, bolus = named(nca(profile(samples))), named(nca(profile(samples, route="bolus")))
    assert {"CLFO", "VZFO", "MRTEVIFO", "TLAG"} <= set(swallowed)
    assert not {"CLO", "VZO", "VSSO", "C0", "AUCPBEO"} & set(swallowed)
    assert {"CLO", "VZO", "VSSO", "C0", "AUCPBEO"} <= set(bolus)
    assert not {"CLFO", "VZFO", "MRTEVIFO", "TLAG"} & set(bolus)


def test_ug_per_litre_gives_the_same_clearance() -> None:
    """1 mg is 1000 ug: 4 mg/L and 4000 ug/L are the same patient."""
    samples = {1: 4.0, 2: 2.0, 3: 1.0, 4: 0.5}
    milli = named(nca(profile(samples)))
    micro = named(nca(profile({t: 1000 * c for t, c in samples.items()}, unit="ug/L")))
    assert {name: micro[name] for name in ("CLFO", "VZFP")} == pytest.approx(
        {name: milli[name] for name in ("CLFO", "VZFP")}, rel=EXACT
    )
    assert micro["AUCIFO"] == pytest.approx(1000 * milli["AUCIFO"], rel=EXACT)


# lambda_z


def terminal(result: NcaResult) -> TerminalPhase:
    assert isinstance(result.terminal, TerminalPhase)
    return result.terminal


def test_maximum_belongs_to_the_terminal_phase_of_a_bolus_only() -> None:
    samples = {t: 8 * exp(-0.2 * t) for t in (1, 2, 4, 8)}
    assert terminal(nca(profile(samples, route="bolus"))).lamznpt == 4
    assert terminal(nca(profile(samples))).lamznpt == 3
    assert terminal(nca(profile(samples, route="infusion", duration=1.0))).lamznpt == 3


def test_samples_during_an_infusion_are_not_terminal() -> None:
    """The maximum was drawn at 1 h of a 3 h infusion: 2 h may not be used, 3 h (its end) may."""
    samples = {t: 8 * exp(-0.2 * t) for t in (1, 2, 3, 4, 8)}
    assert terminal(nca(profile(samples, route="infusion", duration=3.0))).lamzll == 3
    early = {0.1: 5.0, 0.3: 4.0, 1.0: 3.0, 2.0: 2.0}
    end = 0.1 + 0.2  # 0.30000000000000004: a rounding must not lose the sample drawn at the end
    assert terminal(nca(profile(early, route="infusion", duration=end))).lamzll == 0.3


def tie(bend: float) -> dict[float, float]:
    """Three last samples on a line of slope -0.1; the one before lies exp(bend) above it; an earlier maximum."""
    line = {t: 4 * exp(-0.1 * t) for t in (4.0, 8.0, 12.0)}
    return {0.5: 50.0, 2.0: 4 * exp(-0.2 + bend)} | line


@pytest.mark.parametrize(("bend", "points"), [(0.0, 4), (0.008, 4), (0.05, 3)])
def test_more_points_win_within_1e_4(bend: float, points: int) -> None:
    """Three points have R2ADJ = 1. With the fourth it is 1, 1 - 6.5e-5 and 1 - 2.4e-3."""
    assert terminal(nca(profile(tie(bend)))).lamznpt == points


def test_of_equal_maxima_the_first_counts() -> None:
    found = nca(profile({1: 4.0, 2: 4.0, 3: 3.0, 4: 2.0}))
    assert found.to_last is not None
    assert found.to_last.tmax == 1
    assert terminal(found).lamzll == 2


def test_predicted_last_concentration_is_on_the_line() -> None:
    found = terminal(nca(profile({1: 9.0, 2: 4.1, 3: 1.9, 4: 1.1, 6: 0.2})))
    assert found.clstp == pytest.approx(exp(found.b0 - found.lamz * 6), rel=EXACT)


# C0


@pytest.mark.parametrize(
    ("samples", "c0", "how"),
    [
        ({0: 9.0, 1: 4.0, 2: 2.0}, 9.0, "observed"),
        ({1: 4.0, 2: 2.0, 3: 1.0}, 8.0, "log-linear"),
        ({0: -1, 1: 4.0, 2: 2.0}, 8.0, "log-linear"),
        ({1: 2.0, 2: 4.0, 3: 1.0}, 2.0, "first-measurable"),
        ({1: 4.0, 2: 4.0, 3: 1.0}, 4.0, "first-measurable"),
        ({1: -1, 2: 4.0, 3: 2.0}, 4.0, "first-measurable"),
        ({1: 4.0, 2: -1, 3: 2.0}, 4.0, "first-measurable"),
        ({1: 4.0}, 4.0, "first-measurable"),
    ],
)
def test_c0(samples: dict[float, float], c0: float, how: str) -> None:
    found = nca(profile(samples, route="bolus")).c0
    assert found is not None
    assert (found.method, found.value) == (how, pytest.approx(c0, rel=EXACT))


def test_curve_of_a_bolus_begins_at_c0() -> None:
    """C0 8 by extrapolation, 4 at 1 h: (8 + 4) / 2 before the first sample; below the limit at hour 0 is no dip."""
    found = nca(profile({0: -1, 1: 4.0, 2: 2.0, 3: 1.0}, route="bolus")).to_last
    assert found is not None
    assert found.aucbe == pytest.approx(6, rel=EXACT)
    assert found.auclst == pytest.approx(6 + 3 + 1.5, rel=EXACT)


# below the limit of quantification


def test_below_the_limit_first_is_zero_and_makes_the_lag() -> None:
    found = nca(profile({0: -1, 1: -1, 2: 4.0, 3: 2.0})).to_last
    assert found is not None
    assert (found.tlag, found.auclst) == (1, 2 + 3)


def test_first_sample_measurable_rises_from_nothing_at_hour_0() -> None:
    found = nca(profile({2: 4.0, 3: 2.0})).to_last
    assert found is not None
    assert (found.tlag, found.auclst) == (0, 4 + 3)


def test_below_the_limit_between_is_left_out_or_zero_as_asked() -> None:
    samples = {0: -1, 1: 4.0, 2: -1, 3: 2.0}
    left_out, zero = nca(profile(samples)).to_last, nca(profile(samples), embedded="zero").to_last
    assert left_out is not None
    assert zero is not None
    assert (left_out.auclst, zero.auclst) == (2 + 6, 2 + 2 + 1)


@pytest.mark.parametrize("method", ["linear", "linlog"])
def test_below_the_limit_last_counts_in_aucall_only(method: Any) -> None:
    """After 1 mg/L at 4 h: a triangle to 0 at 6 h; the second sample below the limit adds nothing."""
    samples = {0: -1, 1: 8.0, 2: 4.0, 3: 2.0, 4: 1.0}
    without = nca(profile(samples), method=method)
    found = nca(profile(samples | {6.0: -1, 9.0: -1}), method=method)
    assert found.to_last is not None
    assert without.to_last is not None
    assert found.to_last.aucall == found.to_last.auclst + 1.0
    assert (found.to_last.auclst, found.terminal, found.observed) == (
        without.to_last.auclst,
        without.terminal,
        without.observed,
    )


def test_zero_means_below_the_limit() -> None:
    marked = nca(profile({0: -1, 1: 4.0, 2: 2.0, 3: 1.0, 4: -1}))
    written = nca(profile({0: 0.0, 1: 4.0, 2: 2.0, 3: 1.0, 4: 0.0}))
    assert (marked.to_last, marked.terminal, marked.observed) == (written.to_last, written.terminal, written.observed)
