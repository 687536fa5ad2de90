"""What can be wrong with a question to an equation; a clinical "no" is a refusal in the result instead."""

from models.errors import ModelsError


class EquationError(ModelsError):
    """Base of the errors about dosing equations."""


class UnknownEquation(EquationError):
    """No equation has that id."""


class BadEquationInput(EquationError):
    """An input has a name that the equation does not know, or a value that can not be (NaN, text for a number)."""
