"""The FHIR servers that may be read, as a site lists them: data, checked at birth."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from fhir.ehr.origin import LOOPBACK, checked_base, split
from fhir.errors import NotAllowedServer

Algorithm = Literal["RS384", "ES384"]  # the two that SMART Backend Services names
_NAME = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """One of our own private keys. file: a PEM. Several keys are a rotation: all public halves are published."""

    kid: str
    file: str
    algorithm: Algorithm

    def __post_init__(self) -> None:
        _check(_NAME.fullmatch(self.kid) is not None, "keys.kid", "visible ASCII, 1 to 200 characters")
        _check(self.file != "", "keys.file", "the path of a PEM file with a private key")
        _check(self.algorithm in get_args(Algorithm), "keys.algorithm", "RS384 or ES384")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Access in our own name. kid: of the key that signs. token_url: "" = what discovery says, on the same origin."""

    client_id: str
    kid: str
    scope: str = "system/*.rs"
    token_url: str = ""

    def __post_init__(self) -> None:
        _check(_NAME.fullmatch(self.client_id) is not None, "backend.client_id", "the id that the EHR registered")
        _check(_NAME.fullmatch(self.kid) is not None, "backend.kid", "the kid of one of [[keys]]")
        _check(bool(self.scope.split()), "backend.scope", "SMART scopes such as system/Observation.rs")
        if self.token_url:
            _checked_url(self.token_url, "backend.token_url")


@dataclass(frozen=True, kw_only=True)
class FhirServer:
    """base: its address, compared exactly. private: it may stand at a private network address.

    elements: it is known to honour _elements. ca_file: a PEM bundle of the site's own authority, "" = the public ones.
    """

    base: str
    tenant: str = ""
    private: bool = False
    elements: bool = False
    ca_file: str = ""
    backend: Backend | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", _checked_url(self.base, "fhir_servers.base"))
        for name in ("private", "elements"):
            _check(isinstance(getattr(self, name), bool), f"fhir_servers.{name}", "true or false")

    @property
    def own_machine(self) -> bool:
        """Whether the address is spelled out as this very machine, as the sandbox's is."""
        return split(self.base).hostname in LOOPBACK


def read_servers(table: Mapping[str, Any]) -> tuple[tuple[FhirServer, ...], tuple[SigningKey, ...]]:
    """The [[fhir_servers]] and [[keys]] of a parsed TOML; raises ValueError with what, where and what was expected."""
    keys = tuple(_made(SigningKey, row, "keys") for row in _rows(table, "keys"))
    servers = tuple(_server(row) for row in _rows(table, "fhir_servers"))
    _once([key.kid for key in keys], "keys.kid")
    _once([server.base for server in servers], "fhir_servers.base")
    named = {server.backend.kid for server in servers if server.backend}
    lacking = sorted(named - {key.kid for key in keys})
    _check(not lacking, "fhir_servers.backend.kid", f"the kid of one of [[keys]]; there is no {', '.join(lacking)}")
    return servers, keys


def _server(row: Mapping[str, Any]) -> FhirServer:
    backend = row.get("backend")
    made = _made(Backend, backend, "fhir_servers.backend") if backend is not None else None
    return _made(FhirServer, {**row, "backend": made}, "fhir_servers")


def _made(kind: type, row: Any, where: str) -> Any:
    _check(isinstance(row, Mapping), where, "a table")
    known = {item.name for item in fields(kind)}
    _check(set(row) <= known, where, f"only {', '.join(sorted(known))}; found {', '.join(sorted(set(row) - known))}")
    texts = {item.name for item in fields(kind) if item.type in (str, Algorithm)}
    for name in sorted(texts & set(row)):
        _check(isinstance(row[name], str), f"{where}.{name}", "a text")
    try:
        return kind(**row)
    except TypeError:
        raise ValueError(f"{where}: a value is missing; it needs {', '.join(sorted(known))}") from None


def _rows(table: Mapping[str, Any], name: str) -> list[Any]:
    found = table.get(name, [])
    _check(isinstance(found, list), name, f"an array of tables, written [[{name}]]")
    return list(found)


def _checked_url(url: str, where: str) -> str:
    try:
        return checked_base(url)
    except NotAllowedServer as error:
        raise ValueError(f"{where}: {error}") from None


def _once(names: list[str], where: str) -> None:
    _check(len(set(names)) == len(names), where, "each one once")


def _check(fits: bool, where: str, expected: str) -> None:
    if not fits:
        raise ValueError(f"{where}: expected {expected}")
