"""Answers kept to be confirmed by their server (ETag, Last-Modified); only of what holds no patient's data."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from fhir.ehr.transport import Answer

# A drug's description, and what a server says of itself; whatever else there is to read is somebody's.
_ANYONES = re.compile(r"Medication/[A-Za-z0-9.\-]{1,64}|\.well-known/smart-configuration")
_SOMEBODYS = (b'"Patient', b'"subject"', b'"patient"')
_LARGEST = 100_000  # bytes


@dataclass(frozen=True, kw_only=True)
class _Kept:
    answer: Answer
    conditions: Mapping[str, str]


class Kept:
    """The latest answers of one server. Each is asked for again by its mark: a token's reach is judged each time."""

    def __init__(self, most: int = 200) -> None:
        self._most, self._lock = most, Lock()
        self._answers: OrderedDict[str, _Kept] = OrderedDict()

    def conditions(self, path: str) -> Mapping[str, str]:
        """The headers that let the server answer "as before" (304)."""
        with self._lock:
            found = self._answers.get(path)
        return found.conditions if found else {}

    def settled(self, path: str, answer: Answer) -> Answer:
        """The answer to use: the kept one where the server confirmed it, else this one, kept where it may be."""
        with self._lock:
            before = self._answers.get(path)
            if answer.status == 304 and before:
                self._answers.move_to_end(path)
                return before.answer
            self._answers.pop(path, None)
            conditions = _conditions(path, answer)
            if conditions:
                self._answers[path] = _Kept(answer=answer, conditions=conditions)
                while len(self._answers) > self._most:
                    self._answers.popitem(last=False)
        return answer


def _conditions(path: str, answer: Answer) -> dict[str, str]:
    """What a later request may refer to; nothing where the answer is not to be kept."""
    if answer.status != 200 or not _ANYONES.fullmatch(path) or len(answer.body) > _LARGEST:
        return {}
    if "no-store" in answer.headers.get("Cache-Control", "").lower() or any(w in answer.body for w in _SOMEBODYS):
        return {}
    marks = {"If-None-Match": answer.headers.get("ETag"), "If-Modified-Since": answer.headers.get("Last-Modified")}
    return {name: value for name, value in marks.items() if value}
