"""The loading dose and the next level in words."""

from dataclasses import replace

import pytest

from cds_server.hooks import ahead
from cds_server.hooks.detail import models_table
from models.dosing.advice import Interval, LoadingDose, ModelConsidered, NextSample, Regimen, SampleTime
from tests.cds_server.sample_advice import LEVELS, sample_chart, sample_recommendation

UNIT = "mg.h/L"


def time(hours: float, label: str, reduction: float = 0.2) -> SampleTime:
    return SampleTime(times=(hours,), label=label, sd=40.0, width=150.0, reduction=reduction)


def foretold(**changes) -> NextSample:
    best = time(50.0, "just before the next dose")
    whole = {"best": best, "soon": best, "pair": None, "sd": 50.0, "width": 200.0, "unit": UNIT, "tried": (best,)}
    return NextSample(**{**whole, **changes})


def test_the_next_level_is_said_with_its_clock_time_and_what_it_would_tell() -> None:
    advice, chart = replace(sample_recommendation(), next_sample=foretold()), sample_chart(LEVELS)
    (line,) = ahead.next_level(advice, chart)
    assert line.startswith("Just before the next dose (")
    assert "20 % narrower (90 % interval 200 to 150 mg·h/L wide)" in line


def test_a_sooner_time_and_a_pair_are_said_where_they_differ() -> None:
    soon, pair = time(30.0, "1 h after the end of the infusion", 0.1), replace(time(50.0, "both"), times=(30.0, 50.0))
    lines = ahead.next_level(
        replace(sample_recommendation(), next_sample=foretold(soon=soon, pair=pair)), sample_chart(LEVELS)
    )
    assert [line.split(" ")[0] for line in lines] == ["Just", "Sooner,", "Two"]


def test_without_a_promise_nothing_is_said() -> None:
    assert ahead.next_level(replace(sample_recommendation(), next_sample=None), sample_chart(LEVELS)) == ()
    assert ahead.loading(replace(sample_recommendation(), loading=None)) == ""


def test_a_loading_dose_stands_beside_doing_without() -> None:
    regimen = Regimen(amount=1750.0, interval=12.0, duration=3.0, route="iv", start=0.0)
    shown = Interval(median=450.0, low=300.0, high=600.0, unit=UNIT)
    loading = LoadingDose(
        regimen=regimen,
        over="the first 24 h",
        early=shown,
        attainment=0.6,
        below=0.3,
        above=0.1,
        attainment_without=0.2,
        early_without=replace(shown, median=300.0),
    )
    text = ahead.loading(replace(sample_recommendation(), loading=loading))
    assert text.startswith("1750 mg once, over 3 h, the proposed regimen 12 h later: ")
    assert "60 % in target; without it 300 (300–600), 20 %" in text


@pytest.mark.parametrize(("shares", "rows", "rest"), [((0.6, 0.4, 0.0), 2, "1 more"), ((1.0,), 0, "")])
def test_the_models_with_a_share_are_listed_and_the_rest_counted(shares, rows: int, rest: str) -> None:
    considered = [
        ModelConsidered(id=f"m/{n}", hash="h", title=f"Model {n}", weight=weight, reason="")
        for n, weight in enumerate(shares)
    ]
    found = models_table(considered)
    assert found.count("| Model ") == rows + bool(rows)
    assert rest in found
