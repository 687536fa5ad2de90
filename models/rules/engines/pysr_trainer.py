"""The process that PySR runs in: `--probe` tells its version; a folder with data.npz and asked.json is searched.

Run by models.rules.engines.pysr, never imported by the service. It writes hall_of_fame.csv into the folder.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main(arguments: list[str]) -> int:
    try:
        import pysr
    except Exception as error:
        print(f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}", file=sys.stderr)
        return 3
    if arguments == ["--probe"]:
        print(pysr.__version__)
        return 0
    search(pysr, Path(arguments[0]))
    return 0


def search(pysr: Any, place: Path) -> None:
    """Settings as PySR names them; see its documentation of PySRRegressor."""
    asked = json.loads((place / "asked.json").read_text(encoding="utf-8"))
    with np.load(place / "data.npz", allow_pickle=False) as data:
        X, y = data["X"], data["y"]
    regressor = pysr.PySRRegressor(
        niterations=asked["iterations"],
        populations=asked["populations"],
        maxsize=asked["max_size"],
        binary_operators=asked["binary"],
        unary_operators=asked["unary"],
        deterministic=True,
        parallelism="serial",
        random_state=asked["seed"],
        output_directory=str(place / "outputs"),
        run_id="search",
        progress=False,
        verbosity=0,
    )
    regressor.fit(X, y, variable_names=asked["names"])
    shutil.copy(place / "outputs" / "search" / "hall_of_fame.csv", place / "hall_of_fame.csv")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
