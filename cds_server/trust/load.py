"""The registry file: TOML with a closed vocabulary; the message of a refusal says what, where and what was expected."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cds_server.config import SettingsError
from cds_server.trust.keys import BadKeys, Key, read_keys
from cds_server.trust.registry import LIFETIME_S, NAME, PER_MINUTE, Issuer, Registry, Tenant
from fhir.ehr.servers import read_servers

Table = Mapping[str, Any]

_TOP = frozenset({"tenants", "issuers", "fhir_servers", "keys"})
_TENANT = frozenset({"name", "claim", "cors_origins", "frame_ancestors"})
_ISSUER = frozenset(
    {"iss", "tenants", "jwks", "jwks_file", "jwks_url", "jku", "private", "ca_file", "per_minute", "lifetime_s"}
)
_KEYS_FROM = ("jwks", "jwks_file", "jwks_url")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def load_registry(path: str) -> Registry:
    """The registry in a file, empty for no file; raises SettingsError."""
    return read_registry(_table(Path(path)), Path(path)) if path else Registry()


def read_registry(table: Table, path: Path) -> Registry:
    """The registry in a parsed file. path: for messages, and where relative key files lie. Raises SettingsError."""
    try:
        return _registry(table, path.parent)
    except ValueError as error:
        raise SettingsError(f"TITRATE_REGISTRY_FILE {path}: {error}; see docs/security.md") from None


def _table(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"TITRATE_REGISTRY_FILE {path} can not be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"TITRATE_REGISTRY_FILE {path} is not TOML: {error}") from None


def _registry(table: Table, folder: Path) -> Registry:
    _only(table, _TOP, "the file")
    tenants = tuple(_tenant(row, f"tenants[{n}]") for n, row in enumerate(_rows(table, "tenants")))
    issuers = tuple(_issuer(row, f"issuers[{n}]", folder) for n, row in enumerate(_rows(table, "issuers")))
    servers, keys = read_servers({name: table[name] for name in ("fhir_servers", "keys") if name in table})
    _once([item.name for item in tenants], "tenants.name")
    _once([item.iss for item in issuers], "issuers.iss")
    known = {item.name for item in tenants}
    for item in issuers:
        _check(set(item.tenants) <= known, f"issuers.tenants of {item.iss}", "names of [[tenants]]", item.tenants)
        claims = [tenant.claim for tenant in tenants if tenant.name in item.tenants]
        _once(claims, f"tenants.claim among those of {item.iss}")
    for server in servers:
        _check(server.tenant in known, f"fhir_servers.tenant of {server.base}", "a name of [[tenants]]", server.tenant)
    return Registry(tenants=tenants, issuers=issuers, servers=servers, signing_keys=keys)


def _tenant(row: Table, where: str) -> Tenant:
    _only(row, _TENANT, where)
    name = _text(row, "name", where)
    _check(NAME.fullmatch(name) is not None, f"{where}.name", "lower-case letters, digits and -, at most 63", name)
    return Tenant(
        name=name,
        claim=_text(row, "claim", where, otherwise=name),
        cors_origins=_origins(row, "cors_origins", where),
        frame_ancestors=_origins(row, "frame_ancestors", where),
    )


def _issuer(row: Table, where: str, folder: Path) -> Issuer:
    _only(row, _ISSUER, where)
    given = [name for name in _KEYS_FROM if name in row]
    _check(len(given) == 1, where, f"exactly one of {', '.join(_KEYS_FROM)}", given)
    url = _https(row, "jwks_url", where)
    return Issuer(
        iss=_text(row, "iss", where),
        tenants=_texts(row, "tenants", where),
        keys=() if url else _pinned(row, where, folder),
        jwks_url=url,
        jku=_text(row, "jku", where, otherwise=url),
        private=_yes_no(row, "private", where),
        ca_file=_authority(row, where, folder),
        per_minute=_count(row, "per_minute", where, PER_MINUTE, 1_000_000),
        lifetime_s=_count(row, "lifetime_s", where, LIFETIME_S, 86_400),
    )


def _authority(row: Table, where: str, folder: Path) -> str:
    if "ca_file" not in row:
        return ""
    file = folder / _text(row, "ca_file", where)
    _check(file.is_file(), f"{where}.ca_file", "a PEM file that can be read", row["ca_file"])
    return str(file)


def _pinned(row: Table, where: str, folder: Path) -> tuple[Key, ...]:
    try:
        if "jwks" in row:
            return read_keys(row["jwks"])
        file = folder / _text(row, "jwks_file", where)
        return read_keys(json.loads(file.read_text(encoding="utf-8")))
    except BadKeys as error:
        raise ValueError(f"{where}: {error}") from None
    except OSError as error:
        raise ValueError(f"{where}.jwks_file: {row['jwks_file']} can not be read: {error.strerror}") from None
    except ValueError as error:  # not JSON, not UTF-8, not a text
        raise ValueError(f"{where}.jwks_file: expected a JWK Set as JSON ({type(error).__name__})") from None


def _rows(table: Table, name: str) -> list[Table]:
    rows = table.get(name, [])
    fits = isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows)
    _check(fits, name, f"an array of tables, written [[{name}]]", type(rows).__name__)
    return list(rows)


def _only(row: Table, known: frozenset[str], where: str) -> None:
    strange = sorted(set(row) - known)
    _check(not strange, where, f"only {', '.join(sorted(known))}", strange)


def _text(row: Table, name: str, where: str, *, otherwise: str | None = None) -> str:
    value = row.get(name, otherwise)
    fits = isinstance(value, str) and (value != "" or otherwise == "") and len(value) <= 512 and value.isprintable()
    _check(fits, f"{where}.{name}", "a text of 1 to 512 printable characters", value)
    return str(value)


def _texts(row: Table, name: str, where: str) -> tuple[str, ...]:
    value = row.get(name)
    fits = isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
    _check(fits, f"{where}.{name}", 'at least one text, written ["..."]', value)
    return tuple(value or ())


def _origins(row: Table, name: str, where: str) -> tuple[str, ...]:
    if name not in row:
        return ()
    found = _texts(row, name, where)
    for origin in found:
        parts = urlsplit(origin)
        bare = f"{parts.scheme}://{parts.netloc}" == origin and parts.scheme in ("https", "http") and bool(parts.netloc)
        fits = bare and "@" not in origin and "*" not in origin and origin.isascii() and origin.isprintable()
        _check(fits and ";" not in origin and " " not in origin, f"{where}.{name}", "https://host[:port]", origin)
    return found


def _https(row: Table, name: str, where: str) -> str:
    url = _text(row, name, where, otherwise="")
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    fits = not url or ((parts.scheme == "https" or plain) and bool(parts.hostname) and "@" not in parts.netloc)
    _check(fits and not parts.fragment, f"{where}.{name}", "an https address without a login or fragment", url)
    return url


def _yes_no(row: Table, name: str, where: str) -> bool:
    value = row.get(name, False)
    _check(isinstance(value, bool), f"{where}.{name}", "true or false", value)
    return bool(value)


def _count(row: Table, name: str, where: str, otherwise: int, most: int) -> int:
    value = row.get(name, otherwise)
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most
    _check(fits, f"{where}.{name}", f"a whole number from 1 to {most}", value)
    return int(value)


def _once(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    _check(not twice, where, "each one once", twice)


def _check(fits: bool, where: str, expected: str, found: object) -> None:
    if not fits:
        raise ValueError(f"{where}: expected {expected}, found {found!r}")
