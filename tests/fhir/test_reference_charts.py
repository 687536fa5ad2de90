"""Real-shaped resources (HL7, US Core, Synthea): each is read as a value or a finding, none as an exception."""

import csv
import json
from dataclasses import replace

import pytest

from fhir.bundle import opened
from fhir.ordered.orders import explain_order
from fhir.read import read_chart
from models.drug import Drug
from tests.fhir.charts import NOW, drug, said
from tests.reference.charts import FOLDER, patient_of

WHY = "real-shaped resources are not on this machine (set TITRATE_REFERENCE)"


def files() -> list[str]:
    manifest = FOLDER / "MANIFEST.csv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as lines:
        return [row["file"] for row in csv.DictReader(lines) if row["file"].endswith(".json")]


def every_drug() -> tuple[Drug, ...]:
    """The catalog's drugs, with every covariate worth reading."""
    wide = ("weight", "height", "creatinine", "haematocrit", "albumin", "cyp3a5_expresser", "days_after_transplant")
    return tuple(replace(drug(name), covariates=wide) for name in ("vancomycin", "tacrolimus"))


@pytest.mark.skipif(not files(), reason=WHY)
@pytest.mark.parametrize("file", files() or ["none"])
def test_a_real_resource_is_read_without_an_exception(file: str) -> None:
    resource = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    for medicine in every_drug():
        chart = read_chart([resource], patient=patient_of(resource), drug=medicine, now=NOW)
        assert all(not finding.text[0].islower() and finding.text.endswith(".") for finding in chart.findings)
        for _, item in opened([resource]):
            explain_order(item, medicine, resources=[resource])


@pytest.mark.skipif(not files(), reason=WHY)
def test_a_us_core_creatinine_with_only_a_date_is_refused_aloud() -> None:
    charted = json.loads((FOLDER / "us_core" / "observation-serum-creatinine.json").read_text(encoding="utf-8"))
    chart = read_chart([charted], patient=patient_of(charted), drug=drug(), now=NOW)
    assert chart.record.series("creatinine") == ()
    assert "only a date" in said(chart, "creatinine-time-refused")
    timed = charted | {"effectiveDateTime": "2005-07-05T08:00:00Z"}
    chart = read_chart([timed], patient=patient_of(charted), drug=drug(), now=NOW)
    assert [item.value for item in chart.record.series("creatinine")] == [1.0]


@pytest.mark.skipif(not files(), reason=WHY)
def test_a_synthea_chart_gives_its_weights_heights_and_person() -> None:
    path = next((FOLDER / "synthea_r4").glob("Fabian*.json"))
    bundle = json.loads(path.read_text(encoding="utf-8"))
    chart = read_chart([bundle], patient=patient_of(bundle), drug=drug(), now=NOW)
    assert {item.name for item in chart.record.covariates} >= {"weight", "height", "age", "female"}
    assert all(finding.severity != "critical" for finding in chart.findings), chart.findings
