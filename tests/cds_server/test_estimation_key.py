"""The content key: the same facts give the same key whoever asks and when; any fact that counts changes it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_server import encode
from cds_server.estimation import StaleModel, engine, fit_request, restored, run
from models.catalog import load_catalog
from models.record import PatientRecord
from tests.builders import Patient

CATALOG = load_catalog()
MODEL = CATALOG.models_for("vancomycin")[0]


def patient() -> Patient:
    """1 g every 12 h over 90 min, a trough before the fourth dose."""
    return (
        Patient(drug="vancomycin")
        .man()
        .aged(64)
        .weighing(82)
        .charted("height", 178, at=0)
        .creatinine(1.1, at=0)
        .dialysed(False, at=0)
        .infused(1000, at=2, over=1.5, every=12, times=4)
        .level(12.4, at=37.5)
    )


def record(now: float = 40.0, chart: Patient | None = None) -> PatientRecord:
    return (chart or patient()).record(now=now)


def key(found: PatientRecord) -> str:
    return fit_request([MODEL], found).key


def shifted(found: PatientRecord, hours: float) -> PatientRecord:
    def move(items):
        return tuple(replace(item, time=item.time + hours) for item in items)

    return replace(
        found,
        now=found.now + hours,
        doses=move(found.doses),
        levels=move(found.levels),
        covariates=move(found.covariates),
    )


def renamed(found: PatientRecord) -> PatientRecord:
    def rename(items):
        return tuple(replace(item, source=f"MedicationAdministration/{n}-canary") for n, item in enumerate(items))

    return replace(found, doses=rename(found.doses), levels=rename(found.levels), covariates=rename(found.covariates))


@given(st.floats(-1e5, 1e5))
def test_where_the_origin_lies_does_not_count(hours):
    assert key(shifted(record(), hours)) == key(record())


def test_when_and_by_whose_ids_it_is_asked_does_not_count():
    assert key(record(now=60.0)) == key(record())
    assert key(renamed(record())) == key(record())


def test_what_happens_after_the_last_level_does_not_count():
    later = patient().infused(2000, at=50, over=2).creatinine(2.4, at=51)
    assert key(record(now=60.0, chart=later)) == key(record())


def test_a_covariate_that_the_model_does_not_read_does_not_count():
    assert key(record(chart=patient().haematocrit(0.3, at=1))) == key(record())


CHANGES = {
    "another level": lambda: record(chart=patient().level(9.0, at=39)),
    "another dose": lambda: record(chart=patient().infused(500, at=20, over=1)),
    "another weight": lambda: record(chart=patient().weighing(60, at=10)),
    "a censored level": lambda: replace(record(), levels=(replace(record().levels[0], censored=True),)),
    "a minute's difference": lambda: replace(
        record(), levels=(replace(record().levels[0], time=record().levels[0].time + 1 / 60),)
    ),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES.keys())
def test_every_fact_before_the_last_level_counts(changed):
    assert key(changed()) != key(record())


def test_the_model_and_the_engine_count():
    request = fit_request([MODEL], record())
    assert replace(request, models=(replace(request.models[0], hash="0" * 64),)).key != request.key
    assert fit_request([MODEL, MODEL], record()).key != request.key
    assert replace(request, engine="another").key != request.key
    assert engine().startswith("titrate ")


def test_the_request_is_de_identified():
    text = json.dumps(encode.encode(fit_request([MODEL], renamed(record()))))
    assert "canary" not in text
    assert "MedicationAdministration" not in text


def test_the_request_survives_the_database():
    request = fit_request([MODEL], record())
    found = encode.loads(type(request), encode.dumps(request))
    assert found == request
    assert found.key == request.key


def test_the_fit_comes_back_with_the_charts_own_times_and_sources():
    chart = renamed(shifted(record(), 1000.0))
    (fitted,) = restored(run(CATALOG, fit_request([MODEL], chart)), chart)
    (level,) = fitted.levels
    assert (level.time, level.source) == (chart.levels[0].time, chart.levels[0].source)
    assert level.observed == 12.4
    assert fitted.usable


def test_a_worker_with_other_model_content_refuses():
    request = fit_request([MODEL], record())
    with pytest.raises(StaleModel):
        run(CATALOG, replace(request, models=(replace(request.models[0], hash="0" * 64),)))
