"""python -m tests.security.table: runs the tests of each threat and prints a line for each; exit 1 on a gap."""

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One threat. tests: what a test's id begins with."""

    row: str
    tests: tuple[str, ...]

    def holds(self, test: str) -> bool:
        return any(test == own or test.startswith((f"{own}::", f"{own}[")) for own in self.tests)


@dataclass
class Results:
    """A pytest plugin: what became of each test, and how long it ran, s."""

    outcome: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        worse = report.outcome != "passed" or report.nodeid not in self.outcome
        if worse:
            self.outcome[report.nodeid] = report.outcome
        if report.when == "call":
            self.seconds[report.nodeid] = report.duration


def attacks() -> tuple[Attack, ...]:
    """The rows of attacks.toml."""
    rows = tomllib.loads((Path(__file__).parent / "attacks.toml").read_text(encoding="utf-8"))["attack"]
    return tuple(Attack(row=row["row"], tests=tuple(row["tests"])) for row in rows)


def verdict(outcomes: Iterable[str]) -> str:
    """One word for a row: nothing that ran is no pass."""
    found = list(outcomes)
    if "failed" in found:
        return "FAIL"
    return "pass" if "passed" in found else "NO TEST"


def lines(rows: Iterable[Attack], results: Results) -> list[tuple[str, str]]:
    """(verdict, line) of each row."""
    table = []
    for attack in rows:
        own = [test for test in results.outcome if attack.holds(test)]
        word = verdict(results.outcome[test] for test in own)
        silent = [place for place in attack.tests if not any(Attack(row="", tests=(place,)).holds(t) for t in own)]
        word = f"NO TEST: {', '.join(silent)}" if silent and word != "FAIL" else word
        passed = sum(results.outcome[test] == "passed" for test in own)
        skipped = sum(results.outcome[test] == "skipped" for test in own)
        slowest = max((results.seconds.get(test, 0.0) for test in own), default=0.0)
        counts = f"{passed:5} passed {skipped:3} skipped   slowest {slowest:6.2f} s"
        table.append((word, f"{attack.row:40} {counts}   {word}"))
    return table


def main() -> int:
    """Run, print, and judge."""
    rows, results = attacks(), Results()
    places = sorted({place for attack in rows for place in attack.tests} | {"tests/security"})
    pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *places], plugins=[results])
    table = lines(rows, results)
    print("\n" + "\n".join(line for _, line in table))
    return 0 if rows and all(word == "pass" for word, _ in table) else 1


if __name__ == "__main__":
    sys.exit(main())
