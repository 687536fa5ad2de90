"""Drugs as their drug.toml files describe them."""

from models.drug.drug import Drug, DrugTarget, LevelCode, Limit, Limits, Plausible, Preference, Product
from models.drug.reader import load_drug

__all__ = ["Drug", "DrugTarget", "LevelCode", "Limit", "Limits", "Plausible", "Preference", "Product", "load_drug"]
