"""`titrate advise --fhir` on every sandbox patient: what an EHR could keep, valid whether a dose is proposed or not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_server.answer import answer_from
from cds_server.cli import titrate
from cds_server.config import Settings
from cds_server.gather import Gathered, Question
from cds_server.hooks.cards import EXTENSION
from cds_server.hooks.protocol import HookRequest
from cds_server.parts import Parts, build_parts
from cds_server.sandbox.resources import resources_of
from cds_server.sandbox.scenarios import Scenario, load_scenarios
from fhir.outcome.advised import Advised
from fhir.outcome.collection import collection
from fhir.r4 import faults
from tests.cds_server.hook_calls import doses, level, order
from tests.fhir.charts import patient
from tests.fhir.server import bundle

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=timezone(timedelta(hours=1)))
SCENARIOS = load_scenarios()


def advised(chart: dict[str, Any], about: str, folder: Path, *more: str) -> Result:
    file = folder / "chart.json"
    file.write_text(json.dumps(chart))
    settings = {
        "TITRATE_DATA_FOLDER": str(folder / "data"),
        "TITRATE_DRAWS": "300",
    }  # fewer draws: figures do not matter
    arguments = ["advise", str(file), "--patient", about, "--now", NOW.isoformat(), "--fhir", *more]
    return CliRunner(env=settings).invoke(titrate, arguments)


def kinds(made: dict[str, Any]) -> list[str]:
    return [entry["resource"]["resourceType"] for entry in made["entry"]]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("kept")
    settings = Settings(data_folder=folder, queue="in-process", secret_key="for tests only", draws=300)
    made = replace(build_parts(settings), clock=lambda: NOW)
    yield made
    made.store.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.id)
def test_the_advice_of_a_sandbox_patient_is_kept_as_valid_fhir(scenario: Scenario, parts: Parts) -> None:
    drug = parts.catalog.drug(scenario.drug)
    gathered = Gathered(
        resources=resources_of(scenario, NOW), findings=(), questions=(Question(drug=drug, draft=None),), uncoded=()
    )
    request = HookRequest(hook="command-line", hook_instance="1", patient=scenario.id, context={})
    (card,) = answer_from(gathered, request, "dose-advice", parts)
    issued = parts.store.issued(card["extension"][EXTENSION]["adviceId"])
    made = collection(
        [
            Advised(
                id=issued.id,
                at=issued.issued_at,
                patient=scenario.id,
                drug=drug,
                advice=issued.advice,
                chart=issued.chart,
                software="titrate",
            )
        ]
    )
    assert faults(made) == ()
    proposed = scenario.expected.kind == "recommend"
    assert proposed == (card["extension"][EXTENSION]["kind"] == "recommendation")
    assert ("MedicationRequest" in kinds(made)) == ("RiskAssessment" in kinds(made)) == proposed
    assert kinds(made)[-3:] == ["Provenance", "AuditEvent", "Device"]
    assert scenario.patient.name not in json.dumps(made)


def test_a_proposal_is_kept_as_an_order(tmp_path: Path) -> None:
    steady = next(item for item in SCENARIOS if item.id == "vancomycin-steady")
    result = advised(bundle(*resources_of(steady, NOW)), steady.id, tmp_path, "--drug", "vancomycin")
    assert result.exit_code == 0
    assert "MedicationRequest" in kinds(json.loads(result.stdout))


def test_where_no_drug_is_named_nothing_is_kept_and_that_is_said(tmp_path: Path) -> None:
    result = advised(bundle(patient()), "p1", tmp_path)
    assert result.exit_code == 3
    assert "no advice came of this Bundle" in result.output


def test_a_no_is_kept_with_what_would_help(tmp_path: Path) -> None:
    result = advised(bundle(patient(), level(11.0), order(), *doses()), "p1", tmp_path, "--json")
    assert result.exit_code == 1
    (answer,) = [entry["resource"] for entry in json.loads(result.stdout)["entry"] if "moduleUri" in entry["resource"]]
    assert answer["status"] == "data-required"
    assert any(note["text"].startswith("What would help:") for note in answer["note"])
