"""Published dosing equations: a dose from what the chart says, without a model of the drug in the body."""

from models.equations.apply import apply
from models.equations.equation import Contribution, Equation, EquationInput, EquationResult, Term
from models.equations.errors import BadEquationInput, EquationError, UnknownEquation
from models.equations.library import Equations, load_equations

__all__ = [
    "BadEquationInput",
    "Contribution",
    "Equation",
    "EquationError",
    "EquationInput",
    "EquationResult",
    "Equations",
    "Term",
    "UnknownEquation",
    "apply",
    "load_equations",
]
