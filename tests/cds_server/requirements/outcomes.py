"""What became of each test that names a requirement, gathered while pytest runs."""

from dataclasses import dataclass, field

import pytest


@dataclass(eq=False)  # a plugin is one object, whatever it holds
class Outcomes:
    """passed, other: node ids without parameters. A test counts as passed where it ran and nothing of it failed."""

    passed: set[str] = field(default_factory=set)
    other: dict[str, str] = field(default_factory=dict)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        node = report.nodeid.partition("[")[0]
        if report.when == "call" and report.passed:
            self.passed.add(node)
        elif not report.passed:
            self.other[node] = report.outcome

    def hold(self, node: str) -> bool:
        """Whether every case of the test that ran passed, and at least one did."""
        return node in self.passed and node not in self.other
