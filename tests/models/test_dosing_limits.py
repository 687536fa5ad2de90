"""Hard limits at the edge, a step inside, a step outside."""

from dataclasses import replace

import pytest

from models.catalog import DRUGS
from models.dosing.advice import Regimen
from models.dosing.limits import broken_limits
from models.drug import load_drug

VANCOMYCIN = load_drug(DRUGS / "vancomycin" / "drug.toml")
TACROLIMUS = load_drug(DRUGS / "tacrolimus" / "drug.toml")


def infusion(amount: float, interval: float, duration: float) -> Regimen:
    return Regimen(amount=amount, interval=interval, duration=duration, route="iv", start=0)


def capsules(amount: float) -> Regimen:
    return Regimen(amount=amount, interval=12, duration=0, route="oral", start=0)


@pytest.mark.parametrize(("amount", "broken"), [(2750, 0), (3000, 0), (3000.1, 1), (3250, 1)])
def test_single_dose_of_vancomycin(amount: float, broken: int) -> None:
    sentences = broken_limits(infusion(amount, 24, 4), VANCOMYCIN, weight=None)
    assert len(sentences) == broken
    assert all("a single dose" in sentence.lower() and "3000 mg" in sentence for sentence in sentences)


@pytest.mark.parametrize(("amount", "broken"), [(1250, 0), (1500, 0), (1500.1, 1), (1750, 1)])
def test_daily_dose_of_vancomycin_every_eight_hours(amount: float, broken: int) -> None:
    # 3 * 1500 = 4500 mg/d is the limit itself
    sentences = broken_limits(infusion(amount, 8, 4), VANCOMYCIN, weight=None)
    assert len(sentences) == broken
    assert all("mg/d" in sentence for sentence in sentences)


@pytest.mark.parametrize(("amount", "broken"), [(1999, 0), (2000, 0), (2001, 1)])
def test_infusion_rate_of_vancomycin(amount: float, broken: int) -> None:
    sentences = broken_limits(infusion(amount, 24, 2), VANCOMYCIN, weight=None)
    assert len(sentences) == broken
    assert all("1000 mg/h" in sentence for sentence in sentences)


@pytest.mark.parametrize(("amount", "broken"), [(1749, 0), (1750, 0), (1751, 1)])
def test_single_dose_per_kilogram(amount: float, broken: int) -> None:
    # 35 mg/kg * 50 kg = 1750 mg
    sentences = broken_limits(infusion(amount, 24, 4), VANCOMYCIN, weight=50)
    assert len(sentences) == broken
    assert all("35 mg/kg" in sentence for sentence in sentences)


def test_limits_per_kilogram_need_a_weight() -> None:
    assert broken_limits(infusion(2500, 24, 4), VANCOMYCIN, weight=None) == ()
    assert len(broken_limits(infusion(2500, 24, 4), VANCOMYCIN, weight=40)) == 1


def test_a_bolus_breaks_the_rate_limit() -> None:
    assert "bolus" in broken_limits(infusion(500, 12, 0), VANCOMYCIN, weight=None)[0]


def test_each_limit_broken_is_said() -> None:
    sentences = broken_limits(infusion(5000, 6, 1), VANCOMYCIN, weight=70)
    assert len(sentences) == 5  # single, daily, single and daily per kg, rate
    assert all("Am J Health Syst Pharm" in sentence for sentence in sentences)


def test_a_dose_every_two_days_still_is_one_days_dose() -> None:
    wide = replace(VANCOMYCIN, limits=replace(VANCOMYCIN.limits, single=None))
    assert broken_limits(infusion(4500, 48, 5), wide, weight=None) == ()
    assert len(broken_limits(infusion(4750, 48, 5), wide, weight=None)) == 1


@pytest.mark.parametrize(("amount", "broken"), [(14.5, 0), (15.0, 0), (15.5, 2)])
def test_tacrolimus_single_and_daily_dose(amount: float, broken: int) -> None:
    assert len(broken_limits(capsules(amount), TACROLIMUS, weight=None)) == broken


@pytest.mark.parametrize(("amount", "broken"), [(8.5, 0), (9.0, 0), (9.5, 1)])
def test_tacrolimus_daily_dose_per_kilogram(amount: float, broken: int) -> None:
    # 0.3 mg/kg/d * 60 kg = 18 mg/d = 9 mg every 12 h
    assert len(broken_limits(capsules(amount), TACROLIMUS, weight=60)) == broken
