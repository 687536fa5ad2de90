"""Every real-shaped file as python -m tests.reference.charts reads it: known answers, each kind of refusal judged."""

from collections.abc import Mapping
from functools import cache

import pytest

from tests.reference import ABSENT
from tests.reference.charts import Survey, files, survey

pytestmark = pytest.mark.skipif(not files(), reason=ABSENT)

# Looked through file by file on 21 November 2026: refusals of these kinds were right, for the reason beside them. A
# kind that is not here has to be looked at before it is added.
JUDGED: Mapping[str, str] = {
    "level-time-refused": "no time, a day only, or a day-long period: a level needs the time it was drawn",
    "creatinine-time-refused": "as a level",
    "haematocrit-time-refused": "no time in the Observation; that of the DiagnosticReport is not read",
    "albumin-time-refused": "as haematocrit",
    "direct-bilirubin-time-refused": "as haematocrit",
    "level-unit-refused": "scores, fL, cells per uL, pH: no unit of a concentration",
    "level-no-value": "panels, codes and texts; the components of a panel are read by themselves",
    "level-status-unknown": "status unknown",
    "height-unusual": "a newborn's 25 cm against the range of adults: used, and said",
    "order-unreadable": "tablets, drops, mL, U, meq, mg/kg, as needed, two instructions, words only, other routes",
    "dose-unreadable": "meq, tablets without strength, units of insulin, a patch without a route",
    "dose-uncoded": "vancomycin by an NDC and in words only",
    "dose-status-unknown": "on hold",
    "infusion-time-assumed": "an infusion that has not ended: used, and said",
    "other-patient": "two patients' results in one Bundle; a contained Patient, who may be anybody",
    "patient-not-stated": "no subject",
    "conflicting-versions": "two contents of one id without version or date",
    "deceased": "charted so",
}

# part of the file's name -> what it gives: doses, orders, results; read off the file by hand
GIVEN = {
    "medicationadministration0301": "500 mg iv over 1 h",
    "medadmin0304": "3 mg iv over 10 h",
    "medadmin0310": "6 mg oral",
}
ORDERED = {
    "medrx0306": "6 mg every 24 h oral",
    "medrx0312": "100 mg every 8 h oral",
    "medrx0314": "0.075 mg every 24 h oral",
    "medrx0318": "500 mg every 6 h iv",
    "medrx0332": "500 mg",
}
NEITHER = ("medadmin0302", "medadmin0306", "medadmin0308", "medadmin0312", "medrx002", "medrx0302", "medrx0308")
MEASURED = {"Observation-656": "820 cL/s", "Observation-satO2": "95 %", "Fabian": "176.561 cm"}
COVARIATES = {"observation401_ucum": "weight 99.3", "Observation-body-length": "height 25", "Fabian": "creatinine"}


@cache
def surveys() -> tuple[Survey, ...]:
    return tuple(survey(file) for file in files())


def of(part: str) -> Survey:
    (found,) = [item for item in surveys() if part in item.file]
    return found


def test_every_file_is_read_or_is_no_json() -> None:
    assert len(surveys()) >= 134
    assert [item.file for item in surveys() if item.unread] == [
        "fhir_test_cases/observation-with-trailing-dot.json.raw"
    ]


def test_each_kind_of_refusal_was_judged() -> None:
    assert {code for item in surveys() for code, _ in item.refused} <= set(JUDGED)


@pytest.mark.parametrize(("part", "said"), GIVEN.items())
def test_what_was_given(part: str, said: str) -> None:
    (dose,) = of(part).doses
    assert dose.startswith(said)


@pytest.mark.parametrize(("part", "said"), ORDERED.items())
def test_what_is_ordered(part: str, said: str) -> None:
    (order,) = of(part).orders
    assert order.startswith(f"{said} [")


@pytest.mark.parametrize("part", NEITHER)
def test_what_can_not_be_read_is_neither_dose_nor_amount(part: str) -> None:
    found = of(part)
    assert found.doses == ()
    assert not any("mg" in order.split("[")[0] for order in found.orders)


@pytest.mark.parametrize(("part", "said"), MEASURED.items())
def test_what_was_measured(part: str, said: str) -> None:
    assert said in of(part).levels


@pytest.mark.parametrize(("part", "said"), COVARIATES.items())
def test_which_covariates(part: str, said: str) -> None:
    assert any(text.startswith(said) for text in of(part).covariates)


def test_the_readers_really_ran() -> None:
    assert sum(len(item.levels) for item in surveys()) > 100
    assert sum(len(item.orders) for item in surveys()) > 10
