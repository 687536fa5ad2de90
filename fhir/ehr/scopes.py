"""What an access token may read, by its SMART scopes (v1 `.read` and v2 `.rs`), so that nothing else is asked for.

The scope string is the EHR's own word on the token it sent; the server still judges every request.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

# https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
# v2 letters stand in this order, each at most once
_SCOPE = re.compile(r"(patient|user|system)/([A-Za-z]+|\*)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(\S+))?")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One scope. kind: a resource type or "*". can: letters of cruds. only: name=value pairs that narrow it."""

    context: str
    kind: str
    can: str
    only: tuple[tuple[str, str], ...] = ()

    def covers(self, kind: str, letter: str, known: frozenset[tuple[str, str]]) -> bool:
        """Whether it lets all that is wanted be had. known: what is true of everything wanted (its category ...)."""
        return self.kind in ("*", kind) and letter in self.can and all(self._held(pair, known) for pair in self.only)

    def _held(self, pair: tuple[str, str], known: frozenset[tuple[str, str]]) -> bool:
        """Whether a narrowing is met; a code with its system is met by the code without (the query names no system)."""
        name, values = pair
        asked = {value.rpartition("|")[2] for value in values.split(",")}
        return any(name == mine and value.rpartition("|")[2] in asked for mine, value in known)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """All of a token's scopes about resources."""

    scopes: tuple[Scope, ...]

    def covers(self, query: str, *, category: str = "") -> bool:
        """Whether a read "Type/id" or search "Type?..." is wholly within the token. category: of all that is sought."""
        path, _, parameters = query.partition("?")
        kind, _, logical_id = path.partition("/")
        known = frozenset(parse_qsl(parameters)) | ({("category", category)} if category else set())
        return any(scope.covers(kind, "r" if logical_id else "s", known) for scope in self.scopes)

    @property
    def of_one_patient(self) -> bool:
        """Whether any scope is about the one patient that the token was made for."""
        return any(scope.context == "patient" for scope in self.scopes)


def parse_scopes(text: str) -> Grant | None:
    """The grant in a scope string; None where it says nothing about resources, so that nothing is known of its reach.

    What is no scope about resources (launch, openid, fhirUser, a server's own) is passed over.
    """
    found = [_SCOPE.fullmatch(word) for word in text.split()]
    scopes = tuple(_scope(match) for match in found if match)
    return Grant(scopes=scopes) if scopes else None


def _scope(match: re.Match[str]) -> Scope:
    context, kind, can, query = match.groups()
    only = tuple(parse_qsl(query, keep_blank_values=True)) if query else ()
    return Scope(context=context, kind=kind, can=_V1.get(can, can), only=only)
