"""How often one issuer may call: a token bucket for each, in this process.

Not shared between processes: it protects this process's threads, and a shared count would cost every call a write. With
n service processes an issuer may call n times as often.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock


@dataclass
class _Bucket:
    left: float
    at: float


class Buckets:
    """One bucket a name, holding a minute's calls and refilled evenly. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str, per_minute: int) -> float:
        """0 where the call may go on, else the seconds to wait for the next one. Names: the registry's and one more."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(name, _Bucket(left=float(per_minute), at=now))
            bucket.left = min(float(per_minute), bucket.left + (now - bucket.at) * per_minute / 60)
            bucket.at = now
            if bucket.left >= 1:
                bucket.left -= 1
                return 0.0
            return (1 - bucket.left) * 60 / per_minute

    def give_back(self, name: str) -> None:
        """Undo one take: the call turned out not to be the issuer's."""
        with self._lock:
            self._buckets[name].left += 1
