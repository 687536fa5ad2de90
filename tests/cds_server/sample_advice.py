"""Advice to render, built by hand: one compartment, so that every drawn number can be checked with a pencil."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from math import exp

from cds_server.issued import IssuedAdvice
from fhir.chart import Chart, Source
from models.dosing.advice import (
    CovariateUsed,
    Curve,
    Declined,
    Interval,
    ModelUsed,
    ParameterEstimate,
    Recommendation,
    Regimen,
    RegimenOutcome,
    Target,
)
from models.findings import Finding
from models.fit.posterior import LevelFit
from models.record import Dose, Level, PatientRecord

OSLO = timezone(timedelta(hours=1))
ORIGIN = datetime(2026, 11, 18, 23, 0, tzinfo=UTC)  # 19 November, 00:00 on the ward's clock
NOW = 46.5
GIVEN = (8.0, 20.1, 32.0, 44.0)
MODEL = ModelUsed(
    id="vancomycin/sample2020",
    hash="0123456789abcdef" * 4,
    title="A made-up one-compartment model",
    citation="Nobody A. A journal that is not 2020;1:1-2",
    population="no patients",
    equations=("CL = 4 * exp(eta_CL)", "V = 50"),
    not_verified=("Everything: this model exists for tests only.",),
)


def concentration(time: float, ke: float = 0.08, dose: float = 1000.0, volume: float = 50.0) -> float:
    """mg/L after the given boluses, and 1250 mg every 12 h from hour 56 on."""
    trains = [(given, dose) for given in GIVEN] + [(56.0 + 12 * k, 1250.0) for k in range(4)]
    return sum(amount / volume * exp(-ke * (time - at)) for at, amount in trains if at <= time)


def interval(median: float, unit: str = "mg/L") -> Interval:
    return Interval(median=median, low=0.8 * median, high=1.25 * median, unit=unit)


def outcome(label: str, amount: float, within: float, *, limits: tuple[str, ...] = ()) -> RegimenOutcome:
    return RegimenOutcome(
        regimen=Regimen(amount=amount, interval=12.0, duration=1.5, route="iv", start=56.0),
        label=label,
        exposure=interval(amount / 2.5, "mg.h/L"),
        attainment=within,
        below=0.75 * (1 - within),
        above=0.25 * (1 - within),
        trough=interval(amount / 90),
        peak=interval(amount / 40),
        first_day=interval(amount / 2.7, "mg.h/L"),
        limits=limits,
    )


def sample_curve() -> Curve:
    times = tuple(8.0 + k / 2 for k in range(185))
    middle = tuple(concentration(time) for time in times)
    return Curve(
        unit="mg/L",
        times=times,
        population=tuple(concentration(time, ke=0.1) for time in times),
        individual=middle,
        low=tuple(0.8 * value for value in middle),
        high=tuple(1.3 * value for value in middle),
        change_at=56.0,
    )


def sample_chart(levels: tuple[Level, ...]) -> Chart:
    doses = tuple(Dose(time=t, amount=1000.0, route="iv", duration=1.5, source=f"dose-{t}") for t in GIVEN)
    sources = {
        level.source: Source(
            resource=f"Observation/secret-{n}",
            version="1",
            time=(ORIGIN + timedelta(hours=level.time)).astimezone(OSLO),
            note="collected; the report's issue time was not used",
        )
        for n, level in enumerate(levels)
    }
    record = PatientRecord(drug="vancomycin", now=NOW, doses=doses, levels=levels)
    return Chart(record=record, origin=ORIGIN, sources=sources, current=None, findings=())


LEVELS = (
    Level(time=31.5, value=12.4, unit="mg/L", source="level-1"),
    Level(time=43.5, value=14.9, unit="mg/L", source="level-2"),
)


def sample_recommendation() -> Recommendation:
    return Recommendation(
        drug="vancomycin",
        target=Target(
            metric="auc24",
            low=400.0,
            high=600.0,
            unit="mg.h/L",
            indication="serious MRSA infection",
            source="a guideline",
        ),
        regimens=(
            outcome("proposed", 1250.0, 0.78),
            outcome("alternative", 1000.0, 0.55),
            outcome("current", 1000.0, 0.55),
            outcome("ordered", 4000.0, 0.02, limits=("8000 mg/d is above the daily limit of 4500 mg/d",)),
        ),
        parameters=(
            ParameterEstimate(name="CL", unit="L/h", individual=interval(4.0, "L/h"), typical=5.0, reference=4.5),
            ParameterEstimate(name="V", unit="L", individual=interval(50.0, "L"), typical=50.0, reference=50.0),
        ),
        levels=tuple(
            LevelFit(
                time=level.time,
                observed=level.value,
                censored=False,
                individual=concentration(level.time),
                population=concentration(level.time, ke=0.1),
                wres=0.4,
                source=level.source,
            )
            for level in LEVELS
        ),
        covariates=(
            CovariateUsed(name="weight", value=82.0, unit="kg", time=1.0, derivation="measured", source="w"),
            CovariateUsed(name="female", value=0.0, unit="1", time=None, derivation="charted sex"),
            CovariateUsed(name="crcl", value=98.4, unit="mL/min", time=30.0, derivation="Cockcroft-Gault, 0.9 mg/dL"),
        ),
        differs=("Clearance is 20 % under what is typical for these covariates.",),
        findings=(
            Finding(code="no-loading-dose", severity="info", text="No loading dose is considered."),
            Finding(code="weight-stale", severity="warning", text="The weight is two days old <b>."),
        ),
        curve=sample_curve(),
        model=MODEL,
        basis="levels",
        seed=7,
        draws=1000,
    )


def sample_declined() -> Declined:
    return Declined(
        drug="vancomycin",
        reasons=(Finding(code="covariate-missing", severity="critical", text="No weight is charted."),),
        would_help=("A weight measured during this stay.",),
        findings=(Finding(code="creatinine-stale", severity="warning", text="The creatinine is 50 h old."),),
        model=MODEL,
    )


def issued(advice: Recommendation | Declined, levels: tuple[Level, ...] = LEVELS) -> IssuedAdvice:
    return IssuedAdvice(
        id="0" * 32,
        issued_at=ORIGIN + timedelta(hours=NOW),
        drug=advice.drug,
        advice=advice,
        chart=sample_chart(levels),
    )


def with_trough_target() -> Recommendation:
    advice = sample_recommendation()
    target = replace(advice.target, metric="trough", low=10.0, high=15.0, unit="mg/L")
    return replace(advice, target=target)
