"""A course of four days: what is left of it counts from when the next dose is due, not from now."""

from dataclasses import replace

import pytest

from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.dosing.advice import Regimen
from models.fit import fit_map
from models.pk import auc
from models.record import Dose, Level
from models.subject import subject_from_record
from tests.builders import Patient


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_the_doses_left_are_those_that_fit_into_the_course(catalog: Catalog) -> None:
    """One of four daily doses given, a level 6 h after it: three are left, and the proposal reaches the AUC."""
    drug, model = catalog.drug("busulfan"), catalog.model("busulfan/paci2012")
    child = Patient(drug="busulfan").man().aged(5).weighing(18).charted("height", 108, at=0)
    record = child.infused(72, at=0, over=3).record(now=6.25)
    record = replace(record, levels=(Level(time=6.0, value=1.9, unit="mg/L"),))
    posterior = fit_map(model, subject_from_record(model, record))
    daily = Regimen(amount=72.0, interval=24.0, duration=3.0, route="iv", start=0.0)
    advice = recommend(drug, model, record, posterior, seed=1, current=daily)
    best = advice.regimens[0]
    assert {item.regimen.interval for item in advice.regimens} == {24.0}  # a course that has begun keeps its interval
    assert best.regimen.start == pytest.approx(24.0)
    assert advice.target.low <= best.exposure.median <= advice.target.high
    # the whole course gone through dose by dose, at the mode: three doses from 24 h on
    extra = [Dose(time=24.0 * day, amount=best.regimen.amount, route="iv", duration=3) for day in (1, 2, 3)]
    course = subject_from_record(model, record, extra_doses=extra)
    through = auc(model, course, posterior.eta[None], [[0.0, 1000.0]])[0, 0]
    # the mode beside the median of the draws: a few per cent of a spread of about ten
    assert through == pytest.approx(best.exposure.median, rel=0.04)
