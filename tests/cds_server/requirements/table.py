"""docs/cds-hooks-requirements.tsv as rows, and the tests that name them by @pytest.mark.requirement(3, 80)."""

import ast
import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "docs" / "cds-hooks-requirements.tsv"
COLUMNS = ("id", "conformance", "actors", "requirement", "status", "reason", "tests")
STATUSES = ("covered", "not-applicable", "by deployment")
NUMBER_OF_ROWS = 120  # of the specification's statements that concern a service
SERVICE_SHALLS = 62


@dataclass(frozen=True, kw_only=True)
class Row:
    """One statement of CDS Hooks 2.0. tests: node ids of the functions that hold it, without parameters."""

    id: int
    conformance: str
    actors: str
    requirement: str
    status: str
    reason: str
    tests: tuple[str, ...]

    @property
    def is_service_shall(self) -> bool:
        return (self.conformance, self.actors) == ("SHALL", "Service")


def read_rows() -> tuple[Row, ...]:
    """The product's table, as it stands in docs/."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines, delimiter="\t"))
    return tuple(Row(**{**one, "id": int(one["id"]), "tests": tuple(one["tests"].split())}) for one in found)


def write_rows(rows: Iterable[Row]) -> None:
    """The table with its columns in order."""
    with TABLE.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([" ".join(row.tests) if name == "tests" else getattr(row, name) for name in COLUMNS])


def marked_tests(root: Path = ROOT) -> Mapping[int, tuple[str, ...]]:
    """Row id -> node ids of the functions marked with it, read from the sources: no run is needed to know them."""
    found: dict[int, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.requirement(" not in text:
            continue
        for name, numbers in _marks(ast.parse(text)):
            for number in numbers:
                found.setdefault(number, []).append(f"{path.relative_to(root).as_posix()}::{name}")
    return {number: tuple(nodes) for number, nodes in sorted(found.items())}


def _marks(tree: ast.Module) -> Iterator[tuple[str, tuple[int, ...]]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            numbers = [number for item in node.decorator_list for number in _numbers(item)]
            if numbers:
                yield node.name, tuple(numbers)


def _numbers(decorator: ast.expr) -> tuple[int, ...]:
    if not isinstance(decorator, ast.Call) or not ast.unparse(decorator.func).endswith("mark.requirement"):
        return ()
    return tuple(ast.literal_eval(argument) for argument in decorator.args)
