"""What a companion is told of a patient: numbers with names and units, and the box they were trained in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from models.cohorts.population import Population
from models.covariates import words
from models.datafile import read_table
from models.errors import ModelsError
from models.terms import TERMS

TASKS = Path(__file__).parent / "tasks.toml"
_MADE = {"crcl": "mL/min"}


@dataclass(frozen=True, kw_only=True)
class Input:
    """low, high: range met in training; reference: its median, the patient that attributions are told against."""

    name: str
    unit: str
    low: float
    high: float
    reference: float

    @property
    def words(self) -> str:
        return words(self.name) if self.name in TERMS else self.name

    def holds(self, value: float) -> bool:
        return bool(self.low <= value <= self.high)  # False for NaN


@dataclass(frozen=True, kw_only=True, eq=False)
class Matrix:
    """n patients by m named inputs."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray

    def taken(self, rows: np.ndarray) -> "Matrix":
        return Matrix(names=self.names, units=self.units, values=self.values[rows])

    def box(self) -> tuple[Input, ...]:
        """Least, greatest and median of each input."""
        columns = zip(self.names, self.units, self.values.T, strict=True)
        return tuple(
            Input(name=name, unit=unit, low=float(v.min()), high=float(v.max()), reference=float(np.median(v)))
            for name, unit, v in columns
        )


def told(drugs_covariates: tuple[str, ...], population: Population) -> Matrix:
    """The inputs of every patient of a population, in single precision, as trees compare them.

    ln(expected / measured) of each level by the reference model, h since the dose before it, h since the first dose;
    ln of the expected exposure and of the expected clearance; the interval; the named covariates.
    """
    columns: dict[tuple[str, str], np.ndarray] = {}
    for k, name in enumerate(population.samples):
        columns[f"ln expected/measured, {name}", "1"] = np.log(population.expected[:, k] / population.levels[:, k])
        columns[f"time since dose, {name}", "h"] = population.after_dose[:, k]
    if population.samples:
        columns["time since first dose", "h"] = population.times[:, 0]
    columns["ln expected exposure", "1"] = np.log(population.expected_exposure)
    columns["ln expected clearance", "1"] = np.log(population.expected_clearance)
    columns["interval", "h"] = population.charted["interval"]
    for name in drugs_covariates:
        columns[name, _unit(name)] = population.charted[name]
    values = np.column_stack(list(columns.values())).astype(np.float32).astype(float)
    names, units = zip(*columns, strict=True)
    return Matrix(names=names, units=units, values=values)


def _unit(name: str) -> str:
    return TERMS[name].unit if name in TERMS else _MADE[name]


@cache
def tasks() -> Mapping[str, tuple[str, ...]]:
    """Covariates by drug, from tasks.toml."""
    table = read_table(TASKS, TASKS.read_bytes())
    found = {}
    for drug in table.names():
        of = table.table(drug)
        found[drug] = of.texts("covariates")
        of.finish()
    table.finish()
    return found


def covariates_of(drug: str) -> tuple[str, ...]:
    if drug not in tasks():
        raise ModelsError(f"no companion of {drug!r} is designed; there are some for {', '.join(tasks())}")
    return tasks()[drug]


def covariates_among(inputs: tuple[Input, ...]) -> tuple[str, ...]:
    """Those that a companion was trained with, which may be others than a drug's today."""
    return tuple(item.name for item in inputs if item.name in TERMS or item.name in _MADE)


def row_of(
    inputs: tuple[Input, ...], values: Mapping[str, float], expected_exposure: float, expected_clearance: float
) -> np.ndarray:
    """(m,): the same inputs of one patient, from quantities by name (models.beside.scheme); NaN for what is missing."""
    made = {
        "ln expected exposure": np.log(expected_exposure),
        "ln expected clearance": np.log(expected_clearance),
    }
    return np.array([np.float32(_one(item.name, values, made)) for item in inputs], dtype=float)


def _one(name: str, values: Mapping[str, float], made: Mapping[str, float]) -> float:
    if name in made:
        return float(made[name])
    what, _, sample = name.partition(", ")
    if what == "ln expected/measured":
        level, expected = values.get(f"level_{sample}", np.nan), values.get(f"expected_{sample}", np.nan)
        return float(np.log(expected / level)) if level > 0.0 and expected > 0.0 else np.nan
    if what == "time since dose":
        return values.get(f"after_dose_{sample}", np.nan)
    if what == "time since first dose":
        return min((value for key, value in values.items() if key.startswith("since_first_")), default=np.nan)
    return values.get(name, np.nan)
