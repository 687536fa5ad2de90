"""A training's sign of life: a counter beside its answer, by which others see that some worker is still at it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from uuid import uuid4

_MOMENT_S = 0.5  # within which two workers see each other
ANY = "any"  # the pulse of whichever worker: that there are some


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds. beat: between two signs; silent: without one, after which a worker counts as lost; look: of a client."""

    beat: float = 5.0
    silent: float = 60.0
    look: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """attempt: the how-manieth worker that takes the job up. mark: changes with each beat."""

    attempt: int
    mark: str


class Pulses:
    """Kept in the result backend, under keys of their own."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def read(self, id: str) -> Pulse | None:
        """None where there is none, or what is there is none of ours."""
        raw = self._backend.get(_key(id))
        try:
            found = json.loads(raw) if raw else None
            return Pulse(attempt=int(found["attempt"]), mark=str(found["mark"])[:80]) if found else None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def write(self, id: str, pulse: Pulse) -> None:
        self._backend.set(_key(id), json.dumps({"attempt": pulse.attempt, "mark": pulse.mark}))

    def end(self, id: str) -> None:
        self._backend.delete(_key(id))

    def beats(self, id: str, within: float, step: float) -> bool:
        """Whether another worker is at it: its mark changes within so many seconds. No clock of theirs is believed."""
        first, end = self.read(id), time.monotonic() + within
        while first is not None and time.monotonic() < end:
            time.sleep(step)
            now = self.read(id)
            if now is not None and now.mark != first.mark:
                return True
        return False

    @contextmanager
    def beating(self, id: str, attempt: int, every: float) -> Iterator[bool]:
        """While this is open, the job beats: from a thread, as searches run without the interpreter's lock.

        False where another took up the same job in the same moment: the last to say so has it, all others let go.
        """
        beating = _Beating(self, id, attempt, every)
        with beating:
            time.sleep(min(_MOMENT_S, every / 2))
            now = self.read(id)
            yield now is not None and beating.wrote(now)


class _Beating:
    def __init__(self, pulses: Pulses, id: str, attempt: int, every: float) -> None:
        self._pulses, self._id, self._attempt, self._every = pulses, id, attempt, every
        self._over, self._name = threading.Event(), uuid4().hex[:12]
        self._thread = threading.Thread(target=self._beat, name="titrate-pulse", daemon=True)

    def __enter__(self) -> None:
        self._once(0)
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def wrote(self, pulse: Pulse) -> bool:
        return pulse.mark.partition(" ")[0] == self._name

    def _beat(self) -> None:
        count = 0
        while not self._over.wait(self._every):
            count += 1
            try:
                self._once(count)
            except Exception:  # noqa: S112 - a beat that the broker does not take is one that is missed; the next may get through
                continue

    def _once(self, count: int) -> None:
        pulse = Pulse(attempt=self._attempt, mark=f"{self._name} {count}")
        self._pulses.write(self._id, pulse)
        self._pulses.write(ANY, pulse)


def _key(id: str) -> bytes:
    return f"titrate-pulse-{id}".encode()
