"""Putting rules and companions into use: apart from what ships, taken up at the next start, told in the log once."""

import json
import logging
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_server.cli import titrate
from cds_server.config import Settings
from cds_server.parts import announced, build_parts
from models.beside.shelf import Shelf
from models.datafile import Refused
from models.learned.library import LIBRARY as COMPANIONS
from models.rules.library import LIBRARY as RULES
from models.rules.library import load_library
from models.signature import Signature, add_signature

WHO = ("--by", "A. Pharmacist", "--role", "head of pharmacy", "--at", "2026-11-21")
RULE, COMPANION = "vancomycin/trough-informed", "vancomycin/trough-exposure"


def run(file: Path, *words: str) -> Result:
    return CliRunner().invoke(titrate, words, env={"TITRATE_SIGNATURES_FILE": str(file)}, catch_exceptions=False)


def shipped() -> str:
    paths = sorted((*RULES.rglob("*.toml"), *COMPANIONS.rglob("*.json")))
    return sha256(b"".join(path.name.encode() + path.read_bytes() for path in paths)).hexdigest()


@pytest.mark.parametrize(("kind", "id"), [("rules", RULE), ("learn", COMPANION)])
def test_what_ships_is_signed_apart_from_it_and_taken_up_at_the_next_start(tmp_path: Path, kind: str, id: str) -> None:
    file, before = tmp_path / "signatures.toml", shipped()
    settings = Settings(data_folder=tmp_path, queue="in-process", signatures_file=str(file))
    assert build_parts(settings).shelf.in_use == 0
    done = run(file, kind, "sign", id, *WHO)
    assert done.exit_code == 0, done.output
    assert str(file) in done.stdout
    assert "when it is started again" in done.stdout
    assert shipped() == before
    listed = [line for line in run(file, kind, "list").stdout.splitlines() if line.startswith(f"{id} ")]
    assert "not signed" not in listed[0]
    assert "signed into use by A. Pharmacist" in run(file, kind, "show", id).stdout.replace("use: A", "use by A")
    assert build_parts(settings).shelf.in_use == 1


@pytest.mark.parametrize(("kind", "id"), [("rules", RULE), ("learn", COMPANION)])
def test_a_signature_for_other_content_is_named_as_void(tmp_path: Path, kind: str, id: str) -> None:
    file = tmp_path / "signatures.toml"
    add_signature(file, id, Signature(by="A. Pharmacist", role="pharmacist", on="2026-11-21", hash="0" * 64))
    add_signature(file, "vancomycin/gone-alone", Signature(by="A", role="b", on="2026-11-21", hash="1"))
    told = json.loads(run(file, kind, "check", "--json").stdout)["void"]
    assert f"the signature for {id} of 2026-11-21 is void: its content is another since" in told
    assert any("gone-alone" in line for line in told) is (kind == "rules"), "each command speaks of its own"
    assert "warning: the signature for" in run(file, kind, "check").stdout
    assert "signed into use" not in run(file, kind, "show", id).stdout.replace("not signed into use", "")


def test_the_data_folder_holds_the_signatures_where_nothing_else_is_set(tmp_path: Path) -> None:
    assert Settings(data_folder=tmp_path).signatures == tmp_path / "signatures.toml"
    done = CliRunner().invoke(titrate, ["rules", "sign", RULE, *WHO], env={"TITRATE_DATA_FOLDER": str(tmp_path)})
    assert done.exit_code == 0, done.output
    rule = load_library().rule(RULE)
    assert rule.hash in (tmp_path / "signatures.toml").read_text()


@pytest.mark.parametrize(("kind", "id", "folder"), [("rules", RULE, "--library"), ("learn", COMPANION, "--folder")])
def test_a_folder_and_a_file_of_signatures_are_one_too_many(tmp_path: Path, kind: str, id: str, folder: str) -> None:
    done = run(tmp_path / "s", kind, "sign", id, *WHO, folder, str(tmp_path), "--signatures", str(tmp_path / "t"))
    assert done.exit_code == 2
    assert "signed in its own file" in done.output


def test_what_can_not_be_used_is_logged_with_file_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    damaged = Refused(file="vancomycin/trough-informed.toml", reason="its hash is 'a'")
    announced(Shelf(refused=(damaged,), void=("the signature for x is void",)))
    told = [(line.levelname, line.getMessage(), getattr(line, "why", "")) for line in caplog.records]
    assert told == [
        ("WARNING", "rule or companion refused", "its hash is 'a'"),
        ("WARNING", "signature void", "the signature for x is void"),
    ]
    assert caplog.records[0].file == "vancomycin/trough-informed.toml"  # type: ignore[attr-defined]


def test_a_file_of_signatures_that_is_not_there_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A slip in the path would otherwise look like a site where nobody has signed."""
    build_parts(Settings(data_folder=tmp_path, queue="in-process"))
    assert not caplog.records
    build_parts(Settings(data_folder=tmp_path, queue="in-process", signatures_file=str(tmp_path / "slip.toml")))
    assert [line.getMessage() for line in caplog.records] == ["no file of signatures yet: nothing is in use"]


def test_where_none_is_shown_none_is_read(tmp_path: Path) -> None:
    (tmp_path / "signatures.toml").write_text("no TOML at all")
    settings = Settings(data_folder=tmp_path, queue="in-process", companions="none")
    assert build_parts(settings).shelf.rules == ()
