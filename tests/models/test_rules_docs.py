"""docs/rules.md: its worked example is what the shipped rule says, and what a calculator says."""

import re
import shlex
from math import exp, log
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_server.cli import titrate
from models.rules.library import load_library
from models.rules.polynomial import polynomial_of

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, flags=re.S)


def block_with(word: str) -> tuple[list[str], str]:
    """The command of the block, and the answer that it shows."""
    block = next(item for item in BLOCKS if word in item)
    command, _, answer = block.replace("\\\n", " ").partition("\n")
    return shlex.split(command.removeprefix("$ titrate ")), answer


def test_the_worked_example_is_the_commands_answer() -> None:
    command, answer = block_with("--target 500")
    done = CliRunner().invoke(titrate, command)
    assert done.exit_code == 0, done.output
    assert done.stdout == answer


def test_the_rule_shown_is_the_rule_shipped() -> None:
    block = next(item for item in BLOCKS if "titrate rules list" in item)
    shown = CliRunner().invoke(titrate, ["rules", "show", "vancomycin/peak-trough-informed"]).stdout
    lines = block.splitlines()[2:]
    before, after = lines[: lines.index("...")], lines[lines.index("...") + 1 :]
    assert shown.startswith("\n".join(before))
    assert shown.rstrip().endswith("\n".join(after))


def test_the_worked_example_by_plain_arithmetic() -> None:
    """The page's steps with its own numbers, the constants from the shipped file."""
    polynomial = polynomial_of(load_library().rule("vancomycin/peak-trough-informed").formula)
    assert polynomial is not None
    constant, peak, trough = (polynomial[key] for key in ((), (("r_peak", 1),), (("r_trough", 1),)))
    assert f"−{-constant:g} + {peak:g} × (−0.1308) + {trough:g} × (−0.1676) | −0.1456" in PAGE
    y = constant + peak * log(27.2 / 31) + trough * log(14.8 / 17.5)
    assert y == pytest.approx(-0.1456, abs=5e-5)
    assert 3.41 * exp(y) == pytest.approx(2.948, abs=5e-4)
    assert 24 * 1250 / 12 / (3.41 * exp(y)) == pytest.approx(848, abs=0.5)
    assert 500 * 3.41 * exp(y) * 12 / 24 == pytest.approx(737, abs=0.5)
