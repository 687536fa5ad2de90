"""Profiles from CSV text: NM-TRAN columns, units of time from the dose, and rows that can not be read."""

from typing import Any

import pytest

from models.errors import RecordError
from models.evaluate.nca import nca
from models.evaluate.table import Asked, read_subjects

INFUSED = """ID,TIME,DV,AMT,RATE
1,0,.,500,250
1,2,20,.,.
1,4,10,.,.
2,24,,500,500
2,25,18,,
2,29,9,,
"""


def read(text: str, **other: Any) -> list[Any]:
    return list(read_subjects(text, Asked(**({"unit": "mg/L"} | other))))


def test_rate_says_infusion_and_its_duration_and_times_count_from_the_dose() -> None:
    first, second = (subject.profile for subject in read(INFUSED))
    assert (first.route, first.duration, first.dose, first.times) == ("infusion", 2, 500, (2, 4))
    assert (second.duration, second.times, second.concentrations) == (1, (1, 5), (18, 9))


def test_plain_columns_with_the_dose_from_outside() -> None:
    (subject,) = read("Subject,Wt,Time,conc\n7,70,0,0\n7,70,1,4\n7,70,2,2\n", dose=320.0, route="extravascular")
    assert (subject.id, subject.profile.dose, subject.profile.times) == ("7", 320, (0, 1, 2))


def test_the_same_levels_later_in_the_file_are_the_same_analysis() -> None:
    """A dose at hour 100.5 instead of 0; halves of hours, so the difference is exact."""
    late = "ID,TIME,DV,AMT\n1,100.5,,500\n1,102.5,20,\n1,104.5,10,\n1,108.5,2,\n1,116.5,1,\n"
    early = "ID,TIME,DV,AMT\n1,0,,500\n1,2,20,\n1,4,10,\n1,8,2,\n1,16,1,\n"
    a, b = (read(text, route="bolus")[0].profile for text in (late, early))
    assert nca(a) == nca(b)


@pytest.mark.parametrize(
    "cells", ["<0.5,0,0", "BLQ,0,0", "bql,0,0", "0.3,1,0", ".,1,1", "0.3,0,0.5", "-0.01,0,0.5", "0,0,0"]
)
def test_below_the_limit_however_it_is_written(cells: str) -> None:
    (subject,) = read(f"ID,TIME,AMT,DV,BLQ,LLOQ\n1,0,9,,,\n1,1,,4,0,0\n1,2,,{cells}\n", route="bolus")
    assert [subject.profile.measurable(i) for i in range(2)] == [True, False]
    assert subject.findings == ()


@pytest.mark.parametrize("cells", [",0", ".,0", "NA,0", "nan,0", "4,1", ",1"])
def test_missing_samples_are_left_out_and_said(cells: str) -> None:
    (subject,) = read(f"ID,TIME,AMT,DV,MDV\n1,0,9,,1\n1,1,,4,0\n1,2,,{cells}\n1,3,,2,0\n", route="bolus")
    assert subject.profile.times == (1, 3)
    assert [(finding.code, "lines 4." in finding.text) for finding in subject.findings] == [
        ("nca-missing-left-out", True)
    ]


@pytest.mark.parametrize(("before", "severity"), [("0", "info"), ("<1", "info"), ("0.7", "warning")])
def test_samples_before_the_dose_are_left_out_and_said(before: str, severity: str) -> None:
    (subject,) = read(f"ID,TIME,AMT,DV\n1,23,,{before}\n1,24,9,\n1,25,,4\n", route="extravascular")
    assert subject.profile.times == (1,)
    assert [(f.code, f.severity) for f in subject.findings] == [("nca-before-dose-left-out", severity)]


def test_other_events_are_not_samples() -> None:
    (subject,) = read("ID,TIME,AMT,DV,EVID\n1,0,9,,1\n1,1,0,4,0\n1,2,0,5,2\n", route="bolus")
    assert subject.profile.times == (1,)


@pytest.mark.parametrize(
    ("text", "asked", "word"),
    [
        ("", {}, "line 1: exactly one column ID"),
        ("ID,TIME\n1,0\n", {}, "column DV"),
        ("ID,TIME,DV,CONC\n1,0,1,1\n", {}, "column DV"),
        ("ID,TIME,DV\n", {}, "no data"),
        ("ID,TIME,DV,AMT\n1,0\n", {}, "line 2: 2 cells"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,zero,4,\n", {"route": "bolus"}, "line 3: TIME"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,,4,\n", {"route": "bolus"}, "line 3: TIME"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,1,inf,\n", {"route": "bolus"}, "line 3: DV"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,1,4 mg,\n", {"route": "bolus"}, "line 3: DV"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,1,-4,\n", {"route": "bolus"}, "subject of line 2: .*negative"),
        ("ID,TIME,DV,AMT,LLOQ\n1,0,,9,0\n1,1,-4,,0\n", {"route": "bolus"}, "negative"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,1,4,\n1,1,4,\n", {"route": "bolus"}, "increase"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,1,4,\n", {}, "add --route"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,1,4,\n", {"route": "infusion"}, "duration"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,12,,9\n1,13,4,\n", {"route": "bolus"}, "exactly one dose: 2"),
        ("ID,TIME,DV\n1,1,4\n", {"route": "bolus"}, "exactly one dose: 0"),
        ("ID,TIME,DV,AMT\n1,0,,9\n1,1,4,\n", {"route": "bolus", "dose": 9.0}, "one on the command line"),
        ("ID,TIME,DV,AMT,ADDL\n1,0,,9,3\n1,1,4,,\n", {"route": "bolus"}, "ADDL"),
        ("ID,TIME,DV,AMT,SS\n1,0,,9,1\n1,1,4,,\n", {"route": "bolus"}, "SS"),
        ("ID,TIME,DV,AMT,RATE\n1,0,,9,-2\n1,1,4,,\n", {}, "RATE"),
        ("ID,TIME,DV,AMT,EVID\n1,0,,9,4\n1,1,4,,0\n", {}, "EVID 4"),
        ("ID,TIME,DV,AMT,EVID\n1,0,,9,0\n1,1,4,,0\n", {}, "line 2: AMT 9"),
        ("ID,TIME,DV,AMT,BLQ\n1,0,,9,\n1,1,4,,2\n", {"route": "bolus"}, "BLQ must be 0 or 1"),
        (INFUSED, {"route": "bolus"}, "duration"),
        (INFUSED, {"duration": 3.0}, "RATE means 2 h"),
        (INFUSED, {"duration": float("nan")}, "RATE means 2 h"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_line(text: str, asked: dict[str, Any], word: str) -> None:
    with pytest.raises(RecordError, match=word):
        read(text, **asked)
