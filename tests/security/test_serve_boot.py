"""Misconfiguration at the door: `titrate serve` itself ends with exit code 3 and a message, before it opens a port."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_server.cli import titrate
from cds_server.config import SettingsError
from tests.house.measure import ROOT
from tests.security.issuers import registry_file

TITRATE = str(Path(sys.executable).parent / "titrate")
KEY = {"TITRATE_SECRET_KEY": "for tests only"}
PROXY = {**KEY, "TITRATE_TRUSTED_PROXY": "1"}
OPEN = {"TITRATE_HOST": "0.0.0.0"}  # noqa: S104 - that it is refused is the point
HTTPS = {"TITRATE_BASE_URL": "https://titrate.example"}

REFUSED = {
    "no key": ({}, "TITRATE_SECRET_KEY"),
    "open": ({**KEY, **OPEN}, "TITRATE_TRUSTED_PROXY"),
    "open with a registry": ({**KEY, **OPEN, **HTTPS, "TITRATE_REGISTRY_FILE": "REGISTRY"}, "plain HTTP"),
    "open without https": ({**PROXY, **OPEN}, "TITRATE_BASE_URL"),
    "reached from elsewhere": ({**KEY, **HTTPS}, "TITRATE_TRUSTED_PROXY"),
    "sandbox for everybody": ({**PROXY, **OPEN, **HTTPS, "TITRATE_SANDBOX": "1"}, "TITRATE_SANDBOX"),
    "registry not there": ({**KEY, "TITRATE_REGISTRY_FILE": "none.toml"}, "none.toml"),
    "registry that is wrong": ({**KEY, "TITRATE_REGISTRY_FILE": "WRONG"}, "issuers[0]"),
    "a misspelt setting": ({**KEY, "TITRATE_TRUSTED_PROXI": "1"}, "TITRATE_TRUSTED_PROXI"),
    "optional JWTs of nobody": ({**PROXY, **OPEN, **HTTPS, "TITRATE_JWT_OPTIONAL": "1"}, "TITRATE_JWT_OPTIONAL"),
}


def chosen(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    (folder / "wrong.toml").write_text("[[issuers]]\niss = 1\n")
    files = {"REGISTRY": registry_file(folder), "WRONG": str(folder / "wrong.toml")}
    return {"TITRATE_DATA_FOLDER": str(folder)} | {name: files.get(value, value) for name, value in settings.items()}


@pytest.mark.parametrize(("settings", "named"), REFUSED.values(), ids=REFUSED)
def test_serve_refuses(tmp_path, settings, named):
    done = CliRunner().invoke(titrate, ["serve", "--port", "1"], env=chosen(tmp_path, settings))
    assert isinstance(done.exception, SettingsError)
    assert named in str(done.exception)
    assert "for tests only" not in str(done.exception)


def test_a_refusal_is_a_line_and_exit_code_3(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **chosen(tmp_path, REFUSED["open"][0])}
    command = [TITRATE, "serve", "--port", "1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("titrate: refusing to listen on")
    assert "Traceback" not in done.stderr
