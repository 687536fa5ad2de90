"""Files of rules: they say what they compute, come back as they were, and are refused when touched."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import ModelsError, RuleError
from models.rules.frozen import FrozenRule, proofs
from models.rules.library import load_library, write_rule
from models.rules.rulefile import canonical, content, frozen, read_rule, rule_of, written
from models.signature import Signature
from models.toml_text import toml_text
from tests.models.rule_made import made, unfrozen


def kept(rule: FrozenRule, folder: Path) -> Path:
    return write_rule(rule, folder)


def test_a_rule_comes_back_from_its_file(tmp_path: Path) -> None:
    rule = made()
    assert read_rule(kept(rule, tmp_path)) == rule


def test_what_is_in_the_file_reads_like_a_sentence(tmp_path: Path) -> None:
    text = kept(made(), tmp_path).read_text()
    assert 'formula = "-0.05 + 0.3*r_peak + 0.35*r_trough"' in text
    assert (
        'at_once = "clearance = expected_clearance * 0.9512 * (expected_peak/level_peak)^0.3 * '
        '(expected_trough/level_trough)^0.35"'
    ) in text
    assert len(text.splitlines()) < 250


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.3*r_peak", "0.4*r_peak"),
        ("high = 130.0", "high = 1300.0"),
        ('absent = ["dialysis"]', "absent = []"),
        ("rmse = [30.0", "rmse = [3.0"),
        ("factor = 24.0", "factor = 12.0"),
    ],
)
def test_a_file_that_was_touched_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = kept(made(), tmp_path)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(RuleError, match="it was changed or damaged"):
        read_rule(path)


def rehashed(path: Path, old: str, new: str) -> None:
    """As somebody would who knows how the hash is made."""
    from models.rules.frozen import digest

    raw = tomllib.loads(path.read_text().replace(old, new))
    raw.pop("hash")
    path.write_text(toml_text({**raw, "hash": digest(canonical(raw))}))


@pytest.mark.parametrize(
    ("old", "new", "said_"),
    [
        ("-0.05 + 0.3*r_peak", "__import__(r_peak)", "no function that a rule may use"),
        ("-0.05 + 0.3*r_peak", f"-0.05 + 0.3*r_peak^{'-' * 2500}2", "at most 40 levels deep"),
        ("-0.05 + 0.3*r_peak", "-0.05 + 0.4*r_peak", "at_once, latex do not say what its formula does"),
        (
            '"-0.05 + 0.3*r_peak + 0.35*r_trough"\nintervals',
            '"0.05 - 0.3*r_peak + 0.35*r_trough"\nintervals',
            "does not fall everywhere as level_peak rises",
        ),
        ('unit = "mg/h"', 'unit = "mg"', "a dose rate in mg/h is missing"),
        ('unit = "mg.h/L"', 'unit = "mg/L"', "h times mg/L is not mg/L"),
        ("format = 1", "format = 2", "its format is 2"),
        ("nodes = 9", "nodes = 5", "nodes do not say"),
        ('metric = "auc24"', 'metric = "auc24"\ncolour = 3', "unknown key"),
        ("intervals = [[-0.07, -0.03], ", "intervals = [", "2 intervals for 3 constants"),
        ("intervals = [[-0.07, -0.03], ", "intervals = [[-0.03, -0.07], ", "intervals must be in order"),
        ("low = -0.3\nhigh = 0.4", "low = 0.4\nhigh = -0.3", "a spread of 0.8 from 0.4 to -0.3 can not be"),
        ("low = -0.3\nhigh = 0.4", "low = 0.3\nhigh = 0.4", "a spread of 0.8 from 0.3 to 0.4 can not be"),
        ("share = 0.8", "share = 80.0", "a spread of 80 from"),
        ("[[spread]]", "[[spread]]\nshare = 0.95\nlow = -0.2\nhigh = 0.5\n\n[[spread]]", "a spread of 0.95 from -0.2"),
        ("rmse = [30.0, 28.0, 32.0]", "rmse = [30.0, 28.0]", "rmse must be a value with the lower and the upper"),
        ("rmse = [30.0, 28.0, 32.0]", "rmse = [30.0, 32.0, 28.0]", "rmse must be a value with the lower and the upper"),
        ("rmse = [30.0, 28.0, 32.0]", "bias = [30.0, 28.0, 32.0]", "rmse is missing"),
        ("silent = 0.1", "silent = -0.1", "silent must be a finite number of at least 0"),
        ("[training.population", "[training.other", "training.population is missing"),
        ('design = "def"', 'colour = "red"', "training.population.design is missing"),
        ("patients = 10\nseed", "patients = true\nseed", "population.patients must be a whole number"),
        ('part = "training"', 'part = "test"', "population.part must be one of"),
        ("spread = 1.0", "spread = 1e300", "population.shift must be none"),
        ('name = "by hand"', 'called = "by hand"', "engine.name is missing"),
        ('name = "weight"', 'name = "rate"', "the same name twice among rate, interval, rate"),
        ("never falls as r_peak rises", "falls as r_peak rises", "proofs are not what comes out"),
        ('[[proof]]\nof = "clearance never falls as r_peak rises"\nhow = "proved"\n', "", "proofs are not what comes"),
    ],
)
def test_a_false_rule_with_a_right_hash_is_refused(tmp_path: Path, old: str, new: str, said_: str) -> None:
    path = kept(made(), tmp_path)
    assert old in path.read_text()
    rehashed(path, old, new)
    with pytest.raises(ModelsError, match=said_):
        read_rule(path)


def test_points_that_were_looked_at_are_not_called_a_proof() -> None:
    """(r - 0.5)^3 has a slope of 0 at 0.5, next to which interval arithmetic does not come to an end."""
    looked_at = unfrozen("0.35*r_trough + (r_peak - 0.5)^3", intervals=((0.0, 1.0),) * 2)
    assert [item.how for item in proofs(looked_at)] == ["proved", "dense check", "proved"]
    with pytest.raises(RuleError, match=r"proofs are not what comes out .*r_peak rises: dense check"):
        frozen(looked_at)
    assert frozen(replace(looked_at, proofs=proofs(looked_at))).hash
    weaker = tuple(replace(item, how="dense check") for item in unfrozen().proofs)
    assert made(proofs=weaker).proofs == weaker, "what was only looked at then may be proved by now"


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, number: str) -> None:
    path = kept(made(), tmp_path)
    path.write_text(path.read_text().replace("low = 45.0", f"low = {number}"))
    with pytest.raises(RuleError, match="it holds what no rule does"):
        read_rule(path)


@pytest.mark.parametrize(
    "junk", [b"", b"\xff\xfe", b"a = ", b"x" * 300_000, b"formula = 3", b"a = " + b"9" * 5000, b"a=" + b"[" * 5000]
)
def test_junk_is_no_rule(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.toml"
    path.write_bytes(junk)
    with pytest.raises(ModelsError):
        read_rule(path)


def test_half_of_a_character_is_no_rule() -> None:
    """As a broker can send it inside of JSON; a file can not hold it."""
    with pytest.raises(RuleError, match="x can not be read as a rule"):
        rule_of(written(made()).replace("a peak and a trough", "a \ud800"), "x")


def test_what_is_no_regular_file_is_refused_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "vancomycin"
    folder.mkdir()
    (folder / "endless.toml").symlink_to("/dev/zero")
    (folder / "nowhere.toml").symlink_to("gone")
    (folder / "folder.toml").mkdir()
    assert [item.file for item in load_library(tmp_path).refused] == [
        "vancomycin/endless.toml",
        "vancomycin/folder.toml",
        "vancomycin/nowhere.toml",
    ]


def test_signatures_are_of_one_hash_and_do_not_change_it(tmp_path: Path) -> None:
    rule = made()
    signature = Signature(by="A. Pharmacist", role="head of pharmacy", on="2026-11-21", hash=rule.hash)
    path = kept(replace(rule, signatures=(signature,)), tmp_path)
    found = read_rule(path)
    assert found.signed
    assert found.hash == rule.hash
    path.write_text(
        path.read_text()
        .replace(f'hash = "{rule.hash}"\n', 'hash = "0"\n', 2)
        .replace('hash = "0"', f'hash = "{rule.hash}"', 1)
    )
    with pytest.raises(ModelsError, match=r"signed by A\. Pharmacist when its hash was 0"):
        read_rule(path)


def test_a_library_names_what_it_refuses_and_keeps_the_rest(tmp_path: Path) -> None:
    kept(made(), tmp_path)
    (tmp_path / "vancomycin" / "broken.toml").write_text("format = 1")
    moved = made(id="vancomycin/other")
    kept(moved, tmp_path).rename(tmp_path / "vancomycin" / "elsewhere.toml")
    found = load_library(tmp_path)
    assert list(found.rules) == ["vancomycin/peak-trough-informed"]
    assert [item.file for item in found.refused] == ["vancomycin/broken.toml", "vancomycin/elsewhere.toml"]
    assert "is not where it lies" in found.refused[1].reason
    with pytest.raises(RuleError, match="no rule has the id 'x'"):
        found.rule("x")


def test_the_hash_is_of_the_content_and_nothing_else() -> None:
    assert made().hash == made().hash != made("-0.05 + 0.3*r_peak + 0.36*r_trough").hash
    assert tomllib.loads(written(made()))["hash"] == made().hash
    assert "hash" not in content(made())
