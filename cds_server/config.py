"""Settings: one frozen object, read once; the only reader of the environment in the product."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

PREFIX = "TITRATE_"
QueueKind = Literal["worker", "in-process"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
CdsHooksVersion = Literal["2.0", "3.0"]
Companions = Literal["signed", "all", "none"]


class SettingsError(Exception):
    """A setting can not be used. The message names the variable, what was found, what was expected, what to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every field is an environment variable TITRATE_<FIELD>; docs/settings.md says what each one does."""

    host: str = "127.0.0.1"
    port: int = 8080
    base_url: str = ""
    trusted_proxy: bool = False
    registry_file: str = ""
    jwt_optional: bool = False
    unknown_per_minute: int = 1200
    secret_key: str = field(default="", repr=False)
    fhir_servers: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    data_folder: Path = Path("var")
    site_file: str = ""
    database_url: str = field(default="", repr=False)
    broker_url: str = field(default="", repr=False)
    queue: QueueKind = "worker"
    queue_polling_s: float = 0.002
    hook_budget_ms: int = 400
    fhir_deadline_ms: int = 2000
    task_limit_s: int = 20
    seed: int = 20261121
    draws: int = 1000
    link_minutes: int = 60
    repeat_minutes: int = 30
    cds_hooks_version: CdsHooksVersion = "2.0"
    companions: Companions = "signed"
    signatures_file: str = ""
    library_folder: str = ""
    log_level: LogLevel = "INFO"
    sandbox: bool = False
    threads: int = 4

    def __post_init__(self) -> None:
        for name in ("port", "queue_polling_s", "hook_budget_ms", "fhir_deadline_ms", "task_limit_s", "link_minutes"):
            if getattr(self, name) <= 0:
                raise _refused(name, getattr(self, name), "a number above 0")
        if self.unknown_per_minute < 0:
            raise _refused("unknown_per_minute", self.unknown_per_minute, "0 (not counted) or a number above it")
        if self.repeat_minutes < 0:
            raise _refused("repeat_minutes", self.repeat_minutes, "0 (every card every time) or a number above it")
        choices = (
            ("queue", QueueKind),
            ("log_level", LogLevel),
            ("cds_hooks_version", CdsHooksVersion),
            ("companions", Companions),
        )
        for name, kind in choices:
            if getattr(self, name) not in get_args(kind):
                raise _refused(name, getattr(self, name), f"one of {', '.join(get_args(kind))}")
        for url in (*self.fhir_servers, *self.cors_origins, *self.frame_ancestors, *filter(None, [self.base_url])):
            _check_url(url)

    @property
    def database(self) -> str:
        """SQLAlchemy URL; a SQLite file in the data folder where none is set."""
        return self.database_url or f"sqlite:///{self.data_folder / 'titrate.sqlite3'}"

    @property
    def signatures(self) -> Path:
        """The site's file of signatures; in the data folder where none is set."""
        return Path(self.signatures_file) if self.signatures_file else self.data_folder / "signatures.toml"

    @property
    def public_url(self) -> str:
        """Where the EHR's users reach this service, without a trailing slash; links on cards start with it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.base_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def loopback(self) -> bool:
        """Whether the service listens on this machine alone."""
        return is_loopback(self.host)

    @property
    def at_home(self) -> bool:
        """Whether the public address is this machine's own."""
        return is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def exposed(self) -> bool:
        """Whether others can reach the service: it listens beyond this machine, or is said to be reached from there."""
        return not (self.loopback and self.at_home)

    def to_environment(self) -> dict[str, str]:
        """The same settings as environment variables, for a child process."""
        return {PREFIX + item.name.upper(): _text(getattr(self, item.name)) for item in fields(self)}


def from_environment(environment: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Settings from TITRATE_* variables; keyword overrides (from the command line) win; unknown names raise."""
    environment = os.environ if environment is None else environment
    known = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    found = {name: value for name, value in environment.items() if name.startswith(PREFIX) and name in known}
    _refuse_unknown(environment, set(known))
    values = {known[name].name: _parsed(name, known[name].type, text) for name, text in found.items()}
    return Settings(**{**values, **{name: value for name, value in overrides.items() if value is not None}})  # type: ignore[arg-type]


def check_for_serving(settings: Settings, *, issuers: int = 0) -> None:
    """Refuse to start where anyone could ask or links could be forged; raises SettingsError.

    issuers: how many the registry file names.
    """
    if not settings.secret_key:
        raise SettingsError(
            "TITRATE_SECRET_KEY is not set: it signs the links on cards. "
            "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    if settings.sandbox and settings.exposed:
        raise SettingsError(
            f"refusing to serve the sandbox on {settings.host} as {settings.public_url}: it hands out access tokens to "
            "whoever asks. Unset TITRATE_SANDBOX, or bind 127.0.0.1 and leave TITRATE_BASE_URL on this machine"
        )
    if settings.exposed:
        _check_exposed(settings, issuers)


def _check_exposed(settings: Settings, issuers: int) -> None:
    """What others can reach needs TLS, which a proxy ends, and callers that somebody knows."""
    if not settings.trusted_proxy:
        known = "" if issuers else " and TITRATE_REGISTRY_FILE names no EHR whose calls could be told from a stranger's"
        raise SettingsError(
            f"refusing to listen on {settings.host} as {settings.public_url}: this service speaks plain HTTP{known}. "
            "Bind 127.0.0.1, or put a TLS proxy in front that alone reaches the port, and say so with "
            "TITRATE_TRUSTED_PROXY=1"
        )
    if not settings.at_home and not settings.public_url.startswith("https://"):
        raise SettingsError(
            f"refusing to be reached at {settings.public_url}: charts and tokens would go in clear. "
            "Set TITRATE_BASE_URL to the https address that the proxy answers on"
        )
    if settings.jwt_optional and not issuers:
        raise SettingsError("TITRATE_JWT_OPTIONAL is set, but TITRATE_REGISTRY_FILE names no issuer: unset it")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# Set by tools around the product (tests, the image), not settings of the service.
_NOT_SETTINGS = frozenset({"TITRATE_REFERENCE"})


def _refuse_unknown(environment: Mapping[str, str], known: set[str]) -> None:
    # A misspelt setting would otherwise be a silently unsafe default.
    unknown = sorted(n for n in environment if n.startswith(PREFIX) and n not in known and n not in _NOT_SETTINGS)
    if unknown:
        raise SettingsError(f"unknown setting {', '.join(unknown)}: see docs/settings.md for the names there are")


def _parsed(name: str, kind: object, text: str) -> object:
    try:
        return _PARSERS[kind](text) if kind in _PARSERS else text
    except (ValueError, KeyError):
        raise _refused(name.removeprefix(PREFIX), text, f"a value of kind {getattr(kind, '__name__', kind)}") from None


def _many(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
_PARSERS: Mapping[object, Callable[[str], object]] = {
    int: int,
    float: float,
    bool: lambda text: _YES_NO[text.lower()],
    Path: Path,
    tuple[str, ...]: _many,
}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise SettingsError(f"{url!r} is not a usable address: expected http(s)://host[:port][/path], nothing else")


def _refused(name: str, value: object, expected: str) -> SettingsError:
    return SettingsError(f"{PREFIX}{name.upper()} is {value!r}: expected {expected}; see docs/settings.md")
