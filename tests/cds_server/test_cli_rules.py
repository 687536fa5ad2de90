"""titrate rules: trained, listed, shown, worked out, checked, imported, signed, by the command itself."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_server.cli import titrate
from models.errors import ModelsError, RuleError
from models.rules.library import LIBRARY, load_library, write_rule
from tests.models.rule_made import PATIENT, made
from tests.models.test_rules_engines import HALL

QUICK = ["--patients", "250", "--seeds", "2", "--generations", "10", "--test-patients", "25"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(titrate, ["rules", *arguments])


def library(folder: Path) -> list[str]:
    write_rule(made(), folder)
    return ["--library", str(folder)]


def values(**changes: float) -> list[str]:
    return [word for name, value in (PATIENT | changes).items() for word in ("--value", f"{name}={value}")]


ID = "vancomycin/peak-trough-informed"


def test_train_writes_a_rule_that_can_be_read(tmp_path: Path) -> None:
    asked = ["train", "--drug", "vancomycin", "--scheme", "trough", "--out", str(tmp_path), *QUICK]
    done = run(*asked, "--alone-within", "50", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [rule["id"] for rule in found["rules"]] == ["vancomycin/trough-informed", "vancomycin/trough-alone"]
    assert found["failed"] == {}
    assert {rule["hash"] for rule in found["rules"]} == {rule.hash for rule in load_library(tmp_path).rules.values()}


def test_who_trains_again_takes_no_signature_back(tmp_path: Path) -> None:
    """The same options make the same content, so what somebody signed is still there."""
    asked = ["train", "--drug", "gentamicin", "--scheme", "mid", "--form", "informed", "--out", str(tmp_path), *QUICK]
    asked += ["--checkpoints", str(tmp_path / "kept")]
    for words in (
        asked,
        ["sign", "gentamicin/mid-informed", "--by", "A", "--role", "b", "--library", str(tmp_path)],
        asked,
    ):
        assert run(*words).exit_code == 0
    assert load_library(tmp_path).rule("gentamicin/mid-informed").signed


def test_a_rule_without_a_model_that_is_much_worse_is_not_written(tmp_path: Path) -> None:
    """Within 0 points: whichever way it went with these patients, what was written keeps it."""
    asked = ["train", "--drug", "busulfan", "--scheme", "limited", "--out", str(tmp_path), *QUICK]
    done = run(*asked, "--alone-within", "0", "--json")
    if "busulfan/limited-alone is not written" in done.stderr:
        assert list(load_library(tmp_path).rules) == ["busulfan/limited-informed"]
    else:
        one, other = json.loads(done.stdout)["rules"]
        assert other["assessment"][0]["rmse"][0] <= one["assessment"][0]["rmse"][0]


def test_train_from_checkpoints_gives_the_same_hash(tmp_path: Path) -> None:
    asked = ["train", "--drug", "gentamicin", "--scheme", "mid", "--form", "informed", *QUICK, "--json"]
    kept = ["--checkpoints", str(tmp_path / "kept")]
    one, two, three = (
        json.loads(run(*asked, "--out", str(tmp_path / name), *more).stdout)["rules"][0]["hash"]
        for name, more in (("a", kept), ("b", kept), ("c", ["--threads", "2"]))
    )
    assert one == two == three
    assert (
        len(list((tmp_path / "kept").glob("*.json"))) == 2 + 3 + 3
    )  # searches of the whole, of the folds, of each model left out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["train", "--scheme", "trough", "--out", "x"], "goes with --drug"),
        (["train", "--drug", "vancomycin", "--scheme", "weekly", "--out", "x"], "vancomycin has none, trough"),
        (["train", "--drug", "aspirin", "--out", "x"], "Invalid value"),
        (["train", "--drug", "vancomycin"], "--out"),
        (["show", ID, "--value", "weight"], "not NAME=NUMBER"),
        (["show", ID, "--value", "weight=70", "--value", "weight=80"], "'weight' is there twice"),
        (["show", ID, *values(), "--value", "wieght=70"], "knows no wieght; it knows dose, interval, weight, rate"),
        (["show", ID, *values(), "--target", "nan"], "nan is no exposure"),
        (["show", ID, *values(), "--target", "inf"], "inf is no exposure"),
        (["show", ID, *values(), "--target=-5"], "-5 is no exposure"),
        (["show", ID, *values(), "--target", "0"], "0 is no exposure"),
        (["show", ID, "--target", "500"], "--target goes with --value"),
        (["show", ID, "--value", "weight=70", "--target", "500"], "needs --value interval=HOURS"),
        (["show", "vancomycin/none"], "there is no rule 'vancomycin/none'"),
        (["sign", "vancomycin/none", "--by", "A", "--role", "b"], "there is no rule 'vancomycin/none'"),
    ],
)
def test_used_wrongly_is_said(tmp_path: Path, asked: list[str], said: str) -> None:
    done = run(*asked, *(library(tmp_path) if asked[0] in ("show", "sign") else []))
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_list_says_formula_and_whether_it_is_signed(tmp_path: Path) -> None:
    done = run("list", *library(tmp_path))
    assert done.exit_code == 0
    assert f"{ID}   9 nodes  not signed  clearance = expected_clearance * 0.9512" in done.stdout
    assert done.stdout.endswith("1 rule\n")


def test_a_damaged_file_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    asked = library(tmp_path)
    path = tmp_path / f"{ID}.toml"
    path.write_text(path.read_text().replace("0.3*r_peak", "0.2*r_peak"))
    listed, checked = run("list", *asked), run("check", *asked)
    assert listed.exit_code == checked.exit_code == 1
    assert "it was changed or damaged" in listed.stdout
    assert "error: vancomycin/peak-trough-informed.toml" in checked.stdout


def test_show_of_a_damaged_file_says_why_it_is_refused(tmp_path: Path) -> None:
    asked = library(tmp_path)
    (tmp_path / f"{ID}.toml").write_text("format = 1")
    assert "its hash is" in str(run("show", ID, *asked).exception)


def test_show_reads_like_a_page(tmp_path: Path) -> None:
    done = run("show", ID, *library(tmp_path))
    assert done.exit_code == 0
    for line in (
        "  y = -0.05 + 0.3*r_peak + 0.35*r_trough",
        "  weight (weight): 45 to 130 kg",
        "finite all over the box: proved",
        "nobody (10, silent of 10.0 %): RMSE 30 % (28 to 32)",
        "not signed into use",
    ):
        assert line in done.stdout


@pytest.mark.parametrize(
    ("export", "start"),
    [
        ("latex", r"\ln\frac{CL}"),
        ("python", "# Rule vanco"),
        ("spreadsheet", "A1: expected_peak\nB1: ("),
        ("json", "{"),
    ],
)
def test_show_exports(tmp_path: Path, export: str, start: str) -> None:
    assert run("show", ID, "--as", export, *library(tmp_path)).stdout.startswith(start)


def test_show_works_a_patient_out(tmp_path: Path) -> None:
    """The same patient by hand: tests/models/test_rules_frozen.py."""
    done = run("show", ID, *values(), "--target", "500", *library(tmp_path))
    assert done.exit_code == 0
    assert "r_peak = 0.1823" in done.stdout
    assert "y = -0.0734" in done.stdout
    assert "clearance = 4 * exp(y) = 3.717 L/h" in done.stdout
    assert "AUC24 at steady state: 538.1 mg·h/L" in done.stdout
    assert "dose for 500 mg·h/L at this interval: 929.2 mg" in done.stdout


SHIPPED = {
    "age": 58, "weight": 82, "height": 178, "creatinine": 1.1, "crcl": 84.9, "dose": 1250, "interval": 12,
    "level_peak": 31, "after_dose_peak": 3, "level_trough": 17.5, "after_dose_trough": 11.5,
    "expected_peak": 27.2, "expected_trough": 14.8, "expected_clearance": 3.41,
}  # fmt: skip


def shipped(id: str = ID, **changes: float) -> Result:
    given = SHIPPED | changes
    return run("show", id, *(word for name, value in given.items() for word in ("--value", f"{name}={value}")))


def test_the_rate_follows_from_dose_and_interval() -> None:
    """1250 / 12 = 104.1667 mg/h; 104 and 104.6 are that, typed shortly; 200 is another regimen."""
    alone = shipped()
    assert alone.exit_code == 0, alone.output
    assert alone.stdout == shipped(rate=1250 / 12).stdout
    assert {shipped(rate=rate).exit_code for rate in (104, 104.6)} == {0}
    for rate in (200, 104.8, 103.5, -104.1667, float("nan")):
        done = shipped(rate=rate)
        assert done.exit_code == 2
        assert "which is 104.2 mg/h" in " ".join(done.output.split())


@pytest.mark.parametrize("hours", [9.9, 13.1, 30.0])
def test_a_trough_that_is_none_for_this_interval_silences_the_rule(hours: float) -> None:
    """Its range is 5.99 to 46.7 h: the troughs of every 8 to every 48 h."""
    done = shipped(after_dose_trough=hours)
    assert done.exit_code == 1
    assert (
        f"The level (trough) was drawn {hours:g} h after a dose given every 12 h; the rule was made for one"
        in done.stdout
    )


@pytest.mark.parametrize("hours", [10.0, 11.9, 13.0])
def test_a_trough_within_an_hour_of_the_window_is_one(hours: float) -> None:
    assert shipped(after_dose_trough=hours).exit_code == 0


def test_two_levels_of_an_interval_are_in_order() -> None:
    given = {name: value for name, value in SHIPPED.items() if not name.endswith(("_peak", "_trough"))}
    levels = {"level_first": 20, "expected_first": 20, "level_second": 14, "expected_second": 14}
    given |= levels | {"after_dose_first": 6, "after_dose_second": 5}
    asked = [word for name, value in given.items() for word in ("--value", f"{name}={value}")]
    done = run("show", "vancomycin/two-random-informed", *asked)
    assert done.exit_code == 1
    assert "The level (second) was not drawn after the other (first)." in done.stdout


def test_show_is_silent_outside_the_box(tmp_path: Path) -> None:
    asked = library(tmp_path)
    done = run("show", ID, *values(weight=140.0), *asked)
    assert done.exit_code == 1
    assert "silent, because:\n  Weight of 140 kg is outside" in done.stdout
    told = run("show", ID, *values(), "--value", "dialysis=1", *asked, "--json")
    assert json.loads(told.stdout)["silent"] == ["The rule was not made for patients with dialysis."]


def test_sign_writes_who_when_and_for_which_hash(tmp_path: Path) -> None:
    asked = library(tmp_path)
    done = run("sign", ID, "--by", "A. Pharmacist", "--role", "head of pharmacy", "--at", "2026-11-21", *asked)
    assert done.exit_code == 0
    rule = load_library(tmp_path).rule(ID)
    assert rule.signed
    assert (rule.signatures[0].by, rule.signatures[0].on, rule.signatures[0].hash) == (
        "A. Pharmacist",
        "2026-11-21",
        made().hash,
    )
    assert "signed into use by A. Pharmacist (head of pharmacy) on 2026-11-21" in run("show", ID, *asked).stdout


@pytest.mark.parametrize(("by", "role"), [(" ", "x"), ("x", " "), ("A\x1b[2J", "x"), ("A", "x\ny"), ("\udce4", "x")])
def test_nobody_can_not_sign(tmp_path: Path, by: str, role: str) -> None:
    assert run("sign", ID, "--by", by, "--role", role, *library(tmp_path)).exit_code == 2


def test_import_takes_what_pysr_left_and_refuses_what_it_may_not_use(tmp_path: Path) -> None:
    """A file of the shape that PySR writes; not written by a run of PySR here."""
    (tmp_path / "hall_of_fame.csv").write_bytes(HALL)
    done = run(
        "import", str(tmp_path / "hall_of_fame.csv"), "--drug", "vancomycin", "--scheme", "peak-trough",
        "--form", "informed", "--patients", "250", "--out", str(tmp_path / "rules"), "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["rule"]["engine"]["name"].startswith("imported: hall_of_fame.csv of PySR, ")
    assert found["rule"]["nodes"] <= 20
    assert [line["number"] for line in found["refused"]] == [7]
    assert "line 7 is not read: 'sin' is no function that a rule may use" in done.stderr
    assert list(load_library(tmp_path / "rules").rules) == [ID]


def test_import_refuses_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Complexity,Loss,Equation\n1,0.1,__import__(os)\n")
    done = run(
        "import", str(tmp_path / "x.csv"), "--drug", "vancomycin", "--scheme", "trough", "--form", "informed",
        "--patients", "200", "--out", str(tmp_path / "rules"),
    )  # fmt: skip
    assert isinstance(done.exception, RuleError)
    assert "nothing in the hall of fame can be a rule" in str(done.exception)
    assert not (tmp_path / "rules").exists()


@pytest.mark.parametrize(
    "words", [["rules", "import", "{hall}", "--form", "informed"], ["rules", "train"], ["learn", "train"]]
)
def test_a_folder_that_can_not_be_written_to_is_said_before_any_work(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "hall.csv").write_bytes(HALL)
    (tmp_path / "file").write_text("")
    asked = [word.format(hall=tmp_path / "hall.csv") for word in words]
    asked += [
        "--drug",
        "vancomycin",
        "--scheme",
        "peak-trough",
        "--patients",
        "200",
        "--out",
        str(tmp_path / "file" / "x"),
    ]
    done = CliRunner().invoke(titrate, asked)
    assert isinstance(done.exception, ModelsError), done.output  # the script's main makes exit 3 of it
    assert "file/x can not be written to (Not a directory); name another folder" in str(done.exception)


def test_check_of_what_ships(tmp_path: Path) -> None:
    done = run("check", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert found["refused"] == []
    assert found["changed_since"] == {}
    assert set(found["rules"]) == set(load_library(LIBRARY).rules)


def test_check_warns_of_models_that_changed_since(tmp_path: Path) -> None:
    done = run("check", *library(tmp_path))
    assert done.exit_code == 0
    assert f"warning: {ID}: changed since it was trained: vancomycin/goti2018, the design of vancomycin" in done.stdout


def test_check_says_of_which_rules_it_is_not_recorded_what_the_simulator_gave(tmp_path: Path) -> None:
    done = run("check", *library(tmp_path))
    assert "of 1 it is not recorded what their simulator gave" in done.stdout
    assert json.loads(run("check", *library(tmp_path), "--json").stdout)["simulator_not_recorded"] == [ID]
