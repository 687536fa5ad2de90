"""Frozen rules: files that say what they compute, are refused when touched, and are silent outside their box."""

import math
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelsError, RuleError
from models.rules.apply import Estimate, dose_for, estimate
from models.rules.export import python_of, spreadsheet_of
from models.rules.frozen import FrozenRule, Output, Proof, proofs
from models.rules.library import load_library, write_rule
from models.rules.quantities import Quantity, dimension
from models.rules.rulefile import canonical, content, frozen, read_rule, rule_of, written
from models.rules.wording import at_once, json_of, latex_of, steps
from models.signature import Signature
from models.silent import Silent
from models.toml_text import toml_text
from tests.models.rule_made import PATIENT, made, ratio, unfrozen


def said(found: Estimate | Silent) -> str:
    assert isinstance(found, Silent)
    return " ".join(found.reasons)


# --- by hand ------------------------------------------------------------------------------------------------------


def test_the_arithmetic_by_hand() -> None:
    """ln(24/20) = 0.18232, ln(8/10) = -0.22314; y = -0.05 + 0.054696 - 0.0781 = -0.073404; 4 L/h * 0.92922."""
    found = estimate(made(), PATIENT)
    assert isinstance(found, Estimate)
    assert found.log_ratio == pytest.approx(-0.073404, abs=1e-6)
    assert found.clearance == pytest.approx(3.71690, abs=1e-4)
    assert found.exposure == pytest.approx(24 * 83.3333 / 3.71690, abs=0.02)
    assert dose_for(made(), found, 500.0, 12.0) == pytest.approx(500 * 3.71690 * 12 / 24, abs=0.05)


FIVE = [
    # levels peak and trough, expected peak and trough, expected clearance -> clearance by a calculator
    (20.0, 10.0, 24.0, 8.0, 4.0, 3.7169),
    (35.0, 18.0, 30.0, 14.0, 3.0, 2.4955),
    (15.0, 5.0, 25.0, 10.0, 4.5, 6.3596),
    (28.0, 12.0, 28.0, 12.0, 2.5, 2.3781),
    (22.0, 20.0, 26.0, 11.0, 3.6, 2.9206),
]


@pytest.mark.parametrize(("peak", "trough", "e_peak", "e_trough", "e_cl", "clearance"), FIVE)
def test_five_patients_by_a_calculator(
    peak: float, trough: float, e_peak: float, e_trough: float, e_cl: float, clearance: float
) -> None:
    """CL = expected CL * 0.95123 * (e_peak/peak)^0.3 * (e_trough/trough)^0.35, as a calculator has it."""
    patient = PATIENT | {
        "level_peak": peak,
        "level_trough": trough,
        "expected_peak": e_peak,
        "expected_trough": e_trough,
        "expected_clearance": e_cl,
    }
    found = estimate(made(), patient)
    assert isinstance(found, Estimate)
    assert found.clearance == pytest.approx(clearance, abs=2e-3)
    assert found.clearance == pytest.approx(
        e_cl * 0.951229 * (e_peak / peak) ** 0.3 * (e_trough / trough) ** 0.35, rel=1e-6
    )


def test_terms_add_up_to_the_whole() -> None:
    found = estimate(made(), PATIENT)
    assert isinstance(found, Estimate)
    assert sum(term.adds for term in found.terms) == pytest.approx(found.log_ratio, abs=1e-14)
    assert math.prod(term.factor for term in found.terms) * 4.0 == pytest.approx(found.clearance, rel=1e-12)
    assert {term.words for term in found.terms} == {"constant", "0.3*r_peak", "0.35*r_trough"}


def test_the_interval_is_that_of_the_error_the_right_way_round() -> None:
    """ln(estimate/truth) from -0.3 to 0.4: the truth from estimate * exp(-0.4) to estimate * exp(0.3)."""
    rule = made()
    found = estimate(rule, PATIENT)
    assert isinstance(found, Estimate)
    low, high = found.interval(rule.spreads[0])
    assert low == pytest.approx(found.exposure * math.exp(-0.4))
    assert high == pytest.approx(found.exposure * math.exp(0.3))


def test_terms_of_a_formula_that_is_no_polynomial() -> None:
    rule = made("0.1 + 0.3*r_peak - 0.2*exp(-1*r_trough)", intervals=((0.0, 1.0),) * 4)
    found = estimate(rule, PATIENT)
    assert isinstance(found, Estimate)
    assert [term.words for term in found.terms] == ["constant", "0.3*r_peak", "-(0.2*exp(-1*r_trough))"]
    assert sum(term.adds for term in found.terms) == pytest.approx(found.log_ratio, abs=1e-14)


# --- silence ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"weight": 131.0}, "Weight of 131 kg is outside the 45 to 130 kg that the rule was made in."),
        ({"weight": math.nan}, "Weight is not a number."),
        ({"weight": math.inf}, "Weight is not a number."),
        ({"weight": None}, "Weight is not known."),
        ({"level_peak": 0.0}, "Level peak of 0 mg/L is outside"),
        ({"level_trough": 1.6, "expected_trough": 39.0}, "Expected trough over level trough is 24.4, outside the 0.4"),
        ({"level_trough": -3.0}, "outside the 1.5 to 50 mg/L"),
    ],
)
def test_outside_its_box_it_is_silent_and_says_why(change: dict[str, Any], reason: str) -> None:
    values = {name: value for name, value in (PATIENT | change).items() if value is not None}
    assert reason in said(estimate(made(), values))


def test_a_flag_of_patients_it_was_not_made_for_silences_it() -> None:
    assert "patients with dialysis" in said(estimate(made(), PATIENT, {"dialysis": True}))
    assert isinstance(estimate(made(), PATIENT, {"dialysis": False}), Estimate)


def test_the_edge_is_inside_and_a_step_beyond_is_not() -> None:
    assert isinstance(estimate(made(), PATIENT | {"weight": 130.0}), Estimate)
    assert isinstance(estimate(made(), PATIENT | {"weight": 129.99}), Estimate)
    assert isinstance(estimate(made(), PATIENT | {"weight": 130.01}), Silent)


@given(st.dictionaries(st.sampled_from(sorted(PATIENT)), st.floats(allow_nan=True, allow_infinity=True)))
def test_no_number_makes_it_raise_and_what_it_says_is_usable(values: dict[str, float]) -> None:
    found = estimate(made(), PATIENT | values)
    if isinstance(found, Estimate):
        assert math.isfinite(found.exposure)
        assert found.exposure > 0
    else:
        assert found.reasons


@given(st.floats(3.0, 70.0), st.floats(1.001, 2.0))
def test_a_higher_level_never_means_a_lower_exposure(level: float, times: float) -> None:
    one, two = (estimate(made(), PATIENT | {"level_peak": value}) for value in (level, level * times))
    if isinstance(one, Estimate) and isinstance(two, Estimate):
        assert two.exposure >= one.exposure


# --- files --------------------------------------------------------------------------------------------------------


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


# --- what can not be frozen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said_"),
    [
        ({"formula": "0.1 - 0.3*r_peak + 0.35*r_trough"}, "does not fall everywhere as level_peak rises"),
        ({"formula": "0.1/r_peak + 0.3*r_trough"}, "no finite value somewhere"),
        ({"inputs": (ratio("r_peak", "peak"),)}, "reads r_trough, which are no inputs"),
        ({"inputs": (ratio("r_peak", "peak"), ratio("r_trough", "mid"))}, "is no quantity of this rule"),
    ],
)
def test_a_rule_that_can_not_be_trusted_is_not_frozen(changes: dict[str, Any], said_: str) -> None:
    with pytest.raises(RuleError, match=said_):
        made(**changes)


def test_monotone_together_is_another_promise_and_kept_too() -> None:
    """Falls as the peak's ratio rises alone, rises as both do."""
    falls = "clearance never falls as r_peak and r_trough together rises"
    shown = (unfrozen().proofs[0], Proof(of=falls, how="proved"))
    made("0.1 - 0.3*r_peak + 0.35*r_trough", monotone="together", proofs=shown)
    with pytest.raises(RuleError, match="as level_peak and level_trough rises"):
        made("0.1 - 0.3*r_peak + 0.25*r_trough", monotone="together")


def test_units_that_do_not_cancel_are_refused() -> None:
    wrong = tuple(replace(q, unit="ug/L") if q.name == "level_peak" else q for q in unfrozen().quantities)
    with pytest.raises(RuleError, match=r"r_peak: mg/L/\(ug/L\) is not the 1 of its reference"):
        made(quantities=wrong)
    with pytest.raises(RuleError, match="must be a quantity in L/h"):
        made(output=replace(unfrozen().output, base="weight"))


def test_dimensions_by_hand() -> None:
    assert dimension("mg.h/L") == {"mg": 1, "h": 1, "L": -1}
    assert dimension("mL/min") == {"mL": 1, "min": -1}
    assert dimension("mg.L/h/ug") == {"mg": 1, "L": 1, "h": -1, "ug": -1}
    assert dimension("m2") == {"m": 2}
    assert dimension("1") == {}
    with pytest.raises(RuleError, match="no unit"):
        dimension("10*3/uL!")


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(RuleError, match="finite and in order"):
        Quantity(name="weight", unit="kg", words="weight", low=3.0, high=1.0)
    with pytest.raises(RuleError, match="a logarithm needs a low above 0"):
        replace(ratio("r", "peak"), low=0.0)


# --- exports ------------------------------------------------------------------------------------------------------


def program(rule: FrozenRule) -> dict[str, Any]:
    """Run by Python, apart from our evaluator."""
    space: dict[str, Any] = {}
    exec(python_of(rule), space)  # noqa: S102
    return space


def test_the_python_export_is_the_rule() -> None:
    found = estimate(made(), PATIENT)
    assert isinstance(found, Estimate)
    assert program(made())["clearance"](**PATIENT) == pytest.approx(found.clearance, rel=1e-14)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight": 131.0}, "weight of 131 kg is outside the 45 to 130 that"),
        ({"level_peak": 0.0}, "level_peak of 0 mg/L is outside"),
        ({"level_trough": math.nan}, "level_trough of nan mg/L is outside"),
        ({"level_trough": 1.6, "expected_trough": 39.0}, "expected_trough / level_trough of 24.375 1 is outside"),
    ],
)
def test_the_exports_give_no_number_outside_the_box(change: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        program(made())["clearance"](**PATIENT | change)
    if change.keys() != {"level_peak"}:  # a division by 0 is an error in the sheet, which is no "inside"
        assert sheet(made(), PATIENT | change)[-2:] == ["outside", "outside"]


def sheet(rule: FrozenRule, values: dict[str, float]) -> list[Any]:
    """Column B, worked out: the formulas of the sheet put as Python has them."""
    cells: dict[str, Any] = {}
    names = {
        "AND": lambda *tests: all(tests),
        "ISNUMBER": lambda value: isinstance(value, float) and value == value,
        "COUNTIF": lambda column, word: column.count(word),
        "LN": math.log,
        "EXP": math.exp,
    }
    for line in spreadsheet_of(rule):
        cell, _, content = line.partition(": ")
        if content.startswith("("):
            cells[cell] = values[content.strip("()")]
        elif content.startswith("="):
            words = re.sub(r"F1:F(\d+)", lambda m: f"[{','.join(f'F{n + 1}' for n in range(int(m[1])))}]", content[1:])
            words = re.sub(r"(?<![<>])=", "==", words).replace("^", "**")
            words = re.sub(r'^IF\((.*),([^,]*),"outside"\)$', r'(\2) if (\1) else "outside"', words)
            cells[cell] = eval(words, names, cells)  # noqa: S307
        elif cell[0] in "DE":
            cells[cell] = float(content)
    return [value for cell, value in cells.items() if cell.startswith("B")]


def test_the_spreadsheet_export_is_the_rule() -> None:
    found = estimate(made(), PATIENT)
    assert isinstance(found, Estimate)
    assert sheet(made(), PATIENT)[-2:] == pytest.approx([found.clearance, found.exposure], rel=1e-14)


@pytest.mark.parametrize("rule", load_library().rules.values(), ids=lambda rule: rule.id)
def test_the_exports_of_what_ships_are_the_rule(rule: FrozenRule) -> None:
    """In the middle of each range, where the ratios are inside theirs; else all three refuse."""
    patient = {item.name: math.sqrt(item.low * item.high) if item.low else item.high for item in rule.quantities}
    found = estimate(rule, patient)
    if isinstance(found, Estimate):
        assert program(rule)["clearance"](**patient) == pytest.approx(found.clearance, rel=1e-12)
        assert sheet(rule, patient)[-2:] == pytest.approx([found.clearance, found.exposure], rel=1e-12)
    else:
        with pytest.raises(ValueError, match="outside"):
            program(rule)["clearance"](**patient)
        assert sheet(rule, patient)[-1] == "outside"


def test_the_spreadsheet_export_cell_by_cell() -> None:
    lines = spreadsheet_of(made())
    assert lines[:6] == (
        "A1: expected_peak",
        "B1: (expected_peak)",
        "C1: mg/L",
        "D1: 10.0",
        "E1: 60.0",
        'F1: =IF(AND(ISNUMBER(B1),B1>=D1,B1<=E1),"inside","outside")',
    )
    assert [line for line in lines if line.startswith("B")] == [
        "B1: (expected_peak)",
        "B2: (level_peak)",
        "B3: (expected_trough)",
        "B4: (level_trough)",
        "B5: (expected_clearance)",
        "B6: (rate)",
        "B7: (weight)",
        "B8: (interval)",
        "B9: =B1/B2",
        "B10: =B3/B4",
        "B11: =LN(B9)",
        "B12: =LN(B10)",
        "B13: =-0.05 + 0.3*B11 + 0.35*B12",
        'B14: =IF(COUNTIF(F1:F10,"inside")=10,B5*EXP(B13),"outside")',
        'B15: =IF(ISNUMBER(B14),24.0*B6/B14,"outside")',
    ]
    assert lines[-2:] == ("A20: Not for patients with dialysis", "A21: Not verified: Everything.")


def test_what_is_in_a_file_can_not_become_a_line_of_the_program() -> None:
    rule = made(words="a peak\nprint(1)", not_verified=("x\r\nimport os\u2028=A1",))
    assert "\nprint" not in python_of(rule)
    assert {line[:2] for line in python_of(rule).splitlines() if "import os" in line or "print" in line} == {"# "}
    for name in ("x=print(1)", "lambda", "a b", "\u00e4", "=A1", ""):
        with pytest.raises(RuleError, match="is no name"):
            replace(unfrozen().quantities[0], name=name)
        with pytest.raises(RuleError, match="is no name"):
            replace(unfrozen().inputs[0], symbol=name)


def test_words_latex_and_json() -> None:
    rule = made()
    assert steps(rule) == (
        "r_peak = ln(expected_peak/level_peak)",
        "r_trough = ln(expected_trough/level_trough)",
        "y = -0.05 + 0.3*r_peak + 0.35*r_trough",
        "clearance = expected_clearance * exp(y)",
        "exposure = 24 * rate / clearance",
        "dose = target * clearance * interval / 24",
    )
    assert latex_of(rule).startswith(r"\ln\frac{CL}{\mathrm{expected\_clearance}} = -0.05 + 0.3 \cdot")
    assert json_of(rule)["y"] == ["add", ["add", -0.05, ["mul", 0.3, "r_peak"]], ["mul", 0.35, "r_trough"]]
    curved = made("-0.05 + 0.3*r_peak + 0.35*r_trough + 0.01*r_trough*r_trough*r_trough", intervals=((0.0, 1.0),) * 4)
    assert at_once(curved).startswith("clearance = expected_clearance * exp(-0.05 + ")


def test_a_base_without_a_model_is_a_number() -> None:
    rule = made(output=Output(**{**vars(unfrozen().output), "base": 4.0}), form="alone", behind="")
    found = estimate(rule, PATIENT)
    assert isinstance(found, Estimate)
    assert found.base == 4.0
    assert np.isfinite(found.clearance)
