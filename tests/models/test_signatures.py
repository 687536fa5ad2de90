"""The site's file of signatures: kept apart from what ships, each for one content, never silently lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.beside.shelf import load_shelf
from models.errors import ModelsError
from models.learned.library import load_companions
from models.rules.library import load_library
from models.signature import Signature, add_signature, read_signatures, void

RULE, COMPANION = "vancomycin/trough-informed", "vancomycin/trough-exposure"


def by(hash: str, name: str = "A. Pharmacist") -> Signature:
    return Signature(by=name, role="pharmacist", on="2026-11-21", hash=hash, note="adults only")


def test_signatures_are_kept_in_the_order_they_were_made(tmp_path: Path) -> None:
    file = tmp_path / "site" / "signatures.toml"
    assert read_signatures(file) == {}
    for id, note in ((RULE, by("1")), (COMPANION, by("2")), (RULE, by("3", "B. Physician"))):
        add_signature(file, id, note)
    assert read_signatures(file) == {RULE: (by("1"), by("3", "B. Physician")), COMPANION: (by("2"),)}
    assert [path.name for path in file.parent.iterdir()] == ["signatures.toml"]


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_name_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    file = tmp_path_factory.mktemp("names") / "s.toml"
    add_signature(file, RULE, by("1", name))
    assert read_signatures(file)[RULE][0].by == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[signature]]\nid = 'x'\nby = 'a'\nrole = 'b'\non = '2026-11-21'\n", "hash is missing"),
        ("[[signature]]\nid = 'x'\nby = ''\nrole = 'b'\non = '2026-11-21'\nhash = 'c'\n", "by must be a text"),
        ("[[signatures]]\nid = 'x'\n", "unknown key signatures"),
        ("signature = [", "is not readable TOML"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "signatures.toml").write_text(text)
    with pytest.raises(ModelsError, match=said) as refused:
        read_signatures(tmp_path / "signatures.toml")
    assert "signatures.toml" in str(refused.value)


def test_a_folder_is_no_file_of_signatures(tmp_path: Path) -> None:
    with pytest.raises(ModelsError, match="no regular file"):
        read_signatures(tmp_path)


def test_a_signature_for_other_content_or_for_nothing_is_void_and_names_nobody() -> None:
    known = {"x/a-alone": (by("old"),), "x/b-alone": (by("old"), by("new")), "x/c-alone": (by("1"),)}
    assert list(void(known, {"x/a-alone": "new", "x/b-alone": "new"})) == [
        "the signature for x/a-alone of 2026-11-21 is void: its content is another since",
        "the signature for x/c-alone of 2026-11-21 is void: there is no such file",
    ]


def test_what_ships_is_in_use_where_the_site_signed_it(tmp_path: Path) -> None:
    file = tmp_path / "signatures.toml"
    rule, companion = load_library().rule(RULE), load_companions().companions[COMPANION]
    add_signature(file, RULE, by(rule.hash))
    add_signature(file, COMPANION, by("0" * 64))
    assert load_shelf(file).in_use == 1
    assert load_shelf(file).void == (
        f"the signature for {COMPANION} of 2026-11-21 is void: its content is another since",
    )
    add_signature(file, COMPANION, by(companion.hash, "B. Physician"))
    both = load_shelf(file)
    assert (both.in_use, both.void, both.refused) == (2, (), ())
    assert next(one.in_use for one in both.companions if one.id == COMPANION) == "B. Physician, 2026-11-21"
    assert load_shelf().in_use == load_shelf(tmp_path / "none.toml").in_use == 0
    assert both.of("tacrolimus").in_use == 0
    assert {one.drug for one in (*both.of("tacrolimus").rules, *both.of("tacrolimus").companions)} == {"tacrolimus"}


def test_damaged_files_are_refused_by_name_and_the_others_stand(tmp_path: Path) -> None:
    for name in ("rules/vancomycin/x-alone.toml", "learned/busulfan/none-exposure.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("nothing")
    shelf = load_shelf(rules=tmp_path / "rules", companions=tmp_path / "learned")
    assert [one.file for one in shelf.refused] == ["vancomycin/x-alone.toml", "busulfan/none-exposure.json"]
    assert [one.file for one in shelf.of("busulfan").refused] == ["busulfan/none-exposure.json"]
    assert len(load_shelf(rules=tmp_path / "rules").companions) == len(load_companions().companions)
