"""The scripts of our pages can be read by a JavaScript engine, also where no browser is there to run them."""

import shutil
import subprocess

import pytest

from tests.house.measure import ROOT

SCRIPTS = sorted(ROOT.glob("cds_server/**/static/*.js"))


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node is installed: the pages' scripts are not parsed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_parses_as_a_module(script) -> None:
    command = ["node", "--check", "--input-type=module", "-"]
    done = subprocess.run(command, input=script.read_text(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_scripts() -> None:
    assert SCRIPTS
