"""titrate fit and titrate simulate: what they print, what they refuse, and how they end."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cds_server import cli
from cds_server.cli import titrate

MODEL = """
id = "made-up/one"
drug = "made-up"
title = "one compartment, infusion; clearance by weight"
units.time = "h"
units.amount = "mg"
[structure]
compartments = ["CENT"]
routes.iv.into = ["CENT"]
fluxes = [{ kind = "elimination", from = "CENT", clearance = "CL", volume = "V" }]
[outputs.concentration]
compartment = "CENT"
volume = "V"
unit = "mg/L"
residual = { kind = "combined", proportional_sd = 0.1, additive_sd = 0.5 }
[parameters.CL]
value = 4.0
unit = "L/h"
source = "made up"
effects = [{ kind = "power", covariate = "weight", reference = 70, exponent = 1 }]
[parameters.V]
value = 40.0
unit = "L"
source = "made up"
[random.CL]
variance = 0.09
printed = 0.09
conversion = "variance"
[random.V]
variance = 0.04
printed = 0.04
conversion = "variance"
[covariates.weight]
unit = "kg"
"""
DATA = """# two made-up subjects
ID,TIME,AMT,DV,BLQ,LLOQ,WEIGHT
1,0,400,.,.,.,70
1,12,400,.,.,.,70
1,23.5,.,3.1,0,1,70
2,0,400,.,.,.,70
2,11.5,.,3.6,0,1,70
2,40,.,.,1,1,70
"""


@pytest.fixture
def files(tmp_path):
    model, data = tmp_path / "one.toml", tmp_path / "data.csv"
    model.write_text(MODEL)
    data.write_text(DATA)
    return "--model", str(model), "--data", str(data)


def run(*arguments: str):
    return CliRunner().invoke(titrate, list(arguments))


def said(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of the installed script."""
    monkeypatch.setattr("sys.argv", ["titrate", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0), capsys.readouterr().err


def with_data(files, text: str):
    Path(files[3]).write_text(text)
    return files


# --- fit --------------------------------------------------------------------------------------------------------------


def test_fit_says_all_of_each_subject(files):
    result = run("fit", *files, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["model"] == "made-up/one"
    assert list(document["subjects"]) == ["1", "2"]
    one, two = document["subjects"].values()
    assert (one["status"], one["usable"], set(one["eta"])) == ("converged", True, {"CL", "V"})
    assert one["parameters"]["CL"] == pytest.approx(4 * np.exp(one["eta"]["CL"]))
    assert one["units"]["CL"] == "L/h"
    assert np.sqrt(np.diag(one["covariance"])) == pytest.approx(list(one["eta_sd"].values()))
    level = one["levels"][0]
    v, k = one["parameters"]["V"], one["parameters"]["CL"] / one["parameters"]["V"]
    assert level["individual"] == pytest.approx(400 / v * (np.exp(-23.5 * k) + np.exp(-11.5 * k)), rel=1e-9)
    assert level["population"] == pytest.approx(10 * (np.exp(-2.35) + np.exp(-1.15)), rel=1e-9)
    assert one["diagnostics"]["gradient"] < 1e-3
    assert one["diagnostics"]["condition"] >= 1
    assert [item["censored"] for item in two["levels"]] == [False, True]
    assert two["levels"][1]["observed"] == 1.0  # LLOQ stands for a level below it
    assert len(two["diagnostics"]["levels"]) == 2


def test_fit_prints_a_line_for_each_subject(files):
    lines = run("fit", *files).stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["1", "2"]
    assert "converged, objective" in lines[0]
    assert "CL" in lines[0]


def test_fit_of_a_model_of_the_catalog(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("ID,TIME,AMT,RATE,DV,CRCL,WEIGHT,DIALYSIS\n1,0,1500,1000,.,85,82,0\n1,11.5,.,.,12.4,85,82,0\n")
    result = run("fit", "--model", "vancomycin/goti2018", "--data", str(data), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["subjects"]["1"]["status"] == "converged"


def etas(files, *options: str) -> np.ndarray:
    found = json.loads(run("fit", *files, "--json", *options).stdout)["subjects"]["2"]["eta"]
    return np.array(list(found.values()))


def test_the_options_of_a_fit_do_what_they_say(files):
    plain = etas(files)
    assert np.abs(etas(files, "--prior-weight", "100")).max() < 0.1 * np.abs(plain).max()
    assert np.abs(etas(files, "--prior-weight", "0.1")).max() > np.abs(plain).max()
    assert etas(files, "--level-half-life", "1e12") == pytest.approx(plain, abs=1e-6)
    assert np.abs(etas(files, "--level-half-life", "6") - plain).max() > 1e-3


def test_covariates_are_carried_as_asked(files):
    """Weight 70 kg at the dose, 35 at 10 h, a level at 20 h: clearance is halved from 10 h on, or from the dose on."""
    text = "ID,TIME,AMT,DV,EVID,WEIGHT\n1,0,400,.,1,70\n1,10,.,.,2,35\n1,20,.,3,0,35\n"
    for carry, exponent in (("forward", 1.5), ("backward", 1.0)):
        result = run("fit", *with_data(files, text), "--json", "--carry", carry)
        level = json.loads(result.stdout)["subjects"]["1"]["levels"][0]
        assert level["population"] == pytest.approx(10 * np.exp(-exponent), rel=1e-9)


def test_a_fit_that_fails_ends_with_1_and_is_null_in_json(files):
    """A level before any dose."""
    text = "ID,TIME,AMT,DV,WEIGHT\n1,1,.,5,70\n1,2,400,.,70\n"
    result = run("fit", *with_data(files, text), "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)["subjects"]["1"]
    assert (found["usable"], found["objective"], found["parameters"]["CL"]) == (False, None, None)
    assert "NaN" not in result.stdout
    assert "before every recorded dose" in run("fit", *files).stdout


def test_a_doubtful_draw_time_is_named(files):
    """The level charted before the third dose is that of an hour into it; the assay is precise to 0.2 mg/L."""
    Path(files[1]).write_text(
        MODEL.replace("proportional_sd = 0.1, additive_sd = 0.5", "proportional_sd = 0.01, additive_sd = 0.2")
    )
    after = [10 * sum(np.exp(-0.1 * (t - at)) for at in (0, 12, 24) if at < t) for t in (2, 11.5, 14, 25, 35.5)]
    rows = [(0, 400, "."), (2, ".", after[0]), (11.5, ".", after[1]), (12, 400, "."), (14, ".", after[2])]
    rows += [(23.5, ".", after[3]), (24, 400, "."), (35.5, ".", after[4])]
    text = "ID,TIME,AMT,DV,WEIGHT\n" + "".join(f"1,{time},{amt},{dv},70\n" for time, amt, dv in rows)
    found = json.loads(run("fit", *with_data(files, text), "--json").stdout)["subjects"]["1"]["draw_time_doubts"][0]
    assert (found["recorded"], found["best"]) == (23.5, pytest.approx(25.0, abs=0.2))
    assert "the level of 23.5 h would fit far better drawn at" in run("fit", *files).stdout


def test_a_subject_without_levels_is_the_population(files):
    found = json.loads(run("fit", *with_data(files, "ID,TIME,AMT,WEIGHT\n7,0,400,35\n"), "--json").stdout)
    assert found["subjects"]["7"]["status"] == "prior"
    assert found["subjects"]["7"]["parameters"]["CL"] == pytest.approx(2.0)


HEAD = "ID,TIME,AMT,DV,WEIGHT\n1,0,400,.,70\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + "1,soon,.,5,70\n", "line 3: TIME is 'soon'; expected a number"),
        (HEAD + "1,30,.,inf,70\n", "line 3: DV is 'inf'; expected a finite number"),
        (HEAD + "1,30,.,.,70\n", "line 3: an observation without DV"),
        (HEAD + "1,30,.,5,.\n", "line 3: no weight, which made-up/one needs; expected a column WEIGHT"),
        (HEAD + "1,30,.,5\n", "line 3: 4 cells; expected 5"),
        (HEAD + "1,-5,.,5,70\n", "line 3: TIME falls from 0.0 to -5.0 h"),
        (HEAD + "2,0,.,5,70\n1,5,.,5,70\n", "line 4: ID 1 appears again after 2"),
        (HEAD + ".,5,.,5,70\n", "line 3: ID is empty"),
        (HEAD.replace("400", "-400"), "line 2: AMT is negative (-400)"),
        ("# a remark\n" + HEAD + "1,soon,.,5,70\n", "line 4: TIME is 'soon'"),
        ("ID,TIME,DV,DV\n1,0,1,1\n", "column DV is there twice"),
        ("ID,DV\n1,1\n", "column TIME is missing"),
        ("ID,TIME,DV\n", "no rows under the header"),
        ("", "column ID, TIME is missing"),
        ("ID,TIME,AMT,CMT,WEIGHT\n1,0,400,1.5,70\n", "line 2: CMT is '1.5'; expected a whole number"),
        ("ID,TIME,AMT,CMT,WEIGHT\n1,0,400,3,70\n", "line 2: CMT 3; made-up/one has 1"),
        ("ID,TIME,DV,BLQ,WEIGHT\n1,0,5,2,70\n", "line 2: BLQ is 2; expected 0, or 1"),
        ("ID,TIME,DV,BLQ,WEIGHT\n1,0,0,1,70\n", "line 2: BLQ is 1 and neither LLOQ nor DV"),
    ],
)
def test_what_can_not_be_read_is_named_by_file_line_and_column(files, monkeypatch, capsys, text, expected):
    code, message = said(monkeypatch, capsys, "fit", *with_data(files, text))
    assert code == 3
    assert "data.csv" in message
    assert expected in message


def test_a_file_that_is_no_text_is_refused(files, monkeypatch, capsys):
    Path(files[3]).write_bytes(b"ID,TIME\n\xff\xfe")
    assert said(monkeypatch, capsys, "fit", *files)[0] == 3


def test_models_that_can_not_be_used(files, monkeypatch, capsys):
    Path(files[1]).write_text(MODEL.replace("CENT", "X", 1))
    code, message = said(monkeypatch, capsys, "fit", *files)
    assert (code, "one.toml" in message) == (3, True)
    assert said(monkeypatch, capsys, "fit", "--model", "no/such", *files[2:])[0] == 3
    assert said(monkeypatch, capsys, "fit", "--model", "nowhere.toml", *files[2:])[0] == 3


@pytest.mark.parametrize("option", ["--prior-weight=0", "--prior-weight=inf", "--level-half-life=nan", "--carry=up"])
def test_options_out_of_range_are_used_wrongly(files, option):
    assert run("fit", *files, option).exit_code == 2


# --- simulate ---------------------------------------------------------------------------------------------------------


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_typical_patient_is_predicted_at_each_observation(files):
    result = run("simulate", *files)
    assert result.exit_code == 0, result.output
    rows = table(result.stdout)
    assert [(row["ID"], row["TIME"], row["OUTPUT"]) for row in rows] == [
        ("1", "23.5", "concentration"),
        ("2", "11.5", "concentration"),
        ("2", "40", "concentration"),
    ]
    expected = [10 * (np.exp(-2.35) + np.exp(-1.15)), 10 * np.exp(-1.15), 10 * np.exp(-4.0)]
    assert [float(row["PRED"]) for row in rows] == pytest.approx(expected, rel=1e-8)


def test_the_same_seed_gives_the_same_numbers(files):
    once, again, other = (
        run("simulate", *files, "--subjects", "5", "--residual", "--seed", seed).stdout for seed in "112"
    )
    assert once == again
    assert once != other
    assert [row["REP"] for row in table(once)][:5] == ["1", "2", "3", "4", "5"]
    alone = table(run("simulate", *with_data(files, DATA[: DATA.index("2,0")]), "--subjects", "5", "--residual").stdout)
    assert alone == table(once)[:5]  # whatever follows in the file


def test_simulated_patients_and_errors_have_the_models_spread(files):
    """20,000 patients: a standard deviation to 0.5 %, so 2 % are four standard errors."""
    found = json.loads(run("simulate", *files, "--subjects", "20000", "--residual", "--json").stdout)["subjects"]["1"]
    assert np.cov(np.array(found["eta"]).T) == pytest.approx(np.diag([0.09, 0.04]), abs=0.04 * 0.09)
    ipred, dv = np.array(found["ipred"])[:, 0], np.array(found["dv"])[:, 0]
    scaled = (dv - ipred) / np.sqrt((0.1 * ipred) ** 2 + 0.25)
    assert scaled.mean() == pytest.approx(0.0, abs=4 / np.sqrt(20_000))
    assert scaled.std() == pytest.approx(1.0, rel=0.02)


def test_error_on_the_log_scale_is_simulated_there(files):
    Path(files[1]).write_text(
        MODEL.replace(
            'kind = "combined", proportional_sd = 0.1, additive_sd = 0.5', 'kind = "exponential", additive_sd = 0.2'
        )
    )
    found = json.loads(run("simulate", *files, "--subjects", "20000", "--residual", "--json").stdout)["subjects"]["1"]
    logs = np.log(np.array(found["dv"]) / np.array(found["ipred"]))
    assert logs.mean() == pytest.approx(0.0, abs=4 * 0.2 / np.sqrt(20_000))
    assert logs.std() == pytest.approx(0.2, rel=0.02)


def test_draws_are_from_each_subjects_posterior(files):
    fitted = json.loads(run("fit", *files, "--json").stdout)["subjects"]["1"]
    drawn = json.loads(run("simulate", *files, "--draws", "4000", "--json").stdout)["subjects"]["1"]
    # one level leaves a wide, slightly skewed posterior: mean within a fifth of its SD of the mode, SD within 15 %
    sd = np.array(list(fitted["eta_sd"].values()))
    assert np.mean(drawn["eta"], axis=0) == pytest.approx(list(fitted["eta"].values()), abs=0.2 * sd.max())
    assert np.std(drawn["eta"], axis=0) == pytest.approx(sd, rel=0.15)


def test_places_to_be_predicted_need_no_level(files, tmp_path):
    text = "ID,TIME,AMT,DV,WEIGHT\n1,0,400,.,70\n1,10,.,.,70\n1,20,.,.,70\n"
    out = tmp_path / "out.csv"
    assert run("simulate", *with_data(files, text), "--out", str(out)).exit_code == 0
    assert [float(row["PRED"]) for row in table(out.read_text())] == pytest.approx([10 / np.e, 10 / np.e**2], rel=1e-8)


def test_a_subject_without_a_posterior_ends_with_1_and_the_others_are_there(files):
    text = "ID,TIME,AMT,DV,WEIGHT\n1,1,.,5,70\n1,2,400,.,70\n2,0,400,.,70\n2,11.5,.,3.6,70\n"
    result = run("simulate", *with_data(files, text), "--draws", "10")
    assert result.exit_code == 1
    assert {row["ID"] for row in table(result.stdout)} == {"2"}
    assert "1: invalid" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--subjects", "5", "--draws", "5"),
        ("--residual",),
        ("--subjects", "0"),
        ("--json", "--out", "x.csv"),
        ("--seed", "-1"),
    ],
)
def test_simulate_used_wrongly(files, options):
    assert run("simulate", *files, *options).exit_code == 2
