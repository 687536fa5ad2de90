"""The sandbox EHR's access tokens: opaque, short-lived, each for one patient's chart; kept in memory only."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock

LIFETIME = timedelta(minutes=15)
_KEPT = 2000  # expired tokens are dropped when the book grows past this


class TokenBook:
    """Issues and recognises tokens; holds their SHA-256 only, so that a dump of it opens nothing."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[str, tuple[str, datetime]] = {}

    def issue(self, chart: str, now: datetime) -> str:
        """A new bearer token for one patient's chart."""
        token = token_urlsafe(32)
        with self._lock:
            if len(self._known) >= _KEPT:
                self._known = {key: value for key, value in self._known.items() if value[1] > now}
            self._known[_digest(token)] = (chart, now + LIFETIME)
        return token

    def chart_of(self, token: str, now: datetime) -> str | None:
        """The patient a token is for, or None where it is unknown or has expired."""
        chart, until = self._known.get(_digest(token), (None, now))
        return chart if until > now else None


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
