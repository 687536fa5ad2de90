"""titrate study as it is typed: few patients, real processes."""

import json
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from cds_server.cli import titrate
from cds_server.cli.study.aims import aims
from models.beside.compare import Row
from models.rules.frozen import Measure

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
    held = tomllib.loads((tmp_path / "held.toml").read_text())
    assert held["iohexol"]["late"] == {
        name: row["coverage"][0]["value"] for name, row in late.items() if row["coverage"]
    }


def test_what_misses_its_aim_is_said():
    rows = [
        _row("rule", rmse=27.4, nodes=21),
        _row("rule, stand-alone", rmse=26.9, nodes=9),
        _row("boosting", rmse=26.0, coverage=(76.0, 94.0)),
        _row("MAP", log_rmse=25.0, coverage=(78.0, 93.0)),
        _row("averaged", log_rmse=24.0, coverage=(77.0, 92.0)),
        _row("MAP", shift="x", log_rmse=25.0),
        _row("averaged", shift="x", log_rmse=25.5),
        _row("hybrid", shift="x", log_rmse=26.0),
        _row("boosting", part="training", coverage=(81.0, 95.0)),
    ]
    text = "\n".join(aims(rows))
    assert "| a, b | informed | 21 | 27.4 | 26.0 | +1.4 **misses** |" in text
    assert "| a, b | stand-alone | 9 | 26.9 | 26.0 | +0.9 |" in text
    assert "| a, b | -1.0 averaged | +0.5 averaged **misses** |" in text
    assert "| a, b | boosting | 76 / 94 **misses** | 81 / 95 |" in text
    assert "| a, b | averaged | 77 / 92 |  |" in text, "three points are within"


def _row(estimator, *, part="test", shift="none", nodes=None, rmse=0.0, log_rmse=0.0, coverage=()):
    """Of one made-up drug and scheme."""
    figures = {"rmse": rmse, "log_rmse": log_rmse}
    covered = dict(zip(("coverage_80", "coverage_95"), coverage, strict=False))
    made = [tuple(Measure(name=n, value=v, low=v, high=v) for n, v in one.items()) for one in (figures, covered)]
    return Row(
        drug="a",
        scheme="b",
        part=part,
        shift=shift,
        estimator=estimator,
        nodes=nodes,
        patients=1,
        silent=0.0,
        measures=made[0],
        coverage=made[1],
    )
