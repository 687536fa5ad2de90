"""titrate advise for medicines taken at home: doses as ordered, said on the card; never so in a hospital."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from cds_server.cli import titrate
from cds_server.hooks.cards import EXTENSION
from tests.fhir.charts import ME, ORAL, RXNORM, SNOMED, instruction, level, observation, order, patient, weight
from tests.fhir.test_assumed import category, home, trough

NOW = "2026-11-20T08:05:00+01:00"
CICLOSPORIN = {"coding": [{"system": RXNORM, "code": "3008", "display": "ciclosporin"}]}
TRANSPLANT = {
    "resourceType": "Procedure",
    "id": "tx",
    "status": "completed",
    "code": {"coding": [{"system": SNOMED, "code": "70536003"}]},
    "subject": {"reference": f"Patient/{ME}"},
    "performedDateTime": "2026-10-01T08:00:00+02:00",
}


def body() -> list[dict[str, Any]]:
    when = "17 09:00"
    return [
        patient(),
        TRANSPLANT,
        weight(when=when),
        observation("8302-2", 170, "cm", when),
        observation("4544-3", 38, "%", when),
        observation("2160-0", 0.9, "mg/dL", when),
    ]


@pytest.fixture
def card(tmp_path):
    def advise(*resources: dict[str, Any], drug: str) -> dict[str, Any]:
        path = tmp_path / "chart.json"
        entries = [{"resource": item} for item in (*body(), *resources)]
        path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
        result = CliRunner().invoke(titrate, ["advise", str(path), "--drug", drug, "--now", NOW, "--json"])
        assert result.exit_code in (0, 1), result.output
        (found,) = json.loads(result.stdout)["cards"]
        return found

    return advise


def test_an_outpatients_tacrolimus_trough_is_advised_on_with_the_warning_on_the_card(card) -> None:
    found = card(home(), trough("19 08:00", 4.0), drug="tacrolimus")
    assert found["extension"][EXTENSION]["kind"] == "recommendation"
    assert "were assumed taken as ordered" in found["detail"]
    assert "was taken as drawn just before a dose" in found["detail"]
    assert "2 mg (assumed taken as ordered)" in found["detail"]
    assert "2026-11-19 20:00+01:00" in found["detail"]  # the order is of the summer (+02:00), the level of the winter


def test_an_outpatients_ciclosporin_trough_stands_on_the_order(card) -> None:
    """The catalog's models are for other patients than this one, which is the only reason left."""
    row = instruction(150, timing={"code": {"text": "twice daily"}}, route=ORAL)
    ordered = home(medicationCodeableConcept=CICLOSPORIN, dosageInstruction=[row])
    found = card(ordered, observation("3520-4", 140, "ng/mL", "19 08:10"), drug="ciclosporin")
    assert "were assumed taken as ordered" in found["detail"]
    reasons = found["detail"].split("**What would help**")[0]
    assert "The model is for patients with" in reasons
    assert "charted" not in reasons.replace("the chart does not say it", "")


def test_the_same_order_for_the_hospital_is_declined(card) -> None:
    found = card(home(where="inpatient"), trough("19 08:00"), drug="tacrolimus")
    assert found["extension"][EXTENSION]["kind"] != "recommendation"
    assert "no order for home" in found["detail"]


def test_vancomycin_without_its_administrations_is_declined(card) -> None:
    found = card(order(category=category("inpatient")), level(when="19 19:30"), drug="vancomycin")
    assert found["extension"][EXTENSION]["kind"] != "recommendation"
