"""titrate nca: what it prints and how it exits."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_server.cli.nca import nca
from models.errors import RecordError

# 1: 100 mg swallowed, halved each hour. 2: below the limit too soon for a terminal phase.
DATA = "ID,TIME,DV,AMT\n1,0,,100\n1,1,4,\n1,2,2,\n1,3,1,\n1,4,0.5,\n"
SHORT = DATA + "2,0,,100\n2,1,4,\n2,2,<0.5,\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "levels.csv"


def test_json_has_values_with_units(file: Path) -> None:
    file.write_text(DATA)
    done = CliRunner().invoke(nca, ["--data", str(file), "--route", "extravascular", "--json"])
    assert done.exit_code == 0
    (subject,) = json.loads(done.stdout)["subjects"]
    assert subject["status"] == "estimated"
    assert subject["parameters"]["AUCLST"] == {"value": 7.25, "unit": "h.mg/L"}
    assert subject["parameters"]["CLFO"]["unit"] == "L/h"
    assert subject["findings"] == []


def test_one_subject_without_a_terminal_phase_exits_1(file: Path) -> None:
    file.write_text(SHORT)
    done = CliRunner().invoke(nca, ["--data", str(file), "--route", "extravascular", "--json"])
    assert done.exit_code == 1
    first, second = json.loads(done.stdout)["subjects"]
    assert (first["status"], second["status"]) == ("estimated", "too-few-points")
    assert second["parameters"]["LAMZ"]["value"] is None
    assert "3 measurable" in second["reason"]


def test_text_names_status_remarks_and_units(file: Path) -> None:
    file.write_text(SHORT)
    done = CliRunner().invoke(nca, ["--data", str(file), "--route", "bolus", "--unit", "ug/L", "--method", "linlog"])
    assert "1: 100 mg bolus, linlog, estimated" in done.stdout
    assert "2: 100 mg bolus, linlog, too-few-points\n  ! Nothing is extrapolated" in done.stdout
    assert "AUCIFO        11.5416  h.ug/L" in done.stdout  # 8 / ln 2
    assert "CLO           8664.34  L/h" in done.stdout  # 100,000 ug over it


def test_unreadable_data_is_a_typed_error(file: Path) -> None:
    file.write_bytes(b"ID,TIME,DV\n\xff\n")
    done = CliRunner().invoke(nca, ["--data", str(file), "--route", "bolus"])
    assert isinstance(done.exception, RecordError)
    assert "UTF-8" in str(done.exception)


def test_wrong_use_exits_2(file: Path) -> None:
    assert CliRunner().invoke(nca, ["--data", str(file)]).exit_code == 2
    file.write_text(DATA)
    assert CliRunner().invoke(nca, ["--data", str(file), "--route", "oral"]).exit_code == 2
