"""Comparison with other programs' numbers, which are read from a folder beside the project when it is there."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "tests" / "data" / "reference" / "models"
REFERENCE = Path(os.environ.get("TITRATE_REFERENCE") or ROOT.parent / "shared" / "reference")
ABSENT = f"no reference data in {REFERENCE}; set TITRATE_REFERENCE to its folder"
