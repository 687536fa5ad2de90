"""titrate learn: trains, goes on where it was, lists, shows, and says what is not in order."""

import json
import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner

from cds_server.cli import titrate
from cds_server.cli.learn.train import _is_there
from models.learned.companion import load, save
from models.learned.job import CompanionsJob
from models.learned.train import Plan

SMALL = ("--drug", "iohexol", "--patients", "200", "--calibration", "100")


def run(*words: str, code: int = 0):
    done = CliRunner().invoke(titrate, ["learn", *words], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learned")
    found = json.loads(run("train", *SMALL, "--scheme", "late", "--out", str(folder), "--json").stdout)
    assert found["trained"] == [f"iohexol/late-{kind}" for kind in ("exposure", "hybrid", "weight")]
    return folder


def test_trained_again_nothing_is_done_twice(library):
    again = json.loads(run("train", *SMALL, "--scheme", "late", "--out", str(library), "--json").stdout)
    assert (len(again["trained"]), len(again["kept"])) == (0, 3)


def test_who_was_told_other_covariates_is_trained_again(library, tmp_path):
    """As if the companion of before had been told the height in the place of the weight."""
    (tmp_path / "iohexol").mkdir()
    for path in library.glob("*/*.json"):
        one = load(path)
        if one.kind == "exposure":
            one = replace(one, inputs=tuple(replace(i, name=i.name.replace("weight", "height")) for i in one.inputs))
        save(one, tmp_path / "iohexol" / path.name)
    told = json.loads(run("check", "--folder", str(tmp_path), "--json", code=1).stdout)["companions"]
    other = "changed since it was trained: the covariates that it is told; train it again"
    assert told == {"iohexol/late-exposure": [other], "iohexol/late-hybrid": [], "iohexol/late-weight": []}
    again = json.loads(run("train", *SMALL, "--scheme", "late", "--out", str(tmp_path), "--json").stdout)
    assert (again["trained"], len(again["kept"])) == (["iohexol/late-exposure"], 2)


def test_list_and_show(library):
    listed = json.loads(run("list", "--folder", str(library), "--json").stdout)["companions"]
    assert {one["kind"] for one in listed} == {"exposure", "hybrid", "weight"}
    text = run("show", "iohexol/late-exposure", "--folder", str(library)).stdout
    assert "not signed into use" in text
    assert "never on patients" in text
    run("show", "iohexol/nothing", "--folder", str(library), code=2)


def test_check_names_what_is_damaged_or_outdated(library, tmp_path):
    assert json.loads(run("check", "--folder", str(library), "--json").stdout)["companions"].keys() == {
        "iohexol/late-exposure",
        "iohexol/late-hybrid",
        "iohexol/late-weight",
    }
    broken = tmp_path / "iohexol"
    broken.mkdir()
    for path in library.glob("*/*.json"):
        body = json.loads(path.read_text())
        body["center"][0]["base"] += 1.0
        (broken / path.name).write_text(json.dumps(body))
    found = json.loads(run("check", "--folder", str(tmp_path), "--json", code=1).stdout)["companions"]
    assert all("changed after training" in problems[0] for problems in found.values())


def test_check_names_a_simulator_that_changed_and_what_nobody_recorded_of_it(library, tmp_path):
    """As if another simulator had drawn the patients that the first was trained on; the second is of before."""
    (tmp_path / "iohexol").mkdir()
    one, other = (load(library / "iohexol" / f"late-{kind}.json") for kind in ("exposure", "weight"))
    drawn = one.manifest["populations"][0]
    drawn["fingerprint"]["exposure"] *= 1.01
    other.manifest["populations"][1].pop("fingerprint")
    for companion in (one, other):
        save(replace(companion), tmp_path / "iohexol" / f"late-{companion.kind}.json")
    found = json.loads(run("check", "--folder", str(tmp_path), "--json", code=1).stdout)
    said = "changed since it was trained: the simulator, by exposure of its first patients; train it again"
    assert found["companions"] == {"iohexol/late-exposure": [said], "iohexol/late-weight": []}
    assert found["simulator_not_recorded"] == ["iohexol/late-weight"]
    assert "of 1 it is not recorded" in run("check", "--folder", str(tmp_path), code=1).stdout


def test_a_damaged_file_is_named_and_the_others_are_listed(library, tmp_path):
    (tmp_path / "iohexol").mkdir()
    for path in library.glob("*/*.json"):
        (tmp_path / "iohexol" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "iohexol" / "late-hybrid.json").write_text("{}")
    text = run("list", "--folder", str(tmp_path), code=1).stdout
    assert "iohexol/late-exposure" in text
    assert "iohexol/late-weight" in text
    assert "refused: iohexol/late-hybrid.json can not be used" in text
    assert text.endswith("2 companions\n")
    told = json.loads(run("list", "--folder", str(tmp_path), "--json", code=1).stdout)
    assert [one["name"] for one in told["companions"]] == ["iohexol/late-exposure", "iohexol/late-weight"]
    assert [one["file"] for one in told["refused"]] == ["iohexol/late-hybrid.json"]


def test_signing_puts_into_use(library):
    words = ("iohexol/late-hybrid", "--by", "A. Pharmacist", "--role", "pharmacist", "--at", "2026-11-21")
    assert json.loads(run("sign", *words, "--folder", str(library), "--json").stdout)["signed"]["by"] == "A. Pharmacist"
    assert "signed into use: A. Pharmacist, 2026-11-21" in run("list", "--folder", str(library)).stdout
    run("sign", "iohexol/late-hybrid", "--by", " ", "--role", "x", "--folder", str(library), code=2)
    run("sign", "iohexol/nothing", "--by", "A", "--role", "x", "--folder", str(library), code=2)


def test_who_trains_again_takes_no_signature_back(library, tmp_path):
    """The same plan makes the same content, so what somebody signed is still there."""
    shutil.copytree(library, tmp_path / "signed")
    folder = ("--folder", str(tmp_path / "signed"))
    run("sign", "iohexol/late-weight", "--by", "A. Pharmacist", "--role", "pharmacist", *folder)
    run("train", *SMALL, "--scheme", "late", "--out", str(tmp_path / "signed"), "--again")
    listed = {one["name"]: one for one in json.loads(run("list", *folder, "--json").stdout)["companions"]}
    assert listed["iohexol/late-weight"]["signed"]["by"] == "A. Pharmacist"


def test_an_unknown_scheme_is_refused(tmp_path):
    run("train", "--scheme", "no-such", "--out", str(tmp_path), code=2)


def test_a_companion_under_another_name_does_not_count_as_there(library, tmp_path):
    job = CompanionsJob(drug="iohexol", scheme="late", kinds=("exposure",), plan=Plan(patients=200, calibration=100))
    there = load(library / "iohexol/late-exposure.json").manifest["plan"]
    job = replace(job, plan=Plan(**there))
    assert _is_there(job, "exposure", library)
    (tmp_path / "iohexol").mkdir()
    shutil.copy(library / "iohexol/late-exposure.json", tmp_path / "iohexol/two-exposure.json")
    assert not _is_there(replace(job, scheme="two"), "exposure", tmp_path)
