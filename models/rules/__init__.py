"""Formulas that a pharmacist can check with a calculator: found by symbolic regression, frozen in small files."""
