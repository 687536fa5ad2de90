"""Runs every test that names a requirement and prints how many of the specification's statements are held.

`python -m tests.cds_server.requirements [--write]`: --write puts the node ids of the tests into the table first. Exit 1
where a statement that should be covered is not.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.cds_server.requirements.outcomes import Outcomes
from tests.cds_server.requirements.table import NUMBER_OF_ROWS, SERVICE_SHALLS, Row, marked_tests, read_rows, write_rows


def main(arguments: list[str]) -> int:
    marked = marked_tests()
    rows = read_rows()
    if "--write" in arguments:
        rows = tuple(replace(row, tests=marked.get(row.id, ())) for row in rows)
        write_rows(rows)
    outcomes = Outcomes()
    files = sorted({node.partition("::")[0] for nodes in marked.values() for node in nodes})
    pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", "-m", "requirement", *files], plugins=[outcomes])
    print("\n".join(report(rows, outcomes)))
    return 0 if not_held(rows, outcomes) == () else 1


def report(rows: tuple[Row, ...], outcomes: Outcomes) -> Iterator[str]:
    """The figures, then what is not held by a test of the product, and why."""
    lacking = not_held(rows, outcomes)
    shalls = [row for row in rows if row.is_service_shall]
    held = [row for row in shalls if row.tests and all(map(outcomes.hold, row.tests))]
    yield (
        f"{len(rows) - len(lacking)}/{NUMBER_OF_ROWS} rows covered or not applicable with a reason; "
        f"{len(held)}/{SERVICE_SHALLS} service SHALL with a passing test"
    )
    for row in rows:
        if row.status != "covered":
            yield f"{row.status}: {row.id} {row.requirement} ({row.conformance}): {row.reason}"
    for row in lacking:
        yield f"NOT HELD: {row.id} {row.requirement}: {', '.join(_unfit(row, outcomes)) or 'no test, no reason'}"


def not_held(rows: tuple[Row, ...], outcomes: Outcomes) -> tuple[Row, ...]:
    """Rows without a reason, and those without a test or with one that did not pass."""
    return tuple(row for row in rows if not _fits(row, outcomes))


def _fits(row: Row, outcomes: Outcomes) -> bool:
    if row.status != "covered" and not row.tests:
        return bool(row.reason)
    return bool(row.tests) and not _unfit(row, outcomes)


def _unfit(row: Row, outcomes: Outcomes) -> list[str]:
    return [f"{node} {outcomes.other.get(node, 'did not run')}" for node in row.tests if not outcomes.hold(node)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
