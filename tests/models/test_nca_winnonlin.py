"""Non-compartmental parameters against WinNonlin's, every column of every table.

The worst errors as a table: python tests/models/test_nca_winnonlin.py
"""

import csv
import os
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from models.evaluate.nca import nca
from models.evaluate.parameters import parameters
from models.evaluate.profile import Profile

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("TITRATE_REFERENCE", ROOT.parent / "shared" / "reference")) / "nca"
WHY = "WinNonlin's results are not on this machine (set TITRATE_REFERENCE)"

THEOPH: dict[str, Any] = {"dose": 320.0, "route": "extravascular"}
TABLES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Theoph_Linear": ("theoph.csv", "linear", THEOPH),
    "Theoph_Log": ("theoph.csv", "linlog", THEOPH),
    "Indometh_Linear": ("indometh.csv", "linear", {"dose": 25.0, "route": "bolus"}),
    "Indometh_Linear_Infusion": ("indometh.csv", "linear", {"dose": 25.0, "route": "infusion", "duration": 0.25}),
}


@cache
def samples(file: str) -> dict[str, list[tuple[float, float]]]:
    """Subject -> (time, concentration) in the file's order."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in csv.DictReader((FOLDER / file).open(encoding="utf-8")):
        time = row["Time"] if "Time" in row else row["time"]
        found[row["Subject"]].append((float(time), float(row["conc"])))
    return found


@cache
def errors(table: str) -> dict[str, list[float]]:
    """WinNonlin's column -> error of each subject: relative, or absolute where WinNonlin has 0 (Tlag)."""
    file, method, given = TABLES[table]
    found: dict[str, list[float]] = defaultdict(list)
    for row in csv.DictReader((FOLDER / f"winnonlin_{table}.csv").open(encoding="utf-8")):
        times, concentrations = zip(*samples(file)[row.pop("Subject")], strict=True)
        result = nca(Profile(times=times, concentrations=concentrations, **given), method=method)  # type: ignore[arg-type]
        ours = {item.winnonlin: item.value for item in parameters(result)}
        for column, text in row.items():
            difference = abs(ours[column] - float(text))  # type: ignore[operator]
            found[column].append(difference / abs(float(text) or 1.0))
    return found


@pytest.mark.skipif(not FOLDER.is_dir(), reason=WHY)
@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_winnonlin(table: str) -> None:
    """1e-8: the Theoph tables are printed with 8 to 10 significant digits, so half a unit of the last one is 5e-9."""
    found = errors(table)
    assert len(found) >= 34
    assert {len(of_subjects) for of_subjects in found.values()} == {12 if table.startswith("Theoph") else 6}
    assert {column: max(of) for column, of in found.items() if not max(of) < 1e-8} == {}


@pytest.mark.skipif(not FOLDER.is_dir(), reason=WHY)
@pytest.mark.parametrize("table", [name for name in TABLES if name.startswith("Indometh")])
def test_tables_of_full_precision(table: str) -> None:
    """1e-12: these are printed with 15 digits; 11 samples add up to a few hundred roundings at most."""
    assert max(max(of) for of in errors(table).values()) < 1e-12


def main() -> None:
    columns = list(dict.fromkeys(column for table in TABLES for column in errors(table)))
    print(f"{'worst relative error':24}" + "".join(f"{table:>26}" for table in TABLES))
    for column in columns:
        cells = (f"{max(errors(table)[column]):.1e}" if column in errors(table) else "" for table in TABLES)
        print(f"{column:24}" + "".join(f"{cell:>26}" for cell in cells))


if __name__ == "__main__":
    main()
