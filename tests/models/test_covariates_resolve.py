"""From a chart to the covariates a model asks for, and what is said on the way."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.covariates import CovariateNeed, breakpoints, resolve, shown, values_of
from models.covariates.words import MADE
from models.errors import MissingCovariate, ModelFileError
from models.terms import TERMS
from tests.builders import Patient, on_tacrolimus, on_vancomycin

CRCL = CovariateNeed(
    name="crcl",
    unit="mL/min",
    formula="cockcroft-gault",
    high=150.0,
    options={"creatinine_floor": 1.0, "creatinine_floor_age": 65.0},
)
WEIGHT = CovariateNeed(name="weight", unit="kg")
DAY = CovariateNeed(name="days_after_transplant", unit="d", low=0.0, high=180.0)
CYP3A5 = CovariateNeed(name="cyp3a5_expresser", unit="1", default=0.0)


def codes(resolved) -> list[str]:
    return [finding.code for finding in resolved.findings]


def test_the_last_value_is_carried_forward_and_holds_from_its_own_instant() -> None:
    record = on_vancomycin().creatinine(2.4, at=24).record(now=48)
    # (140 - 64) * 82 / (72 * 1.2) and half of it
    values = resolve([CRCL], record, [0, 23.99, 24, 48]).values[:, 0]
    assert values == pytest.approx([72.1296, 72.1296, 36.0648, 36.0648], rel=1e-5)


def test_what_was_used_is_the_last_value_with_its_inputs_and_source() -> None:
    record = on_vancomycin().creatinine(2.4, at=24).record(now=48)
    used = {item.name: item for item in resolve([CRCL, WEIGHT], record, [0, 48]).used}
    assert set(used) == {"age", "weight", "creatinine", "female", "crcl"}
    assert used["creatinine"].value == 2.4
    assert used["creatinine"].source == "creatinine@24"
    assert used["crcl"].time == 24
    assert "creatinine 2.4 mg/dL" in used["crcl"].derivation
    assert used["crcl"].derivation.startswith("Cockcroft-Gault")


def test_before_the_first_value_the_first_is_carried_back_and_said() -> None:
    record = Patient(drug="vancomycin").weighing(82, at=30).infused(1000, at=0, over=2).record(now=48)
    resolved = resolve([WEIGHT], record, [0, 48])
    assert resolved.values[:, 0].tolist() == [82, 82]
    assert codes(resolved) == ["weight-carried-back"]
    assert "first 30 h" in resolved.findings[0].text
    assert "82 kg" in resolved.findings[0].text


def test_a_weight_is_missed_from_the_first_dose_on_and_not_since_a_condition_of_years_ago() -> None:
    patient = Patient(drug="vancomycin").weighing(82, at=30)
    assert codes(resolve([WEIGHT], patient.record(now=48), [-200_000, 48])) == []
    (said,) = resolve([WEIGHT], patient.infused(1000, at=6, over=2).record(now=48), [-200_000, 48]).findings
    assert "first 24 h of treatment" in said.text


def test_truncation_says_both_values() -> None:
    record = Patient(drug="vancomycin").man().aged(20).weighing(90).creatinine(0.6).record(now=0)
    resolved = resolve([CRCL], record, [0])
    assert resolved.values[0, 0] == 150
    assert codes(resolved) == ["crcl-truncated"]
    assert "250 mL/min" in resolved.findings[0].text  # (140 - 20) * 90 / (72 * 0.6)
    assert "150 mL/min" in resolved.findings[0].text
    assert {item.name: item.value for item in resolved.used}["crcl"] == 150


def test_a_floored_creatinine_is_said() -> None:
    record = Patient(drug="vancomycin").man().aged(80).weighing(72).creatinine(0.5).record(now=0)
    resolved = resolve([CRCL], record, [0])
    assert resolved.values[0, 0] == pytest.approx(60.0)
    assert codes(resolved) == ["creatinine-floored"]
    assert "0.50 mg/dL was raised to 1.00 mg/dL" in resolved.findings[0].text


def test_a_default_is_said() -> None:
    record = Patient(drug="tacrolimus").record(now=0)
    resolved = resolve([CYP3A5], record, [0])
    assert resolved.values.tolist() == [[0.0]]
    assert codes(resolved) == ["cyp3a5-expresser-defaulted"]
    assert resolved.used[0].derivation == "default of the model file"
    assert resolved.used[0].time is None


def test_the_missing_raw_value_is_named_and_not_the_formula() -> None:
    record = Patient(drug="vancomycin").man().aged(64).creatinine(1.0).record(now=0)
    with pytest.raises(MissingCovariate, match=r"no weight \(kg\).*creatinine clearance") as missing:
        resolve([CRCL], record, [0])
    assert missing.value.name == "weight"


def test_days_after_transplant_go_on_counting() -> None:
    record = on_tacrolimus().record(now=72)
    resolved = resolve([DAY], record, [0, 24, 72])
    assert resolved.values[:, 0].tolist() == [20, 21, 23]
    assert "20 at its entry" in resolved.used[0].derivation


def test_days_charted_daily_and_days_charted_once_are_the_same() -> None:
    once = Patient(drug="tacrolimus").transplanted(days_ago=20).record(now=72)
    daily = Patient(drug="tacrolimus")
    for day in range(3):
        daily = daily.transplanted(days_ago=20 + day, at=24 * day)
    times = np.linspace(0, 72, 13)
    assert np.array_equal(resolve([DAY], once, times).values, resolve([DAY], daily.record(now=72), times).values)


def test_no_needs_give_no_columns() -> None:
    assert resolve([], on_vancomycin().record(now=0), [0, 1]).values.shape == (2, 0)


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ({"name": "crcl", "unit": "mL/min", "formula": "cockroft"}, "formula must be"),
        ({"name": "crcl", "unit": "L/h", "formula": "cockcroft-gault"}, "unit must be 'mL/min'"),
        ({"name": "haematocrit", "unit": "%"}, "unit must be '1'"),
        ({"name": "bsa", "unit": "m2", "formula": "mosteller", "options": {"floor": 1.0}}, "options"),
        ({"name": "weight", "unit": "kg", "low": 90.0, "high": 30.0}, "low must be below high"),
    ],
)
def test_a_need_outside_the_vocabulary_is_refused(need: dict, said: str) -> None:
    with pytest.raises(ModelFileError, match=said):
        CovariateNeed(**need)


def test_a_line_is_drawn_between_two_entries_where_a_model_asks_for_it() -> None:
    """Weight of 80 kg at 0 h and 86 kg at 24 h: 83 kg half-way; outside of the entries the nearest one holds."""
    record = Patient(drug="vancomycin").weighing(80, at=0).weighing(86, at=24).record(now=48)
    drawn = CovariateNeed(name="weight", unit="kg", between="interpolated")
    assert resolve([drawn], record, [0, 12, 18, 24, 48]).values[:, 0] == pytest.approx([80, 83, 84.5, 86, 86])
    assert resolve([WEIGHT], record, [0, 12, 18, 24, 48]).values[:, 0].tolist() == [80, 80, 80, 86, 86]


def test_predictions_look_covariates_up_as_answers_do() -> None:
    record = on_vancomycin().creatinine(2.4, at=24).record(now=48)
    times = [0.0, 10.0, 24.0, 30.0, 48.0]
    assert (values_of([CRCL, WEIGHT], record, times) == resolve([CRCL, WEIGHT], record, times).values).all()
    with pytest.raises(MissingCovariate, match="weight"):
        values_of([WEIGHT], Patient(drug="vancomycin").record(now=0), [0.0])


def test_what_matters_in_steps_of_treatment_changes_at_its_own_instants() -> None:
    """Hours since the first dose, which grow by themselves, lowered to 0, 24 and 36 h."""
    need = CovariateNeed(name="hours_since_first_dose", unit="h", steps=(24.0, 36.0))
    record = on_vancomycin().infused(1000, at=5, over=2, every=12, times=4).record(now=60)
    assert resolve([need], record, [0, 5, 28.9, 29, 40.9, 41, 60]).values[:, 0].tolist() == [0, 0, 0, 24, 24, 36, 36]
    assert breakpoints([need], record).tolist() == [29.0, 41.0]


def test_an_infant_grows_older_and_an_adult_does_not() -> None:
    month = Patient(drug="vancomycin").aged(1 / 12).record(now=168)
    grown = Patient(drug="vancomycin").aged(40).record(now=168)
    need = CovariateNeed(name="age", unit="a")
    assert resolve([need], month, [0, 168]).values[:, 0] == pytest.approx([1 / 12, 1 / 12 + 168 / 8766], rel=1e-12)
    assert resolve([need], grown, [0, 168]).values[:, 0].tolist() == [40, 40]


def test_every_covariate_of_a_model_has_words():
    """A raw name, such as log_age, is no name for people."""
    made = {need.name for model in load_catalog().models.values() for need in model.needs} - set(TERMS)
    assert {name for name in made if name not in MADE} == set()


def test_an_adults_postmenstrual_age_is_read_in_years():
    assert shown("pma", 40.0, "wk") == "40 weeks"
    assert shown("pma", 52.1786 * 30, "wk") == "30 years"
