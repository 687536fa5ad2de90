"""The errors that fhir/ raises; a value that can not be used in a chart is never one of them, it becomes a Finding.

FhirError
├── ServerUnreachable       no answer in time, or a connection that could not be made
├── ServerRefused           an HTTP error or an OperationOutcome
├── NotAllowedServer        a URL that leaves the server this client was made for
├── IncompleteAnswer        a paged answer that did not come to its end
├── BadResource             not JSON, not a resource, or not valid R4
└── Unreadable              one value that can not be read without guessing
    ├── UnreadableUnit
    └── UnreadableTime
"""


class FhirError(Exception):
    """Base of every error raised by fhir/. The message says what, where, what was expected; never a token or a name."""


class ServerUnreachable(FhirError):
    """The FHIR server did not answer in time, or could not be connected to."""


class ServerRefused(FhirError):
    """The FHIR server answered with an error. status: the HTTP status code."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class NotAllowedServer(FhirError):
    """A URL points outside the FHIR server that this client was made for, or is no URL a client may be made for."""


class IncompleteAnswer(FhirError):
    """A paged answer could not be read to its end. resources: those that came before it broke off."""

    def __init__(self, message: str, *, resources: tuple[dict, ...] = ()) -> None:
        super().__init__(message)
        self.resources = resources


class BadResource(FhirError):
    """Something that should be a FHIR R4 resource is not."""


class Unreadable(FhirError):
    """A value can not be read without guessing. The message is a clause for a Finding ("no unit is charted")."""


class UnreadableUnit(Unreadable):
    """A quantity's unit is missing, unknown, contradictory, or of another dimension than the one needed."""


class UnreadableTime(Unreadable):
    """A time is missing, only partly known, or without a zone."""
