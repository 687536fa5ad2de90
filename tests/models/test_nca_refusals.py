"""What non-compartmental analysis refuses, what it can not estimate, and what it says aloud."""

from math import exp, inf, nan
from typing import Any

import pytest

from models.errors import RecordError, UnitError
from models.evaluate.nca import nca
from models.evaluate.parameters import parameters
from models.evaluate.profile import Profile
from models.evaluate.remarks import remarks
from models.evaluate.terminal import NoTerminalPhase


def swallowed(times: tuple[float, ...], concentrations: tuple[float, ...], **other: Any) -> Profile:
    given: dict[str, Any] = {"dose": 100.0, "route": "extravascular"}
    return Profile(times=times, concentrations=concentrations, **(given | other))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"times": (0.0, 1.0, nan)}, "times"),
        ({"times": (-0.5, 1.0, 2.0)}, "negative"),
        ({"times": (0.0, 2.0, 1.0)}, "increase"),
        ({"times": (0.0, 1.0, 1.0)}, "increase"),
        ({"times": (0.0, 1.0)}, "equally long"),
        ({"below": (True,)}, "equally long"),
        ({"concentrations": (0.0, nan, 1.0)}, "leave a missing sample out"),
        ({"concentrations": (0.0, inf, 1.0)}, "finite"),
        ({"concentrations": (0.0, -1.0, 1.0)}, "negative"),
        ({"times": (), "concentrations": ()}, "at least one sample"),
        ({"dose": 0.0}, "dose"),
        ({"dose": nan}, "dose"),
        ({"dose": -1.0}, "dose"),
        ({"route": "oral"}, "route"),
        ({"route": "infusion"}, "duration"),
        ({"route": "infusion", "duration": -1.0}, "duration"),
        ({"route": "infusion", "duration": nan}, "duration"),
        ({"route": "bolus", "duration": 1.0}, "duration"),
    ],
)
def test_impossible_profiles_are_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(RecordError, match=word):
        swallowed(**({"times": (0.0, 1.0, 2.0), "concentrations": (0.0, 4.0, 2.0)} | change))


def test_unknown_unit_is_refused() -> None:
    with pytest.raises(UnitError, match="nmol/L"):
        swallowed((1.0,), (4.0,), unit="nmol/L")


def test_number_beside_a_sample_below_the_limit_is_not_read() -> None:
    profile = swallowed((0.0, 1.0, 2.0), (nan, 4.0, 0.05), below=(True, False, True))
    found = nca(profile).to_last
    assert found is not None
    assert (found.auclst, found.aucall, found.tlst) == (2, 4, 1)


@pytest.mark.parametrize("word", [{"method": "log"}, {"embedded": "half"}])
def test_unknown_analysis_is_refused(word: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="no such analysis"):
        nca(swallowed((1.0,), (4.0,)), **word)


def test_c0_beyond_any_number_is_refused() -> None:
    """A factor of 1000 within 0.01 h, ten hours after the bolus: the line meets hour 0 at 10^3000."""
    with pytest.raises(RecordError, match="check times"):
        nca(swallowed((10.0, 10.01), (1000.0, 1.0), route="bolus"))


@pytest.mark.parametrize(
    ("concentrations", "reason"),
    [
        ((0.0, 0.0, 0.0, 0.0), "no-measurable-concentration"),
        ((0.0, 4.0, 2.0, 0.0), "too-few-points"),
        ((1.0, 2.0, 3.0, 4.0), "too-few-points"),
        ((4.0, 1.0, 2.0, 3.0), "not-declining"),
        ((4.0, 2.0, 2.0, 2.0), "not-declining"),
    ],
)
def test_without_lambda_z_nothing_is_extrapolated(concentrations: tuple[float, ...], reason: str) -> None:
    result = nca(swallowed((1.0, 2.0, 3.0, 4.0), concentrations))
    assert isinstance(result.terminal, NoTerminalPhase)
    assert result.status == result.terminal.reason == reason
    values = {item.name: item.value for item in parameters(result)}
    assert {values[name] for name in ("LAMZ", "LAMZNPT", "AUCIFO", "AUCIFP", "CLFO", "VZFO", "MRTEVIFO")} == {None}
    assert (values["CMAX"] is None) == (reason == "no-measurable-concentration")
    assert [finding.code for finding in remarks(result)] == [f"nca-{reason}"]


def test_only_measurable_sample_at_hour_0_has_no_mean_residence_time() -> None:
    values = {item.name: item.value for item in parameters(nca(swallowed((0.0, 1.0), (4.0, 0.0))))}
    assert (values["AUCLST"], values["AUCALL"], values["MRTEVLST"]) == (0, 2, None)


GOOD = {"times": (0.0, 1.0, 2.0, 4.0, 8.0, 16.0), "concentrations": (0.0, 8.0, 6.0, 3.0, 0.8, 0.05)}


def codes(**change: Any) -> list[str]:
    return [finding.code for finding in remarks(nca(swallowed(**(GOOD | change))))]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"concentrations": (0.5, 8.0, 6.0, 3.0, 0.8, 0.05)}, ["nca-measurable-before-dose"]),
        ({"concentrations": (0.0, 8.0, 0.0, 3.0, 0.8, 0.05)}, ["nca-below-limit-between"]),
        ({"concentrations": (0.0, 8.0, 6.0, 5.0, 4.0, 3.0)}, ["nca-extrapolated"]),
        ({"concentrations": (0.0, 8.0, 0.5, 4.0, 0.1, 0.4)}, ["nca-terminal-fit-poor"]),
        ({"route": "bolus", "concentrations": (0.0, 6.0, 8.0, 3.0, 0.8, 0.05)}, ["nca-c0-not-extrapolated"]),
        ({"route": "bolus", "times": (0.0, 2.0, 3.0, 4.0, 5.0, 6.0)}, ["nca-back-extrapolated"]),
        (
            {"times": (0.0, 1.0, 8.0, 9.0, 10.0, 11.0), "concentrations": (0.0, 90.0, 0.04, 0.03, 0.02, 0.01)}
            | {"route": "infusion", "duration": 8.0},
            ["nca-mrt-not-positive"],
        ),
    ],
)
def test_weak_and_assumed_is_said(change: dict[str, Any], said: list[str]) -> None:
    assert codes(**change) == said


@pytest.mark.parametrize(("first", "said"), [(1.9, []), (2.2, []), (2.3, ["nca-back-extrapolated"])])
def test_back_extrapolation_is_said_above_a_fifth(first: float, said: list[str]) -> None:
    """After a bolus with k = 0.1 /h the part before the first sample is 1 - exp(-0.1 t): 17, 19.7 and 20.5 %."""
    times = tuple(first * i for i in (1, 3, 6, 12, 24))
    bolus = swallowed(times, tuple(5 * exp(-0.1 * t) for t in times), route="bolus")
    assert [finding.code for finding in remarks(nca(bolus, method="linlog"))] == said


@pytest.mark.parametrize(("hours", "said"), [(17.0, []), (16.0, ["nca-extrapolated"])])
def test_extrapolation_is_said_above_a_fifth(hours: float, said: list[str]) -> None:
    """The part after the last sample is exp(-0.1 t): 18 and 20.2 %."""
    times = (0.0, 1.0, 2.0, 6.0, hours)
    bolus = swallowed(times, tuple(5 * exp(-0.1 * t) for t in times), route="bolus")
    assert [finding.code for finding in remarks(nca(bolus, method="linlog"))] == said
