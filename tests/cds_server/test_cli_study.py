"""titrate study as it is typed: few patients, real processes."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from cds_server.cli import titrate

FEW = ["--patients", "6", "--draws", "60", "--seed", "3", "--processes", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study")
    result = CliRunner().invoke(
        titrate, ["study", "--drug", "infliximab", "--alone-every", "1", *FEW, "--out", str(out)]
    )
    assert result.exit_code in (0, 1), result.output
    assert "advice after two levels" in result.stdout
    return out


def test_the_page_names_the_command_that_wrote_it(folder: Path) -> None:
    page = (folder / "study.md").read_text(encoding="utf-8")
    assert "titrate study --patients 6 --alone-every 1 --seed 3 --draws 60 --drug infliximab" in page
    assert "| fasanmade2009 | advice after two levels |" in page
    assert "v. standard dosing" in page


def test_the_numbers_are_there_for_a_machine(folder: Path) -> None:
    document = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    rows = document["drugs"][0]["rows"]
    first = [row["stage"] for row in rows if row["arm"] == "fasanmade2009"]
    assert first == ["standard", "covariates", "one level", "two levels"]
    assert len(rows) == 2 * len(first)  # a second time with the true model among those averaged
    assert all(abs(row["inside"] + row["below"] + row["above"] - 1.0) < 1e-9 for row in rows)  # shares of 6
    assert {row["patients"] for row in rows} == {6}


def test_the_figure_is_an_svg_of_full_bars(folder: Path) -> None:
    root = ElementTree.parse(folder / "attainment.svg").getroot()  # noqa: S314 - our own file
    bars = [item for item in root.iter() if item.tag.endswith("rect")]
    assert len(bars) == 1 + 3 + 4 * 3  # ground, legend, four bars of three parts
    widths = [float(item.attrib["width"]) for item in bars[4:]]
    assert sum(widths) == pytest.approx(4 * 460.0, abs=0.1)  # two decimals


def test_the_same_seed_writes_the_same_numbers(folder: Path) -> None:
    result = CliRunner().invoke(titrate, ["study", "--drug", "infliximab", "--alone-every", "1", *FEW, "--json"])
    written = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert json.loads(result.stdout) == written


def test_averaging_prints_each_model_and_the_average() -> None:
    asked = ["study", "averaging", "--patients", "2", "--draws", "50", "--seed", "3", "--processes", "1"]
    result = CliRunner().invoke(titrate, asked)
    assert result.exit_code == 0, result.output
    assert "| averaged, true model left out |" in result.stdout
    assert "the best single model" in result.stdout


def test_an_unknown_drug_is_used_wrongly() -> None:
    result = CliRunner().invoke(titrate, ["study", "--drug", "digoxin"])
    assert result.exit_code == 2


def test_estimators_stand_side_by_side(tmp_path):
    words = ["study", "estimators", "--drug", "iohexol", "--patients", "30", "--shifted", "0", "--draws", "50"]
    done = CliRunner().invoke(titrate, [*words, "--processes", "1", "--out", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "estimators.json").read_text())["rows"]
    late = {row["estimator"]: row for row in found if row["scheme"] == "late" and row["part"] == "test"}
    assert {"population value", "linear", "boosting", "hybrid", "MAP"} <= set(late)
    assert [one["name"] for one in late["MAP"]["coverage"]] == ["coverage_80", "coverage_95"]
    assert "| boosting |" in (tmp_path / "estimators.md").read_text()
