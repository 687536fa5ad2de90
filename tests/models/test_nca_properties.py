"""Laws that any non-compartmental analysis obeys, on profiles that hypothesis invents."""

from math import isfinite
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.evaluate.nca import NcaResult, nca
from models.evaluate.parameters import parameters
from models.evaluate.profile import Profile
from models.evaluate.terminal import TerminalPhase

# relative: a power of two changes exponents only, but logarithms of the scaled numbers round differently
ROUNDING = 1e-9
METHOD = st.sampled_from(["linear", "linlog"])
SAMPLE = st.tuples(st.floats(0.1, 12.0), st.one_of(st.just(0.0), st.floats(0.01, 100.0)))


@st.composite
def profiles(draw: Any) -> Profile:
    steps, concentrations = zip(*draw(st.lists(SAMPLE, min_size=1, max_size=14)), strict=True)
    times = [draw(st.sampled_from([0.0, steps[0]]))]
    for step in steps[1:]:
        times.append(times[-1] + step)
    route = draw(st.sampled_from(["extravascular", "bolus", "infusion"]))
    return Profile(
        times=tuple(times),
        concentrations=concentrations,
        below=draw(st.sampled_from([(), (False,) * len(times), tuple(draw(st.booleans()) for _ in times)])),
        dose=draw(st.floats(1.0, 2000.0)),
        route=route,
        duration=draw(st.floats(0.1, 6.0)) if route == "infusion" else 0.0,
    )


def named(result: NcaResult) -> dict[str, Any]:
    return {item.name: item.value for item in parameters(result)}


def changed(profile: Profile, **other: Any) -> Profile:
    given = {name: getattr(profile, name) for name in Profile.__dataclass_fields__}
    return Profile(**(given | other))


def steady(result: NcaResult) -> bool:
    """Whether the choice of points is not a tie that rounding could turn, and the slope is more than rounding."""
    return not isinstance(result.terminal, TerminalPhase) or result.terminal.corrxy < -1e-3


# how each parameter scales when concentrations are multiplied by k: k to this power
CONCENTRATION_POWER = {
    **dict.fromkeys(["CMAX", "CMAXD", "C0", "CLST", "CLSTP", "AUCLST", "AUCALL", "AUMCLST"], 1),
    **dict.fromkeys(["AUCIFO", "AUCIFOD", "AUMCIFO", "AUCIFP", "AUCIFPD", "AUMCIFP"], 1),
    **dict.fromkeys(["CLO", "CLP", "CLFO", "CLFP", "VZO", "VZP", "VZFO", "VZFP", "VSSO", "VSSP"], -1),
}
# ... and when all times and the infusion are multiplied by k
TIME_POWER = {
    **dict.fromkeys(["TMAX", "TLAG", "TLST", "LAMZHL", "LAMZLL", "LAMZUL", "MRTEVLST", "MRTIVLST"], 1),
    **dict.fromkeys(
        ["MRTEVIFO", "MRTIVIFO", "MRTEVIFP", "MRTIVIFP", "AUCLST", "AUCALL", "AUCIFO", "AUCIFOD", "AUCIFP", "AUCIFPD"],
        1,
    ),
    **dict.fromkeys(["AUMCLST", "AUMCIFO", "AUMCIFP"], 2),
    **dict.fromkeys(["LAMZ", "CLO", "CLP", "CLFO", "CLFP"], -1),
}
# ... and when the dose is multiplied by k
DOSE_POWER = {
    **dict.fromkeys(["CMAXD", "AUCIFOD", "AUCIFPD"], -1),
    **dict.fromkeys(["CLO", "CLP", "CLFO", "CLFP", "VZO", "VZP", "VZFO", "VZFP", "VSSO", "VSSP"], 1),
}


def same(found: float | None, expected: float | None, rel: float = ROUNDING) -> bool:
    if found is None or expected is None:
        return found is expected
    return bool(found == pytest.approx(expected, rel=rel, abs=1e-12))


def assert_scaled(before: NcaResult, after: NcaResult, k: float, power: dict[str, int], skip: tuple[str, ...]) -> None:
    assert before.status == after.status
    old, new = named(before), named(after)
    for name, value in old.items():
        if name not in skip:
            assert same(new[name], None if value is None else value * k ** power.get(name, 0)), name


@given(profiles(), METHOD, st.sampled_from([2.0**-10, 0.25, 8.0, 2.0**10]))
def test_concentrations_times_k(profile: Profile, method: Any, k: float) -> None:
    before = nca(profile, method=method)
    assume(steady(before))
    after = nca(changed(profile, concentrations=tuple(k * c for c in profile.concentrations)), method=method)
    assert_scaled(before, after, k, CONCENTRATION_POWER, skip=("b0",))


@given(profiles(), METHOD, st.sampled_from([0.25, 4.0]))
def test_hours_times_k(profile: Profile, method: Any, k: float) -> None:
    before = nca(profile, method=method)
    assume(steady(before))
    times = tuple(k * t for t in profile.times)
    after = nca(changed(profile, times=times, duration=k * profile.duration), method=method)
    assert_scaled(before, after, k, TIME_POWER, skip=())


@given(profiles(), METHOD, st.floats(0.01, 100.0))
def test_dose_times_k(profile: Profile, method: Any, k: float) -> None:
    after = nca(changed(profile, dose=k * profile.dose), method=method)
    assert_scaled(nca(profile, method=method), after, k, DOSE_POWER, skip=())


@given(profiles(), st.floats(0.5, 24.0))
def test_an_oral_dose_swallowed_later_shifts_times_and_nothing_else(profile: Profile, delay: float) -> None:
    """The same concentrations `delay` hours later: MRT and TMAX grow by it, AUC and lambda_z stay. The curve rises from
    the same sample below the limit at hour 0, so both profiles have one."""
    before = changed(profile, route="extravascular", duration=0.0, times=tuple(t + 1 for t in profile.times))
    before = _with_zero(before, 0.0)
    after = _with_zero(changed(before, times=tuple(t + delay for t in before.times)), 0.0)
    a, b = nca(before), nca(after)
    assume(steady(a))
    assert a.status == b.status
    old, new = named(a), named(b)
    for name in ("AUCLST", "AUCALL", "AUCIFO", "CLFO", "LAMZ", "CMAX", "R2ADJ"):
        assert same(new[name], old[name], rel=1e-6), name  # sums of shifted times lose a few digits
    for name in ("TMAX", "TLST", "TLAG", "LAMZLL"):
        assert same(new[name], None if old[name] is None else old[name] + delay), name
    if old["MRTEVIFO"] is not None:
        assert _shifted_moment(a, b, delay)


def _with_zero(profile: Profile, time: float) -> Profile:
    below = (True, *(profile.below or (False,) * len(profile.times)))
    times, concentrations = (time, *profile.times), (0.0, *profile.concentrations)
    return changed(profile, times=times, concentrations=concentrations, below=below)


def _shifted_moment(a: NcaResult, b: NcaResult, delay: float) -> bool:
    assert a.observed is not None
    assert b.observed is not None
    return b.observed.mrt == pytest.approx(a.observed.mrt + delay, rel=1e-6)


@given(profiles(), METHOD)
def test_numbers_are_finite_or_none_and_none_has_its_reason(profile: Profile, method: Any) -> None:
    result = nca(profile, method=method)
    found = named(result)
    assert all(value is None or isfinite(value) for value in found.values())
    lacking = {name for name, value in found.items() if value is None}
    if result.status == "estimated":
        assert lacking == set()
    else:
        assert {"LAMZ", "AUCIFO", "AUCIFP", "AUMCIFO", "CLSTP"} <= lacking
    if result.status in ("too-few-points", "not-declining"):
        assert {"CMAX", "AUCLST", "CLST", "AUCALL"}.isdisjoint(lacking)


@given(profiles(), METHOD)
def test_order_of_the_areas(profile: Profile, method: Any) -> None:
    result = nca(profile, method=method)
    if result.to_last is None:
        assert result.status == "no-measurable-concentration"
        return
    assert 0 <= result.to_last.auclst <= result.to_last.aucall * (1 + ROUNDING)
    if result.observed is None:
        return
    assert result.to_last.auclst < result.observed.auc or result.observed.aucpe == pytest.approx(0, abs=1e-9)
    assert 0 <= result.observed.aucpe < 100


@given(profiles())
def test_the_log_rule_is_never_above_the_linear_one(profile: Profile) -> None:
    """An exponential lies below its chord."""
    linear, linlog = nca(profile).to_last, nca(profile, method="linlog").to_last
    if linear is None or linlog is None:
        assert linear is linlog
        return
    assert linlog.auclst <= linear.auclst * (1 + ROUNDING)
