"""Which of a chart's levels are those of a sampling scheme, and that a chart says what a simulated patient's did."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from models.beside.scheme import Charted, charted
from models.catalog import Catalog, load_catalog
from models.cohorts.design import Sample, Scheme, designed, load_cohort_design
from models.cohorts.simulate import simulate
from models.dosing.advice import Regimen
from models.record import Dose, Level
from models.rules.drawn import matched
from models.rules.task import values_of


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def schemes() -> Iterator[tuple[str, str]]:
    return ((drug, scheme) for drug in designed() for scheme in load_cohort_design(drug).schemes)


@pytest.mark.parametrize(("drug", "scheme"), list(schemes()))
def test_a_chart_gives_the_quantities_of_the_training(catalog: Catalog, drug: str, scheme: str) -> None:
    """An independent way to the same numbers: the population's arrays, made while simulating, not from the chart."""
    design = load_cohort_design(drug)
    model = catalog.model(design.reference)
    found = simulate(design, catalog, scheme=scheme, part="training", patients=25, seed=8)
    values = values_of(found, design, model.concentration_unit)
    seen = 0
    for n, record in enumerate(found.records):
        regimen = Regimen(
            amount=float(values["dose"][n]),
            interval=float(values["interval"][n]),
            duration=float(values["duration"][n]),
            route=design.standard.route,
            start=0.0,
        )
        told = charted(design, model, record, regimen)
        if not isinstance(told, Charted) or told.scheme.name != scheme or not found.readable[n]:
            continue
        seen += 1
        for name in values.keys() & told.values.keys():
            assert told.values[name] == pytest.approx(float(values[name][n]), rel=1e-9), name
    # the others: a dose so late that the draw is out of its window, an unsteady creatinine, a level under the limit
    assert seen >= 10


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


def test_a_level_where_two_windows_touch_is_whose_the_other_needs_it() -> None:
    """An infusion ends at 13 h, the next starts at 24 h: 18.72 h is at 0.52 of what lies between."""
    touching = scheme_of(Sample(name="a", since="share", low=0.1, high=0.5, plus=0),
                         Sample(name="b", since="share", low=0.5, high=1.0, plus=0))  # fmt: skip
    assert taken(touching, 15.0, 18.72) == [15.0, 18.72]
    assert taken(touching, 18.3, 18.6) == [18.3, 18.6], "in their order in time"
