"""A site's own rules and companions: in the place of what ships, silent where they are damaged."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.beside.shelf import load_shelf
from models.errors import ModelsError
from models.learned.companion import save
from models.learned.library import load_companions
from models.rules.library import load_library, write_rule
from models.rules.rulefile import frozen
from models.signature import Signature, add_signature

RULE, COMPANION = "vancomycin/trough-informed", "vancomycin/trough-exposure"


def by_id(found):
    return {one.id: one for one in found}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Each another content than what ships of that id."""
    rule = load_library().rule(RULE)
    write_rule(frozen(replace(rule, not_verified=(*rule.not_verified, "Trained here."))), tmp_path / "rules")
    one = load_companions().companions[COMPANION]
    path = tmp_path / "learned" / f"{COMPANION}.json"
    path.parent.mkdir(parents=True)
    save(replace(one, not_verified=(*one.not_verified, "Trained here.")), path)
    return tmp_path


def test_what_is_the_sites_own_takes_the_place_of_what_ships(own: Path) -> None:
    shipped, found = load_shelf(), load_shelf(own=own)
    assert by_id(found.rules).keys() == by_id(shipped.rules).keys()
    assert by_id(found.rules)[RULE].not_verified[-1] == "Trained here."
    assert by_id(found.companions)[COMPANION].not_verified[-1] == "Trained here."
    assert len(found.companions) == len(shipped.companions)
    assert not found.refused


def test_a_damaged_file_of_its_own_silences_what_it_replaces(own: Path) -> None:
    path = own / "rules" / f"{RULE}.toml"
    path.write_text(path.read_text().replace("0.4446", "0.5446"))
    (own / "learned" / f"{COMPANION}.json").write_text("{")
    found = load_shelf(own=own)
    assert {item.file for item in found.refused} == {f"{RULE}.toml", f"{COMPANION}.json"}
    assert RULE not in by_id(found.rules)
    assert COMPANION not in by_id(found.companions)


def test_a_signature_for_what_ships_is_none_for_what_replaced_it(own: Path, tmp_path: Path) -> None:
    file = tmp_path / "signatures.toml"
    note = Signature(by="A. Pharmacist", role="pharmacist", on="2026-11-21", hash=load_library().rule(RULE).hash)
    add_signature(file, RULE, note)
    assert load_shelf(file).in_use == 1
    found = load_shelf(file, own=own)
    assert found.in_use == 0
    assert "content is another since" in found.void[0]


def test_a_folder_without_either_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelsError, match="no folder rules and none learned"):
        load_shelf(own=tmp_path / "slip")
