"""The key a token names: pinned in the registry, or from the issuer's JWK Set with caching and rotation."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from cds_server.hooks.errors import HookError
from cds_server.hooks.json import parse
from cds_server.trust.fetch import FetchError
from cds_server.trust.keys import BadKeys, Key, read_keys
from cds_server.trust.registry import Issuer

log = logging.getLogger(__name__)

FRESH_S = 600.0  # a key taken out of the set is believed this long at most, while the set can be had
STALE_S = 86_400.0  # and this long while it can not: an EHR's web server may fail for a night
PAUSE_S = 60.0  # between two fetches of one set, whatever kids strangers make up

Fetch = Callable[[Issuer], bytes]


@dataclass(frozen=True, kw_only=True)
class _Set:
    keys: tuple[Key, ...] = ()
    had_at: float = float("-inf")
    asked_at: float = float("-inf")


class KeyRing:
    """Safe to use from several threads; while one fetches a set, the others go on with the one there is."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._sets: dict[str, _Set] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def find(self, issuer: Issuer, kid: str) -> Key | None:
        """The key of that id, None where the issuer has none now."""
        return next((key for key in self.keys(issuer, wanted=kid) if key.kid == kid), None)

    def keys(self, issuer: Issuer, *, wanted: str = "") -> tuple[Key, ...]:
        """All keys of an issuer; a set at a URL is fetched where it is old or lacks the one that is wanted."""
        if not issuer.jwks_url:
            return issuer.keys
        known = self._sets.get(issuer.iss, _Set())
        if self._due(known, wanted):
            known = self._renewed(issuer, wanted, first=not known.keys)
        return known.keys if self._clock() - known.had_at < STALE_S else ()

    def _due(self, known: _Set, wanted: str) -> bool:
        now = self._clock()
        if now - known.asked_at < PAUSE_S:
            return False
        return now - known.had_at >= FRESH_S or (wanted != "" and all(key.kid != wanted for key in known.keys))

    def _renewed(self, issuer: Issuer, wanted: str, *, first: bool) -> _Set:
        with self._lock:
            own = self._locks.setdefault(issuer.iss, Lock())
        if not own.acquire(blocking=first):  # the first callers have nothing to go on with: they wait
            return self._sets[issuer.iss] if issuer.iss in self._sets else _Set()
        try:
            known = self._sets.get(issuer.iss, _Set())
            if self._due(known, wanted):
                known = self._sets[issuer.iss] = self._asked(issuer, known)
            return known
        finally:
            own.release()

    def _asked(self, issuer: Issuer, known: _Set) -> _Set:
        now = self._clock()
        try:
            return _Set(keys=read_keys(parse(self._fetch(issuer))), had_at=now, asked_at=now)
        except (FetchError, BadKeys, HookError) as error:
            reason = str(error) if isinstance(error, FetchError | BadKeys) else "not JSON"
            log.warning("a JWK Set could not be had", extra={"iss": issuer.iss, "reason": reason})
            return _Set(keys=known.keys, had_at=known.had_at, asked_at=now)
