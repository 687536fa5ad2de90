"""What can be wrong with a request: each with its HTTP status, what was found where, what was expected, what to do."""

from collections.abc import Iterable
from typing import Any


class HookError(Exception):
    """Answered as an OperationOutcome. where: the path in the request ("context.patientId"), "" for all of it."""

    status = 400
    code = "invalid"  # http://hl7.org/fhir/issue-type

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(message)
        self.message, self.where = message, where

    def outcome(self) -> dict[str, Any]:
        """FHIR OperationOutcome, which CDS Hooks 3.0 asks for and 2.0 does not mind."""
        return outcome_of((self,))


def outcome_of(errors: Iterable[HookError]) -> dict[str, Any]:
    """One OperationOutcome for all of `errors`."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(error) for error in errors]}


def _issue(error: HookError) -> dict[str, Any]:
    issue = {"severity": "error", "code": error.code, "diagnostics": error.message}
    return issue | ({"expression": [error.where]} if error.where else {})


class BadRequest(HookError):
    """The request can not be understood."""


class TooLarge(HookError):
    """The body is larger than any hook call needs to be."""

    status, code = 413, "too-long"


class UnknownService(HookError):
    """No service of that id."""

    status, code = 404, "not-found"


class UnknownHook(UnknownService):
    """The service is there, but not for that hook."""

    def __init__(self, message: str) -> None:
        super().__init__(message, where="hook")


class DataMissing(HookError):
    """Dose-critical data came neither as prefetch nor from the FHIR server: CDS Hooks' 412."""

    status, code = 412, "required"


class TooOftenCalled(HookError):
    """The caller is over the number of calls agreed."""

    status, code = 429, "throttled"


class PlainHttp(HookError):
    """The call came to the proxy without TLS."""

    status, code = 403, "security"


class WrongHost(HookError):
    """The call was made to another name than this machine's own."""

    status, code = 403, "security"


class NotJson(HookError):
    """The body is not declared as JSON, or is packed."""

    status, code = 415, "not-supported"
