"""The attack table is whole: each threat has tests that are there, each test file a threat, and a gap is seen."""

import re
from pathlib import Path

import pytest

from tests.security.table import ROOT, Attack, Results, attacks, lines

# docs/security.md and the table speak of the same nine
THREATS = {
    "SSRF via fhirServer, jku, next links",
    "token forgery",
    "crossing tenants or patients",
    "leaks",
    "resource exhaustion",
    "injection",
    "hostile EHR data",
    "Celery messages",
    "misconfiguration",
}


def test_every_threat_stands_once():
    rows = [attack.row for attack in attacks()]
    assert len(rows) == len(set(rows))
    assert set(rows) == THREATS


@pytest.mark.parametrize("place", sorted({place for attack in attacks() for place in attack.tests}))
def test_what_is_named_is_there(place):
    file, _, name = place.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(" if name else r"^def test_", text, re.M)


def test_every_file_here_stands_under_a_threat():
    named = {place.partition("::")[0] for attack in attacks() for place in attack.tests}
    here = {f"tests/security/{file.name}" for file in Path(__file__).parent.glob("test_*.py")}
    assert here - named == {"tests/security/test_attack_table.py"}


def told(outcomes: dict[str, str], *places: str) -> str:
    results = Results(outcome=outcomes, seconds=dict.fromkeys(outcomes, 0.0))
    ((word, _),) = lines([Attack(row="x", tests=places)], results)
    return word


def test_a_gap_is_seen():
    assert told({"a.py::t": "passed", "b.py::t[1]": "passed"}, "a.py", "b.py::t") == "pass"
    assert told({"a.py::t": "passed"}, "a.py", "b.py") == "NO TEST: b.py"
    assert told({"a.py::t": "skipped"}, "a.py") == "NO TEST"
    assert told({"a.py::t": "passed", "a.py::u": "failed"}, "a.py") == "FAIL"
    assert told({"aa.py::t": "passed"}, "a.py") == "NO TEST: a.py"
