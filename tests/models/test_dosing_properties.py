"""What must hold for any chart inside the model's range, and that nothing a chart can hold makes the search stumble."""

from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalog import load_catalog
from models.dosing import recommend
from models.dosing.advice import Declined, Recommendation, Regimen
from models.dosing.limits import broken_limits
from models.fit import fit_map
from models.subject import subject_from_record
from tests.builders import Patient

CATALOG = load_catalog()
DRUG, MODEL = CATALOG.drug("vancomycin"), CATALOG.model("vancomycin/goti2018")

patients = st.builds(
    lambda female, age, kg, first, second, mg, every, level: (
        Patient(drug="vancomycin")
        .charted("female", float(female), at=0)
        .aged(age)
        .weighing(kg)
        .creatinine(first)
        .creatinine(second, at=30)
        .infused(mg, at=0, over=2, every=every, times=3)
        .level(level, at=2.9 * every)
    ),
    female=st.booleans(),
    age=st.floats(18, 100),
    kg=st.floats(35, 250),
    first=st.floats(0.4, 6),
    second=st.floats(0.4, 6),
    mg=st.sampled_from([500.0, 1000.0, 2000.0]),
    every=st.sampled_from([8.0, 12.0, 24.0]),
    level=st.floats(0.5, 80),
)


@settings(max_examples=40, deadline=None)  # no time limit: the machine is shared
@given(patient=patients, seed=st.integers(0, 2**32 - 1))
def test_any_chart_gets_a_proposal_within_limits_or_a_reasoned_no(patient: Patient, seed: int) -> None:
    record = patient.record(now=80.0)
    posterior = fit_map(MODEL, subject_from_record(MODEL, record))
    current = Regimen(amount=3500, interval=12, duration=2, route="iv", start=0)
    advice = recommend(DRUG, MODEL, record, posterior, current=current, seed=seed, draws=100)
    if isinstance(advice, Declined):
        assert advice.reasons
        assert all(item.severity == "critical" for item in advice.reasons[:1])
        return
    assert isinstance(advice, Recommendation)
    weight = record.series("weight")[-1].value
    for item in advice.regimens:
        shares = (item.attainment, item.below, item.above)
        assert sum(shares) == pytest.approx(1.0, abs=1e-12)
        assert all(
            isfinite(x) and x >= 0 for x in (*shares, item.exposure.median, item.trough.low, item.first_day.high)
        )
        assert item.regimen.start >= record.now
        assert (item.limits == ()) == (broken_limits(item.regimen, DRUG, weight) == ())
        assert item.limits == () or item.label in ("current", "ordered")
    assert advice.regimens[-1].limits  # 3,500 mg twice daily is over the limits, and shown so
    assert all(isfinite(value) and value >= 0 for value in (*advice.curve.individual, *advice.curve.high))
