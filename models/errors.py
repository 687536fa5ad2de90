"""The errors that models/ raises; a clinical "no" is never one of them (see dosing.advice.Declined)."""


class ModelsError(Exception):
    """Base of every error raised by models/. The message says what, where, what was expected, what to do."""


class ModelFileError(ModelsError):
    """A drug or model file does not fit the vocabulary."""


class UnknownModel(ModelsError):
    """No model or drug of that id is in the catalog."""


class RecordError(ModelsError):
    """A dose, level or covariate can not be true (NaN, negative, out of order) or lacks what the model needs."""


class MissingCovariate(RecordError):
    """The model needs a covariate that the record lacks and the model file gives no default."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class UnitError(ModelsError):
    """A value is in a unit that the receiver does not take."""


class RuleError(ModelsError):
    """A rule's formula, file or input does not fit the vocabulary, or its hash does not fit its content."""
