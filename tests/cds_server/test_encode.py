"""Values of the domain into JSON and back: the same value, every bit of it."""

import json
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_server import encode
from fhir.chart import Chart, OrderedRegimen, Source
from models.dosing.advice import Advice, Declined, Recommendation
from models.findings import Finding
from models.fit.posterior import LevelFit, Posterior
from models.record import Covariate, Dose, Level, PatientRecord
from tests.cds_server.sample_advice import sample_declined, sample_recommendation

LEVEL = LevelFit(time=1.0, observed=2.0, censored=False, individual=3.0, population=4.0, wres=5.0, source="level-0")
finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(0, 1e6)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
findings = st.builds(Finding, code=words, severity=st.sampled_from(["info", "warning", "critical"]), text=words)
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=zones)  # noqa: DTZ001 - zones are drawn
sources = st.builds(Source, resource=words, version=words, time=st.none() | instants, note=words)
orders = st.builds(
    OrderedRegimen,
    source=words,
    drug=words,
    amount=st.none() | positive,
    interval=st.none() | positive,
    duration=st.none() | positive,
    route=st.sampled_from([None, "iv", "oral"]),
    status=words,
    intent=words,
    text=words,
)


def in_order(items):
    return st.lists(items, max_size=4).map(lambda found: tuple(sorted(found, key=lambda item: item.time)))


records = st.builds(
    PatientRecord,
    drug=words,
    now=finite,
    doses=in_order(st.builds(Dose, time=finite, amount=positive, route=st.sampled_from(["iv", "oral"]), source=words)),
    levels=in_order(st.builds(Level, time=finite, value=positive, unit=words, censored=st.booleans())),
    covariates=in_order(st.builds(Covariate, name=words, time=finite, value=finite, source=words)),
)
charts = st.builds(
    Chart,
    record=records,
    origin=instants,
    sources=st.dictionaries(words, sources, max_size=4),
    current=st.none() | orders,
    findings=st.lists(findings, max_size=3).map(tuple),
)


@given(charts)
def test_a_chart_comes_back(chart):
    assert encode.loads(Chart, encode.dumps(chart)) == chart


@pytest.mark.parametrize("advice", [sample_recommendation(), sample_declined()])
def test_an_advice_comes_back_as_what_it_was(advice):
    found = encode.loads(Advice, encode.dumps(advice))
    assert found == advice
    assert type(found) is type(advice)


def test_the_two_answers_are_told_apart():
    assert isinstance(encode.loads(Advice, encode.dumps(sample_declined())), Declined)
    assert isinstance(encode.loads(Advice, encode.dumps(sample_recommendation())), Recommendation)


@given(st.lists(st.floats(), min_size=1, max_size=6))
def test_a_posterior_comes_back_even_with_what_json_can_not_say(numbers):
    eta = np.array(numbers)
    posterior = Posterior(
        model_id="vancomycin/x",
        model_hash="h",
        status="invalid",
        message="",
        eta_names=("CL",),
        eta=eta,
        covariance=np.outer(np.ones(len(eta)), eta),
        objective=numbers[0],
        shrinkage=eta,
        levels=(
            LevelFit(
                time=1.0, observed=2.0, censored=False, individual=3.0, population=4.0, wres=5.0, source="level-0"
            ),
        ),
    )
    text = encode.dumps(posterior)
    json.loads(text, parse_constant=pytest.fail)
    found = encode.loads(Posterior, text)
    np.testing.assert_array_equal(found.eta, eta)
    np.testing.assert_array_equal(found.covariance, posterior.covariance)
    np.testing.assert_equal(found.objective, posterior.objective)
    assert found.levels == posterior.levels


@pytest.mark.parametrize("damage", ["kind", "record", "origin"])
def test_a_damaged_row_is_noticed(damage):
    chart = Chart(
        record=PatientRecord(drug="x", now=0.0),
        origin=datetime(2026, 1, 1, tzinfo=UTC),
        sources={},
        current=None,
        findings=(),
    )
    data = encode.encode(chart)
    del data[damage]
    with pytest.raises(encode.DecodeError):
        encode.decode(Chart, data)


def test_a_number_in_the_place_of_a_text_is_noticed():
    with pytest.raises(encode.DecodeError):
        encode.decode(Finding, {"kind": "Finding", "code": 1, "severity": "info", "text": "", "sources": []})


def test_what_it_does_not_know_it_does_not_guess():
    with pytest.raises(TypeError):
        encode.encode({"a": object()})
