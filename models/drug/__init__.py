"""Drugs as their drug.toml files describe them."""

from models.drug.charted_as import ChartedAs
from models.drug.drug import Checks, Covers, Drug, DrugTarget, LevelCode, Limit, Limits, Plausible, Preference, Product
from models.drug.reader import load_drug

__all__ = [
    "ChartedAs",
    "Checks",
    "Covers",
    "Drug",
    "DrugTarget",
    "LevelCode",
    "Limit",
    "Limits",
    "Plausible",
    "Preference",
    "Product",
    "load_drug",
]
