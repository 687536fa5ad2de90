"""The command line: exit codes, help, JSON, and refusals that say what to do."""

import gc
import json

import pytest
from click.testing import CliRunner

from cds_server import cli
from cds_server.cli import titrate
from cds_server.cli.common import settle
from cds_server.hooks.cards import EXTENSION
from models.errors import ModelFileError
from tests.cds_server.hook_calls import doses, draft, height
from tests.fhir.charts import NOW, creatinine, level, order, patient, weight
from tests.fhir.server import bundle

COMMANDS = ["serve", "worker", "demo", "models", "fit", "simulate", "nca", "advise", "feedback", "database"]


@pytest.fixture
def run(tmp_path):
    """Runs one command in an empty folder with no TITRATE_ variable but those given."""

    def act(*arguments: str, **environment: str):
        settings = {"TITRATE_DATA_FOLDER": str(tmp_path / "data"), **environment}
        return CliRunner(env=settings).invoke(titrate, list(arguments))

    return act


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert command in result.output


def test_the_commands_are_these(run):
    assert set(COMMANDS) <= set(titrate.commands)
    assert "Exit codes" in run("--help").output


def test_an_unknown_option_is_a_usage_error(run):
    assert run("models", "list", "--nonsense").exit_code == 2


def test_models_are_listed_shown_and_checked(run):
    listed = json.loads(run("models", "list", "--json").stdout)["models"]
    ids = [item["id"] for item in listed]
    assert any(name.startswith("vancomycin/") for name in ids)
    assert all(len(item["hash"]) == 64 for item in listed)
    shown = json.loads(run("models", "show", ids[0], "--json").stdout)
    assert shown["citation"]
    assert shown["equations"]
    assert ids[0] in run("models", "show", ids[0]).output
    assert json.loads(run("models", "check", "--json").stdout)["models"] == len(ids)


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["serve"], {}, "TITRATE_SECRET_KEY"),
        (["serve", "--host", "10.0.0.5"], {"TITRATE_SECRET_KEY": "k"}, "TITRATE_TRUSTED_PROXY"),
        (["serve"], {"TITRATE_SERCET_KEY": "k"}, "TITRATE_SERCET_KEY"),
        (["worker"], {}, "TITRATE_BROKER_URL"),
        (["database", "check"], {"TITRATE_DATABASE_URL": "canary:password"}, "TITRATE_DATABASE_URL"),
        (["database", "upgrade"], {"TITRATE_DATABASE_URL": "nosuch://u:canary@h/d"}, "driver"),
        (["database", "check"], {"TITRATE_DATABASE_URL": "sqlite:////proc/nowhere/x.sqlite3"}, "folder"),
        (["models", "show", "vancomycin/nobody1900"], {}, "nobody1900"),
    ],
)
def test_what_can_not_be_used_ends_with_3_and_says_why(monkeypatch, capsys, tmp_path, arguments, environment, said):
    for name, value in {"TITRATE_DATA_FOLDER": str(tmp_path), **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["titrate", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3
    shown = capsys.readouterr().err
    assert said in shown
    assert "canary" not in shown


def chart(*more, without=()):
    resources = [patient(), weight(70), height(), creatinine(0.9), level(11.0), order(), *doses(), *more]
    return bundle(*(item for item in resources if item["resourceType"] not in without))


@pytest.fixture
def bundle_file(tmp_path):
    def write(content) -> str:
        path = tmp_path / "bundle.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def test_advise_prints_the_card_of_a_bundle(run, bundle_file):
    result = run("advise", bundle_file(chart(draft())), "--now", NOW.isoformat(), "--json")
    assert result.exit_code == 0, result.output
    (card,) = json.loads(result.stdout)["cards"]
    assert card["extension"][EXTENSION]["kind"] == "recommendation"
    assert card["suggestions"]


def test_advise_without_a_draft_suggests_nothing_and_reads_well(run, bundle_file):
    result = run("advise", bundle_file(chart()), "--now", NOW.isoformat(), "--drug", "vancomycin")
    assert result.exit_code == 0, result.output
    assert "Vancomycin" in result.stdout
    assert "90 % interval" in result.stdout


def test_advise_ends_with_1_where_no_dose_is_proposed(run, bundle_file):
    content = bundle(patient(), level(11.0), *doses())
    result = run("advise", bundle_file(content), "--now", NOW.isoformat(), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["cards"][0]["extension"][EXTENSION]["kind"] == "declined"


@pytest.mark.parametrize("content", ["{", "[]", '{"resourceType": "Patient"}', '{"a": NaN}'])
def test_advise_ends_with_3_for_a_file_that_is_no_bundle(run, bundle_file, content):
    assert run("advise", bundle_file(content)).exit_code == 3


def test_advise_wants_to_know_which_of_two_patients(run, bundle_file):
    result = run("advise", bundle_file(bundle(patient(), patient(id="p2"))))
    assert result.exit_code == 3
    assert "--patient" in result.output


def test_advise_guesses_no_zone(run, bundle_file):
    result = run("advise", bundle_file(chart()), "--now", "2026-11-20T08:05:00")
    assert result.exit_code == 2
    assert "never guessed" in result.output


def test_feedback_of_an_empty_database(run):
    assert json.loads(run("feedback", "--json").stdout) == {"feedback": []}
    assert "no feedback yet" in run("feedback").output


def test_the_database_is_checked_and_upgraded(run, tmp_path):
    (tmp_path / "data").mkdir()
    assert run("database", "check").exit_code == 1
    assert run("database", "upgrade").exit_code == 0
    assert run("database", "check", "--json").exit_code == 0


def test_advise_reads_the_sites_file(run, bundle_file, tmp_path):
    nowhere = str(tmp_path / "nowhere.toml")
    result = run("advise", bundle_file(chart()), "--now", NOW.isoformat(), TITRATE_SITE_FILE=nowhere)
    assert isinstance(result.exception, ModelFileError)  # main() says it in one line and ends with 3
    assert "nowhere.toml" in str(result.exception)


def test_what_is_loaded_at_start_is_left_alone_by_the_garbage_collector():
    before = gc.get_freeze_count()
    try:
        settle()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()


def test_json_before_a_command_of_feedback_is_not_passed_over(run):
    result = run("feedback", "--json", "report")
    assert result.exit_code == 2
    assert "titrate feedback report --json" in result.output
