"""Our package fhir and fhir.resources share one name: both import together, from any folder, however installed."""

import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("cds_server", "fhir", "models", "pyproject.toml", "README.md")
# what build backend pyproject.toml asks for; `make test` installs it with the dev extra
ENOUGH = tuple(int(part) for part in version("setuptools").split(".")[:1]) >= (77,)

# imports ours and theirs, in both orders, and reads the data files that must travel along
PROBE = """
import sys
order = sys.argv[1]
if order == "ours":
    import fhir.read, fhir.r4
    from fhir.resources.R4B.patient import Patient
else:
    from fhir.resources.R4B.patient import Patient
    import fhir.read, fhir.r4
import cds_server, models.catalog
from fhir.quantity import convert
from fhir.codes import table
assert convert(88.4, "umol/L", "mg/dL", molar_mass=table()["covariates"]["creatinine"]["molar_mass"]) > 0.99
assert Patient(gender="female").gender == "female"
assert fhir.r4.faults({"resourceType": "MedicationRequest"})
assert "vancomycin" in models.catalog.load_catalog().drugs
print(fhir.read.__file__)
"""


def test_the_init_is_its_two_statements() -> None:
    """Anything more, or a package fhir/resources of ours, would hide fhir.resources."""
    statements = ["from pkgutil import extend_path", "__path__ = extend_path(__path__, __name__)"]
    lines = (ROOT / "fhir" / "__init__.py").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line] == statements
    assert not (ROOT / "fhir" / "resources").exists()


@pytest.mark.parametrize("order", ["ours", "theirs"])
def test_from_the_checkout_by_path(tmp_path: Path, order: str) -> None:
    """Uninstalled, as in the container: the checkout on sys.path before the installed libraries."""
    place = probe(
        Path(sys.executable), order, tmp_path, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{PROBE}"
    )
    assert Path(place).is_relative_to(ROOT)


@pytest.mark.skipif(not ENOUGH, reason="setuptools >= 77 is not installed here (make test installs it)")
@pytest.mark.parametrize("how", ["wheel", "editable"])
def test_installed_in_an_environment_of_its_own(tmp_path: Path, how: str) -> None:
    """A new environment that sees the libraries of this one, but not its installation of Titrate."""
    source = copied(tmp_path / "source")
    python = environment(tmp_path / "env")
    install(python, built(source, tmp_path) if how == "wheel" else source, editable=how == "editable")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for order in ("ours", "theirs"):
        place = Path(probe(python, order, elsewhere, "-c", PROBE))
        assert place.is_relative_to(source if how == "editable" else tmp_path / "env")


@pytest.mark.skipif(not ENOUGH, reason="setuptools >= 77 is not installed here (make test installs it)")
def test_a_wheel_carries_every_file(tmp_path: Path) -> None:
    """Installed, nothing is missing that the checkout has: tables, models, rules, templates."""
    source = copied(tmp_path / "source")
    there = {path for part in ("cds_server", "fhir", "models") for path in (source / part).rglob("*") if path.is_file()}
    with ZipFile(built(source, tmp_path)) as wheel:
        carried = set(wheel.namelist())
    assert sorted({path.relative_to(source).as_posix() for path in there} - carried) == []


def copied(source: Path) -> Path:
    """The files a build needs, apart from the checkout: building leaves traces beside its sources."""
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    return source


def environment(folder: Path) -> Path:
    """A virtual environment with this one's libraries on its path; their .pth files are not processed there."""
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    python = folder / "bin" / "python"
    site = Path(run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def built(source: Path, folder: Path) -> Path:
    run(*pip("wheel"), "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("titrate-*.whl")
    return wheel


def install(python: Path, what: Path, *, editable: bool) -> None:
    run(
        *(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"),
        *("--ignore-installed", "--no-build-isolation", "--disable-pip-version-check"),
        *(("--editable", str(what)) if editable else (str(what),)),
    )


def pip(command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pip", command, "--quiet", "--no-index", "--disable-pip-version-check")


def probe(python: Path, order: str, folder: Path, *code: str) -> str:
    return run(str(python), *code, order, folder=folder).strip()


def run(*command: str, folder: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
