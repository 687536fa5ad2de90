"""Print how long the product's functions and files are: `python -m tests.house.measure`."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cds_server", "fhir", "models")


def product_files() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def function_lengths(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of each function, docstring left out: a long explanation is not a long function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield (body[-1].end_lineno or 0) - body[0].lineno + 2, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def main() -> None:
    lengths = sorted(item for path in product_files() for item in function_lengths(path))
    files = sorted((len(path.read_text(encoding="utf-8").splitlines()), path) for path in product_files())
    counts = [lines for lines, _ in lengths]
    print(f"{len(files)} files, {sum(n for n, _ in files)} lines, {len(lengths)} functions")
    print(f"function length: median {median(counts):.0f} lines, 90th percentile {quantiles(counts, n=10)[-1]:.0f}")
    print("longest functions: " + ", ".join(f"{name} ({n})" for n, name in reversed(lengths[-3:])))
    print("longest files: " + ", ".join(f"{path.relative_to(ROOT)} ({n})" for n, path in reversed(files[-3:])))


if __name__ == "__main__":
    main()
