"""titrate models: list, show, check, compare, docs, review; exit codes, JSON, refusals."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_server.cli.models import models
from models.catalog import DRUGS, load_catalog
from models.errors import UnknownModel

GOTI = "vancomycin/goti2018"
INTERVAL = {"median", "low", "high", "unit"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(models, list(arguments))


def test_list_has_a_line_a_model_and_counts_them() -> None:
    catalog = load_catalog()
    lines = run("list").output.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [m.id for d in catalog.drugs for m in catalog.models_for(d)]
    assert lines[-1] == f"{len(catalog.models)} models of {len(catalog.drugs)} drugs"
    line = next(line for line in lines if line.startswith(GOTI))
    assert "central, peripheral; iv; linear" in line
    assert line.endswith("needs age, weight, creatinine, female")


def test_list_of_one_drug_as_json() -> None:
    found = json.loads(run("list", "--drug", "vancomycin", "--json").stdout)
    assert found["counts"] == {"models": len(found["models"]), "drugs": 1}
    assert {item["drug"] for item in found["models"]} == {"vancomycin"}
    goti = next(item for item in found["models"] if item["id"] == GOTI)
    assert goti["takes"] == ["dialysis"]
    assert len(goti["hash"]) == 64


@pytest.mark.parametrize(
    "arguments", [("list", "--drug", "aspirin"), ("show", "aspirin/nobody1900"), ("compare", "aspirin")]
)
def test_an_unknown_name_is_told_the_known_ones(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, UnknownModel)
    assert "vancomycin" in str(result.exception)


# all models are shown in tests/models/test_model_review_text.py; here: one of each way of solving
@pytest.mark.parametrize("id", [GOTI, "phenytoin/yukawa1990", "gentamicin/germovsek2016"])
def test_a_model_is_shown_as_text_and_json(id: str) -> None:
    text, facts = run("show", id), json.loads(run("show", id, "--json").stdout)
    assert text.exit_code == 0
    assert facts["hash"] in text.output
    for line in (*facts["equations"], *facts["not_verified"], facts["citation"]):
        assert line in text.output
    assert all({"name", "value", "unit", "source"} <= set(item) for item in facts["parameters"])


def test_show_says_printed_values_scales_formulas_and_limits() -> None:
    text = run("show", GOTI).output
    assert "CL = 4.5 L/h  [final model, Table 2, as transcribed]" in text
    assert "eta_CL: CV 39.8 % (log-normal: sqrt(exp(variance) - 1)), variance 0.147; printed 39.8 by ln(1+CV^2)" in text
    assert "Cockcroft DW, Gault MH. Nephron 1976;16:31-41" in text
    assert "age: hard 17 to 101 years, soft 18 to 95 years" in text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Vancomycin alone, with one model."""
    shutil.copy(DRUGS / "plausible.toml", tmp_path)
    (tmp_path / "vancomycin").mkdir()
    shutil.copy(DRUGS / "vancomycin" / "goti2018.toml", tmp_path / "vancomycin")
    text = (DRUGS / "vancomycin" / "drug.toml").read_text(encoding="utf-8").splitlines()
    kept = ['preferred = ["goti2018"]' if line.startswith("preferred =") else line for line in text]
    (tmp_path / "vancomycin" / "drug.toml").write_text("\n".join(kept), encoding="utf-8")
    return tmp_path


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / "vancomycin" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_check_of_good_files_ends_with_0(folder: Path) -> None:
    result = run("check", str(folder))
    assert result.exit_code == 0, result.output
    assert "1 drugs and 1 models are in order" in result.stdout


def test_check_of_a_wrong_figure_ends_with_1_and_says_where(folder: Path) -> None:
    edit(folder, "goti2018.toml", "value = 4.5\n", "value = 0.0045\n")
    result = run("check", str(folder), "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["drugs"], found["models"]) == (1, 1)
    assert {"where", "code", "severity", "text"} == set(found["findings"][0])
    assert "peak-implausible" in {item["code"] for item in found["findings"] if item["where"] == GOTI}


def test_a_warning_ends_with_0_unless_it_is_asked_for(folder: Path) -> None:
    edit(folder, "drug.toml", "largest_mg = 2000.0", "largest_mg = 5000.0")
    assert run("check", str(folder)).exit_code == 0
    assert run("check", str(folder), "--strict").exit_code == 1


def test_compare_agrees_with_hand_arithmetic() -> None:
    # Cockcroft-Gault: (140 - 60) * 72 / (72 * 1) = 80 mL/min
    told = ["--patient", "age=60,weight=72", "--patient", "sex=male creatinine=1.0"]
    result = run("compare", "vancomycin", *told, "--regimen", "1000 mg q12h 2h iv", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["regimen"] == {"amount_mg": 1000.0, "interval_h": 12.0, "duration_h": 2.0, "route": "iv"}
    goti = next(item for item in found["models"] if item["id"] == GOTI)
    clearance = 4.5 * (80 / 120) ** 0.8
    assert goti["clearance_l_per_h"] == pytest.approx(clearance, rel=1e-6)
    assert goti["volume_l"] == pytest.approx(58.4 * 72 / 70 + 38.4, rel=1e-9)
    # median of a log-normal AUC is the typical one; its error with 500 draws of a CV of 40 % is about 2 %, four of them
    assert goti["auc24"]["median"] == pytest.approx(2000 / clearance, rel=0.09)
    assert {"auc24", "trough", "peak"} <= set(goti)
    assert set(goti["trough"]) == INTERVAL
    assert goti["trough"]["low"] < goti["trough"]["median"] < goti["trough"]["high"] < goti["peak"]["high"]


def test_compare_says_why_a_model_is_not_for_this_patient() -> None:
    found = json.loads(run("compare", "vancomycin", "--patient", "weight=300", "--json").stdout)["models"]
    goti = next(item for item in found if item["id"] == GOTI)
    assert goti["applicable"] is False
    assert "Weight of 300 kg" in goti["reasons"][0]
    assert "auc24" not in goti


def test_compare_ends_with_1_where_no_model_is_applicable() -> None:
    result = run("compare", "tacrolimus", "--patient", "weight=480")
    assert result.exit_code == 1
    assert "Not for this patient:" in result.output


def test_compare_draws_the_target() -> None:
    text = run("compare", "vancomycin").output
    assert "auc24, median o and central 90 %; = serious MRSA infection" in text
    assert any(line.startswith("target") and "=" in line for line in text.splitlines())
    assert "made-up patient: man, weight 70 kg" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--patient", "eyes=blue"], "eyes=blue"),
        (["--patient", "weight"], "name=value"),
        (["--patient", "weight=heavy"], "expected one in kg"),
        (["--patient", "weight=10000"], "can not be true"),
        (["--patient", "dialysis=2"], "can not be true"),
        (["--patient", "dose=5"], "not understood"),
        (["--patient", "creatinine=nan"], "can not be true"),
        (["--regimen", "a lot"], "1000 mg q12h 1h iv"),
        (["--regimen", "1000 mg q12h 14h iv"], "within the interval"),
    ],
)
def test_compare_refuses_what_it_can_not_read(arguments: list[str], said: str) -> None:
    result = run("compare", "vancomycin", *arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_docs_writes_every_page_and_removes_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "aspirin.md").write_text("left over")
    result = run("docs", "--out", str(tmp_path))
    assert result.exit_code == 0
    assert {path.stem for path in tmp_path.glob("*.md")} == {"README", *load_catalog().drugs}


def test_review_prints_what_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "review.md"
    assert run("review", "--out", str(path)).exit_code == 0
    assert run("review").stdout == path.read_text(encoding="utf-8")
    assert f"| {GOTI.partition('/')[2]} | man, weight 70 kg" in path.read_text(encoding="utf-8")
