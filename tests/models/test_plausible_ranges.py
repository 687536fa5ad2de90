"""Slips of unit that the common plausible ranges have to notice; figures are usual values in the wrong unit."""

import pytest

from models.catalog import DRUGS
from models.drug import load_drug

COMMON = load_drug(DRUGS / "vancomycin" / "drug.toml").plausible


@pytest.mark.parametrize(
    ("name", "usual", "slip"),
    [
        ("temperature", 37.2, 98.6),  # degrees Fahrenheit
        ("birth_weight", 3.4, 3400.0),  # g
        ("gestational_age", 39.0, 273.0),  # d
        ("measured_crcl", 90.0, 1.5),  # mL/s
        ("crrt_clearance", 2.0, 2000.0),  # mL/h
        ("lactate", 2.0, 18.0),  # mg/dL
        ("direct_bilirubin", 3.4, 0.2),  # mg/dL
        ("fibrinogen", 8.8, 300.0),  # mg/dL
        ("paco2", 40.0, 5.3),  # kPa
        ("pao2_fio2", 300.0, 40.0),  # kPa
        ("child_pugh", 1.0, 7.0),  # points of the score
    ],
)
def test_a_usual_value_is_plausible_and_in_the_wrong_unit_it_is_not(name: str, usual: float, slip: float) -> None:
    assert COMMON[name].judge(usual) == "plausible"
    assert COMMON[name].judge(slip) in ("odd", "impossible")


def test_c_reactive_protein_and_mic_reach_over_what_wards_chart() -> None:
    assert [COMMON["crp"].judge(value) for value in (0.3, 250.0, 600.0, 2000.0)] == [
        "plausible",
        "plausible",
        "odd",
        "impossible",
    ]
    assert COMMON["mic"].judge(0.06) == "plausible"
