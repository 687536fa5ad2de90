"""A rule on a chart: the quantities are those it was trained with, the right levels are taken, silence says why."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from models.catalog import Catalog, load_catalog
from models.cohorts.design import Sample, Scheme, designed, load_cohort_design
from models.cohorts.simulate import simulate
from models.dosing.advice import Regimen
from models.record import Covariate, Dose, Level, PatientRecord
from models.rules.apply import Estimate, Silent
from models.rules.drawn import matched
from models.rules.expression import constant
from models.rules.frozen import FrozenRule
from models.rules.library import load_library
from models.rules.patient import gathered, read_patient
from models.rules.task import data_for, forms, load_task, output_of, values_of
from tests.builders import on_vancomycin
from tests.models.rule_made import unfrozen


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def schemes() -> Iterator[tuple[str, str]]:
    return ((drug, scheme) for drug in designed() for scheme in load_cohort_design(drug).schemes)


@pytest.mark.parametrize(("drug", "scheme"), list(schemes()))
def test_a_chart_gives_the_quantities_of_the_training(catalog: Catalog, drug: str, scheme: str) -> None:
    """An independent way to the same numbers: the population's arrays, made while simulating, not from the chart."""
    design, task = load_cohort_design(drug), load_task(drug)
    model = catalog.model(design.reference)
    found = simulate(design, catalog, scheme=scheme, part="training", patients=25, seed=8)
    values = values_of(found, design, model.concentration_unit)
    missed = 0
    for form in forms(design, scheme):
        data = data_for(task, design, found, model, form)
        rule = replace(
            unfrozen(), drug=drug, scheme=scheme, form=form, quantities=data.quantities, inputs=data.inputs,
            output=output_of(task, design, model, form), formula=constant(0.0), absent=(),
        )  # fmt: skip
        for n in data.rows:
            record = found.records[n]
            regimen = Regimen(
                amount=float(values["dose"][n]),
                interval=float(values["interval"][n]),
                duration=float(values["duration"][n]),
                route=design.standard.route,
                start=0.0,
            )
            reading = read_patient(rule, catalog, record, regimen)
            if not reading.values:
                missed += 1  # a dose so late or early that the draw is out of its window
                continue
            for name, value in gathered(rule, design, catalog, record, regimen).items():
                assert value == pytest.approx(float(values[name][n]), rel=1e-9), name
            assert set(reading.values) == {item.name for item in data.quantities}
    assert missed <= 5


# --- which levels ---------------------------------------------------------------------------------------------------


def scheme_of(*samples: Sample, first: int = 2) -> Scheme:
    return Scheme(name="x", words="x", dose=(first, 4), samples=samples)


PEAK = Sample(name="peak", since="end", low=1.0, high=2.0, plus=0)
TROUGH = Sample(name="trough", since="before", low=0.1, high=1.0, plus=1)
DOSES = tuple(Dose(time=12.0 * k, amount=1000.0, route="iv", duration=1.0) for k in range(6))


def levels(*times: float) -> tuple[Level, ...]:
    return tuple(Level(time=time, value=10.0, unit="mg/L") for time in times)


def taken(scheme: Scheme, *times: float, doses: tuple[Dose, ...] = DOSES) -> list[float] | None:
    found = matched(scheme, doses, levels(*times), 12.0)
    return None if found is None else [item.level.time for item in found]


def test_the_latest_pair_of_one_interval_is_taken() -> None:
    assert taken(scheme_of(PEAK, TROUGH), 14.5, 23.5, 38.5, 47.5) == [38.5, 47.5]


def test_a_peak_and_a_trough_of_different_intervals_are_no_pair() -> None:
    assert taken(scheme_of(PEAK, TROUGH), 14.5, 47.5) is None


def test_a_level_before_the_first_sampled_dose_is_not_taken() -> None:
    assert taken(scheme_of(replace(TROUGH, plus=0), first=3), 11.5) is None
    assert taken(scheme_of(replace(TROUGH, plus=0), first=3), 23.5) == [23.5]


def test_a_level_at_the_moment_of_a_dose_was_drawn_before_it() -> None:
    assert taken(scheme_of(replace(TROUGH, plus=0)), 24.0) == [24.0]


def test_a_trough_before_a_dose_that_is_not_charted_yet() -> None:
    assert taken(scheme_of(replace(TROUGH, plus=0)), 71.5) == [71.5]
    assert taken(scheme_of(replace(TROUGH, plus=0)), 69.5) is None
    assert taken(scheme_of(replace(TROUGH, plus=0)), 72.5) == [72.5], "the next dose is late"


@pytest.mark.parametrize(("time", "fits"), [(14.0, True), (15.0, True), (13.6, False), (15.5, False), (14.5, True)])
def test_a_peak_has_its_window(time: float, fits: bool) -> None:
    """1 to 2 h after the end of an infusion that ends at 13 h, give or take a quarter of an hour."""
    assert (taken(scheme_of(PEAK), time) is not None) is fits


def test_one_level_is_not_two() -> None:
    twice = scheme_of(Sample(name="a", since="share", low=0.1, high=0.6, plus=0),
                      Sample(name="b", since="share", low=0.4, high=1.0, plus=0))  # fmt: skip
    assert taken(twice, 18.5) is None
    assert taken(twice, 15.0, 22.0) == [15.0, 22.0]


# --- silence ------------------------------------------------------------------------------------------------------


def rule_of(catalog: Catalog) -> FrozenRule:
    return load_library().rule("vancomycin/trough-informed")


def chart(*, height: float = 178.0) -> PatientRecord:
    patient = on_vancomycin().charted("height", height, at=0).charted("critically_ill", 0, at=0)
    return patient.infused(1250, at=0, over=1.5, every=12, times=4).level(13.0, at=47.5).record(now=48)


REGIMEN = Regimen(amount=1250.0, interval=12.0, duration=1.5, route="iv", start=48.0)


def silence(reading: object) -> str:
    found = getattr(reading, "found", None)
    assert isinstance(found, Silent)
    return " ".join(found.reasons)


def test_a_chart_with_a_trough_gets_an_estimate(catalog: Catalog) -> None:
    """CL = expected * 0.9491 * (expected/13)^0.4446, expected from Goti 2018 by hand."""
    reading = read_patient(rule_of(catalog), catalog, chart(), REGIMEN)
    assert isinstance(reading.found, Estimate)
    crcl = (140 - 64) * 82 / (72 * 1.2)
    assert reading.values["expected_clearance"] == pytest.approx(4.5 * (crcl / 120) ** 0.8, rel=1e-9)
    rule = rule_of(catalog)
    y = np.log(reading.values["expected_trough"] / 13.0)
    constant, slope = (rule.formula.args[0].value, rule.formula.args[1].args[0].value)
    assert reading.found.log_ratio == pytest.approx(constant + slope * y, rel=1e-12)
    assert reading.found.exposure == pytest.approx(24 * 1250 / 12 / reading.found.clearance, rel=1e-12)


def test_what_is_missing_is_said(catalog: Catalog) -> None:
    rule = rule_of(catalog)
    bare = replace(chart(), levels=())
    assert "The chart has no levels as the rule asks for: one level in the hour" in silence(
        read_patient(rule, catalog, bare, REGIMEN)
    )
    short = replace(chart(), covariates=tuple(c for c in chart().covariates if c.name != "creatinine"))
    assert "reatinine" in silence(read_patient(rule, catalog, short, REGIMEN))


def test_outside_of_the_box_or_of_the_model_it_is_silent(catalog: Catalog) -> None:
    rule = rule_of(catalog)
    assert "Height of 225 cm is outside" in silence(read_patient(rule, catalog, chart(height=225.0), REGIMEN))
    on_dialysis = replace(chart(), covariates=(*chart().covariates, Covariate(name="dialysis", time=1.0, value=1.0)))
    assert "dialysis" in silence(read_patient(rule, catalog, on_dialysis, REGIMEN)).lower()


def test_a_level_beyond_the_assay_is_no_number(catalog: Catalog) -> None:
    censored = replace(chart(), levels=(replace(chart().levels[0], censored=True),))
    assert "beyond the assay's range" in silence(read_patient(rule_of(catalog), catalog, censored, REGIMEN))


def test_levels_and_doses_after_now_are_not_looked_at(catalog: Catalog) -> None:
    early = replace(chart(), now=47.0)
    assert "no levels as the rule asks for" in silence(read_patient(rule_of(catalog), catalog, early, REGIMEN))


def test_trains_of_doses_are_doses(catalog: Catalog) -> None:
    single = chart()
    train = Dose(time=0.0, amount=1250.0, route="iv", duration=1.5, interval=12.0, additional=3)
    one, other = (
        read_patient(rule_of(catalog), catalog, item, REGIMEN).found
        for item in (single, replace(single, doses=(train,)))
    )
    assert isinstance(one, Estimate)
    assert isinstance(other, Estimate)
    assert one.exposure == pytest.approx(other.exposure, rel=1e-12)
