"""What a model test is made of: typical parameters for a patient, and the mark that says which model a number is of.

`python -m tests.models.library.published` prints the models that no published number is tested for.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.catalog import Catalog, load_catalog
from models.pk import parameters
from models.population import PopulationModel
from models.record import Covariate, PatientRecord
from models.subject import subject_from_record

HERE = Path(__file__).parent


def published(model_id: str, number: str) -> Callable[[Any], Any]:
    """Marks a test: number says what it reproduces, and where that was printed or worked out by hand."""
    return pytest.mark.published(model_id, number)


def typical(model: PopulationModel, **covariates: float) -> dict[str, float]:
    """Typical parameters, in hours and litres, of a patient with these raw covariates, through the product's path."""
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in covariates.items())
    record = PatientRecord(drug=model.drug, now=0.0, covariates=items)
    nobody = np.zeros((1, len(model.eta_names)))
    found = parameters(model, subject_from_record(model, record), nobody, 0.0)
    return {name: float(values[0]) for name, values in found.items()}


def untested(catalog: Catalog) -> tuple[str, ...]:
    """Models whose id no published(...) of this folder names."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("test_*.py")))
    named = set(re.findall(r'published\(\s*"([^"]+)"', text))
    return tuple(id for id in catalog.models if id not in named)


def main() -> None:
    catalog = load_catalog()
    missing = untested(catalog)
    print(f"{len(catalog.models)} models, {len(missing)} without a published-number test")
    for id in missing:
        print(f"  {id}")


if __name__ == "__main__":
    main()
