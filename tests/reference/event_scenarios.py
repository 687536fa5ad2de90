"""The dosing-record scenarios: NONMEM's predictions, four to five digits; see the README beside the data."""

from collections.abc import Mapping

import numpy as np

from models.nmtran import row_of
from models.population import load_model
from tests.reference import MODELS, REFERENCE
from tests.reference.evaluate import predictions, table


def scenarios() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in table(REFERENCE / "events" / "scenarios.csv"):
        found.setdefault(row["id"], []).append(row)
    return found


def worst(records: list[dict[str, str]]) -> float:
    """Largest relative difference over a scenario's observations."""
    modelled_rate = any(float(record["rate"]) == -1.0 for record in records)
    model = load_model(MODELS / ("events_rate.toml" if modelled_rate else "events.toml"))
    rows = [row_of(_cells(record), f"scenario {record['id']}") for record in records]
    ours = predictions(model, rows, np.zeros((1, 0)))[0]
    pairs = [(f, float(r["cp"])) for f, r in zip(ours, records, strict=True) if r["evid"] == "0"]
    # below 0.05 ug/L the five printed digits are rounding
    return max(abs(f - cp) / max(abs(cp), 0.05) for f, cp in pairs)


def _cells(record: Mapping[str, str]) -> dict[str, str]:
    return {key.upper(): cell for key, cell in record.items() if key != "id"} | {"MDV": "1"}
