"""Hard and soft limits: every value that is read has both and a reason; at the edge, a step inside, a step outside."""

from dataclasses import replace
from math import inf, nextafter

import pytest

from fhir.chart import Chart
from fhir.codes import table
from fhir.read import read_chart
from models.catalog import load_catalog
from models.drug import Drug, Plausible
from models.terms import TERMS
from tests.fhir.charts import ME, NOW, codes, drug, given, observation, patient, read, weight

DRUGS = tuple(load_catalog().drugs.values())
MEASURED = {term.name for term in TERMS.values() if not term.flag and term.nature != "derived"}
# covariates that Observations are read for as numbers
READ = sorted(name for name, entry in table()["covariates"].items() if name in MEASURED and entry.get("loinc"))


@pytest.mark.parametrize("medicine", DRUGS, ids=lambda item: item.name)
def test_every_number_that_is_read_has_both_limits_and_a_reason(medicine: Drug) -> None:
    wanted = {"level", "bmi", "age"} | (MEASURED & set(medicine.covariates))
    assert wanted <= set(medicine.plausible)
    for name in wanted:
        limits = medicine.plausible[name]
        assert limits.source
        assert limits.hard_low <= limits.soft_low < limits.soft_high <= limits.hard_high < inf


def test_every_measured_covariate_has_limits_whether_a_drug_reads_it_today_or_not() -> None:
    assert set(drug().plausible) >= MEASURED


@pytest.mark.parametrize("medicine", DRUGS, ids=lambda item: item.name)
def test_the_edges_belong_inside(medicine: Drug) -> None:
    for limits in medicine.plausible.values():
        edges_belong_inside(limits)


def edges_belong_inside(limits: Plausible) -> None:
    hard, soft = (limits.hard_low, limits.hard_high), (limits.soft_low, limits.soft_high)
    assert all(limits.judge(edge) == "plausible" for edge in soft)
    assert all(limits.judge(edge) != "impossible" for edge in hard)
    assert limits.judge(nextafter(hard[0], -inf)) == limits.judge(nextafter(hard[1], inf)) == "impossible"
    for edge, outward in zip(soft, (-inf, inf), strict=True):
        outside = "odd" if edge not in hard else "impossible"
        assert limits.judge(nextafter(edge, outward)) == outside
        assert limits.judge(nextafter(edge, -outward)) == "plausible"


def read_levels(medicine: Drug, value: float) -> Chart:
    code = medicine.level_codes[0]
    charted = observation(code.loinc, value, medicine.concentration_unit, "19 19:30")
    return read(patient(), charted, name=medicine.name)


@pytest.mark.parametrize("medicine", [item for item in DRUGS if item.level_codes], ids=lambda item: item.name)
def test_a_level_at_its_limits(medicine: Drug) -> None:
    limits = medicine.plausible["level"]
    assert levels(read_levels(medicine, limits.soft_high)) == [limits.soft_high]
    assert "level-unusual" not in codes(read_levels(medicine, limits.soft_high))
    odd = read_levels(medicine, 1.001 * limits.soft_high)
    assert len(levels(odd)) == 1
    assert "level-unusual" in codes(odd)
    assert levels(read_levels(medicine, limits.hard_high)) == [limits.hard_high]
    for slip in (1.001 * limits.hard_high, 0.0, -1.0):
        refused = read_levels(medicine, slip)
        assert levels(refused) == []
        assert {item.severity for item in refused.findings if item.code == "level-implausible"} == {"critical"}


def levels(chart: Chart) -> list[float]:
    return [item.value for item in chart.record.levels]


@pytest.mark.parametrize("name", READ)
def test_a_covariate_at_its_limits(name: str) -> None:
    medicine = replace(drug(), covariates=(name,))
    limits = medicine.plausible[name]
    (loinc, *_) = table()["covariates"][name]["loinc"]

    def values(value: float) -> tuple[list[float], list[str]]:
        charted = observation(loinc, value, limits.unit, "17 09:00")
        chart = read_chart([patient(), charted], patient=ME, drug=medicine, now=NOW)
        return [item.value for item in chart.record.series(name)], codes(chart)

    slug = name.replace("_", "-")
    for edge in (limits.soft_low, limits.soft_high):
        assert values(edge)[0] == [edge]
        assert not {f"{name}-unusual", f"{slug}-unusual"} & set(values(edge)[1])
    if limits.soft_high < limits.hard_high:
        found, said = values(1.001 * limits.soft_high)
        assert len(found) == 1
        assert {f"{name}-unusual", f"{slug}-unusual"} & set(said)
    found, said = values(1.001 * limits.hard_high)
    assert found == []
    assert {f"{name}-implausible", f"{slug}-implausible"} & set(said)


@pytest.mark.parametrize(
    ("born", "kg", "said"),
    [
        ("2021-05-01", 18, ""),  # five years old
        ("2021-05-01", 40, "9 to 35 kg at this age"),  # 40 lb are 18 kg
        ("2026-11-05", 1.1, ""),  # born too early, a fortnight old
        ("2026-11-05", 11, "0.4 to 9 kg at this age"),  # 1.1 kg, a decimal place off
        ("1956-05-01", 18, "35 to 250 kg)"),
    ],
)
def test_a_weight_is_judged_by_the_age_of_a_child(born: str, kg: float, said: str) -> None:
    chart = read(patient(birthDate=born), weight(kg), given(when="18 08:00", until="18 09:30"))
    unusual = [item.text for item in chart.findings if item.code == "weight-unusual"]
    assert len(unusual) == bool(said)
    assert all(said in text for text in unusual)


@pytest.mark.parametrize(
    ("born", "kg", "cm", "refused"),
    [
        ("2021-05-01", 18, 108, False),
        ("2021-05-01", 40, 108, True),  # 40 lb charted as kg
        ("2026-11-05", 0.6, 31, False),  # born in the 24th week: 6 kg/m2
        ("2026-11-05", 6, 31, True),  # a decimal place off
        ("2012-05-01", 120, 165, False),
    ],
)
def test_a_childs_weight_and_height_must_go_together(born: str, kg: float, cm: float, refused: bool) -> None:
    tall = observation("8302-2", cm, "cm", "17 09:00")
    chart = read(patient(birthDate=born), weight(kg), tall, given(when="18 08:00", until="18 09:30"))
    found = [item.severity for item in chart.findings if item.code == "bmi-unusual"]
    assert found == (["critical"] if refused else [])


def test_a_dose_before_the_day_of_birth_is_named_as_such() -> None:
    chart = read(patient(birthDate="2026-11-19"), given(when="18 08:00", until="18 09:30"))
    (text,) = [item.text for item in chart.findings if item.code == "age-implausible"]
    assert "of 2026-11-18, lies before the date of birth" in text
