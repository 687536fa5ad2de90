"""Each statement of CDS Hooks 2.0 has its test, and each test that names a statement names one that there is."""

import re

import pytest

from tests.cds_server.requirements.conftest import OUTCOMES
from tests.cds_server.requirements.table import (
    COLUMNS,
    NUMBER_OF_ROWS,
    ROOT,
    SERVICE_SHALLS,
    STATUSES,
    TABLE,
    marked_tests,
    read_rows,
)

ROWS = read_rows()
MARKED = marked_tests()


def test_the_table_holds_every_statement_once():
    assert TABLE.read_text(encoding="utf-8").splitlines()[0].split("\t") == list(COLUMNS)
    assert len({row.id for row in ROWS}) == len(ROWS) == NUMBER_OF_ROWS
    assert sum(row.is_service_shall for row in ROWS) == SERVICE_SHALLS
    assert {row.status for row in ROWS} <= set(STATUSES)
    assert all(row.requirement for row in ROWS)


def test_a_row_without_a_test_says_why():
    unsaid = [row.id for row in ROWS if not row.tests and (row.status == "covered" or len(row.reason) < 5)]
    assert unsaid == []


def test_every_service_shall_has_a_test():
    assert [row.id for row in ROWS if row.is_service_shall and not row.tests] == []


def test_no_test_names_a_statement_that_is_not_there():
    assert sorted(set(MARKED) - {row.id for row in ROWS}) == []


def test_the_table_names_exactly_the_tests_that_name_its_rows():
    """Mended with: python -m tests.cds_server.requirements --write"""
    assert {row.id: row.tests for row in ROWS if row.tests} == MARKED


def test_the_specification_was_not_copied():
    """The gist is ours and short; the statements are the specification's."""
    assert max(len(row.requirement) for row in ROWS) < 100
    assert not any(re.search(r"\bSHALL\b|\bMUST\b", row.requirement) for row in ROWS)


@pytest.mark.parametrize(
    "text",
    [
        "@pytest.mark.requirement(999)\ndef test_a(): pass\n",
        "import pytest\n\n@pytest.mark.requirement(3, 999)\n@pytest.mark.slow\ndef test_a(): pass\n",
    ],
)
def test_an_orphan_would_be_found(tmp_path, text):
    """This check can fail: a test that names no row, and a row that loses its test."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_made_up.py").write_text(text)
    found = marked_tests(tmp_path)
    assert found[999] == ("tests/test_made_up.py::test_a",)
    assert set(found) - {row.id for row in ROWS} == {999}
    assert found != MARKED


@pytest.mark.last_of_requirements
def test_every_test_that_names_a_statement_passed_in_this_run(request):
    """All of them where the whole suite runs; of a part of it those that were collected."""
    collected = {item.nodeid.partition("[")[0] for item in request.session.items}
    named = {node for nodes in MARKED.values() for node in nodes}
    assert all((ROOT / node.partition("::")[0]).exists() for node in named)
    outcomes = request.config.stash[OUTCOMES]
    assert sorted(node for node in named & collected if not outcomes.hold(node)) == []
