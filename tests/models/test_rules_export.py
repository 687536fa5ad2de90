"""A rule written out as a program, a sheet, words and JSON: the same rule, with its units and ranges."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.errors import RuleError
from models.rules.apply import Estimate, estimate
from models.rules.export import python_of, spreadsheet_of
from models.rules.frozen import FrozenRule, Output
from models.rules.library import load_library
from models.rules.wording import at_once, json_of, latex_of, steps
from tests.models.rule_made import PATIENT, made, unfrozen


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
