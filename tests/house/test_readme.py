"""Every block of README.md is run: commands with their printed answers, the folder map against the folders.

Blocks: `console` = commands after "$ " and what they print ("..." stands for anything); `text` = the folder map.
`make` lines are run as a dry run here (this suite is itself `make test`); CI runs them for real.
A command that names http://127.0.0.1:8080 is run against a demo started by the README's own demo line.
"""

import doctest
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.measure import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)
DEMO = "http://127.0.0.1:8080"
CHECKER = doctest.OutputChecker()
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def commands(block: str) -> Iterator[tuple[str, str]]:
    """(command, expected output) pairs of a console block; a trailing backslash continues a command."""
    for piece in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, expected = re.sub(r"\\\n\s*", " ", piece).partition("\n")
        yield command, expected


CONSOLE = [pair for language, block in BLOCKS if language == "console" for pair in commands(block)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The README's demo on a free port, started by the README's own command line."""
    line = next(command for command, _ in CONSOLE if command.startswith("titrate demo") and "--once" not in command)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [*shlex.split(line.removesuffix("&"))[1:], "--port", str(port)]
    log = (tmp_path_factory.mktemp("demo") / "log").open("w+")
    process = subprocess.Popen(
        [Path(sys.executable).parent / "titrate", *arguments], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/ready", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        assert process.poll() is None, "the demo ended before it was ready"
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - a loopback address of our own
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within two minutes")


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert BLOCKS
    assert {language for language, _ in BLOCKS} <= {"console", "text"}


@pytest.mark.parametrize(("command", "expected"), CONSOLE, ids=[command[:60] for command, _ in CONSOLE])
def test_command_prints_what_the_readme_says(command: str, expected: str, request: pytest.FixtureRequest) -> None:
    if command.startswith("make "):
        assert run(command.replace("make ", "make --dry-run ", 1))
        return
    if command.startswith("titrate demo") and "--once" not in command:
        assert request.getfixturevalue("demo")
        return
    if command.startswith("curl") and not shutil.which("curl"):
        pytest.skip("no curl on this machine")
    if DEMO in command:
        command = command.replace(DEMO, request.getfixturevalue("demo"))
    printed = run(command)
    assert CHECKER.check_output(expected, printed, LOOSE), f"{command}\nprinted:\n{printed}\nREADME says:\n{expected}"


def run(command: str) -> str:
    search_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": search_path},
    )
    assert done.returncode == 0, f"{command} exited {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def test_folder_map_names_every_folder_and_no_other() -> None:
    block = next(block for language, block in BLOCKS if language == "text")
    named = set(re.findall(r"^([\w.]+/)", block, re.M))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert named == {f"{path.split('/')[0]}/" for path in tracked if "/" in path}


def test_hook_example_is_strict_json() -> None:
    for path in (ROOT / "docs" / "examples").glob("*.json"):
        json.loads(path.read_text(), parse_constant=lambda name, path=path: pytest.fail(f"{path}: {name}"))
