"""URLs of one FHIR server: what a base may be, and whether a link stays on it."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

from fhir.errors import NotAllowedServer

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PORTS = {"https": 443, "http": 80}
_CLEAN = re.compile(r"[!-~]+")  # visible ASCII: no blank, no control character, nothing that looks like another letter


def checked_base(base: str) -> str:
    """A FHIR base URL without its closing slash; raises NotAllowedServer for one no client may be made for."""
    parts = split(base)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise NotAllowedServer("A FHIR server's address must be an absolute https URL.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise NotAllowedServer("A FHIR server's address must be https.")
    if "@" in parts.netloc or parts.query or parts.fragment or _climbs(parts.path):
        raise NotAllowedServer("A FHIR server's address must not hold a login, a query, a fragment or dot segments.")
    return base.rstrip("/")


def stay_on(base: str, link: str) -> str:
    """An absolute URL for a paging link that stays on the server `base`; raises NotAllowedServer for any other."""
    absolute = link if "://" in link or link.startswith("//") else f"{base}/{link.lstrip('/')}"
    ours, theirs = split(base), split(absolute)
    under = theirs.path == ours.path or theirs.path.startswith(f"{ours.path.rstrip('/')}/")
    if not same_origin(base, absolute) or not under or _climbs(theirs.path):
        raise NotAllowedServer("A paging link leads away from the FHIR server; it was not followed.")
    return absolute


def same_origin(base: str, url: str) -> bool:
    """Whether an absolute URL has the scheme, host and port of `base`, and no login; raises NotAllowedServer."""
    ours, theirs = split(base), split(url)
    return _origin(ours) == _origin(theirs) and "@" not in theirs.netloc


def split(url: str) -> SplitResult:
    """The parts of a URL; raises NotAllowedServer for one that clients read in different ways."""
    if not _CLEAN.fullmatch(url) or "\\" in url:
        raise NotAllowedServer("An address holds characters that no URL has.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise NotAllowedServer("An address can not be read as a URL.") from None
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)


def _climbs(path: str) -> bool:
    return any(segment in (".", "..") for segment in unquote(unquote(path)).split("/"))
