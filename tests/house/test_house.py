"""The house's own rules, as failing tests: layers, types, style, sizes, and nothing that names a machine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.measure import ROOT, function_lengths, product_files

BIN = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ("lint-imports", "--no-cache"),
        ("ruff", "check", "--no-cache"),
        ("ruff", "format", "--check", "--no-cache"),
        ("mypy",),
    ],
    ids=["layers", "ruff", "format", "mypy"],
)
def test_tool_finds_nothing(command: tuple[str, ...]) -> None:
    done = run(str(BIN / command[0]), *command[1:])
    assert done.returncode == 0, done.stdout + done.stderr


def test_layer_rule_can_fail(tmp_path: Path) -> None:
    """A models/ that imports cds_server is caught: the check itself works."""
    for package in ("cds_server", "fhir", "models"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "models" / "bad.py").write_text("import cds_server\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = subprocess.run(
        [str(BIN / "lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": str(BIN)},
    )
    assert done.returncode != 0
    assert "models.bad -> cds_server" in done.stdout


def test_no_file_is_a_giant() -> None:
    sizes = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in product_files()}
    assert {path: lines for path, lines in sizes.items() if lines > 400} == {}


def test_functions_stay_short() -> None:
    lengths = sorted(n for path in product_files() for n, _ in function_lengths(path))
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[int(len(lengths) * 0.9)] <= 30


def test_only_one_file_reads_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in product_files()
        if re.search(r"\bos\.(environ|getenv)\b|\bfrom os import .*(environ|getenv)", path.read_text())
    }
    assert readers <= {"cds_server/config.py"}


def test_only_the_store_imports_sqlalchemy_and_only_r4_imports_fhir_resources() -> None:
    for path in product_files():
        place, text = str(path.relative_to(ROOT)), path.read_text()
        if not place.startswith("cds_server/store/"):
            assert not re.search(r"^\s*(from|import) (sqlalchemy|alembic)", text, re.M), place
        if place != "fhir/r4.py":
            assert not re.search(r"^\s*(from|import) fhir\.resources", text, re.M), place


def test_no_expression_in_a_file_is_ever_evaluated() -> None:
    for path in product_files():
        assert not re.search(r"(?<![.\w])(eval|exec)\(|\bimport pickle|pickle\.load", path.read_text()), path


def test_constraints_pin_by_name_and_version_only() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert lines
    assert [line for line in lines if line and not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)] == []
