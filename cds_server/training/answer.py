"""A worker's answer, and how it is read from the result backend: as data that anybody could have written."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

LARGEST = 20_000_000  # characters; three companions have 100,000
_TOLD = 400  # characters of a reason


@dataclass(frozen=True, kw_only=True)
class Answer:
    """made: the finished files' text by form or kind. failed: why there can be none. Both stay true for the same job.

    refused: why this worker does not take it. broken: what happened to it. Another worker may do better.
    """

    made: Mapping[str, str] = field(default_factory=dict)
    failed: str = ""
    refused: str = ""
    broken: str = ""

    @property
    def final(self) -> bool:
        return bool(self.made or self.failed)

    @property
    def reason(self) -> str:
        """Why nothing was made."""
        if self.refused:
            return f"refused by a worker: {self.refused}"
        return f"broken off: {self.broken}" if self.broken else self.failed

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def answer_of(backend: Any, id: str) -> Answer | None:
    """None while there is none. Celery's own reader would build exceptions by names that stand in the answer."""
    raw = backend.get(backend.get_key_for_task(id))
    if not raw:
        return None
    try:
        return _answer(json.loads(raw) if len(raw) <= LARGEST else None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Answer(broken="what came back is no answer of a training worker")


def _answer(body: Any) -> Answer | None:
    status, result = body["status"], body["result"]
    if status == "SUCCESS":
        return _made(result)
    if status == "FAILURE":
        return Answer(broken=f"ended by its worker ({_word(result['exc_type'])})")
    return None


def _made(result: Mapping[str, Any]) -> Answer:
    texts = result["made"]
    if not isinstance(texts, dict) or not all(isinstance(item, str) for item in (*texts, *texts.values())):
        raise ValueError("texts by name were expected")
    found = Answer(made=texts, **{name: _line(result[name]) for name in ("failed", "refused", "broken")})
    if not (found.made or found.reason):
        raise ValueError("neither a text nor a reason")
    return found


def _line(text: str) -> str:
    """What goes to a terminal: one line without control characters."""
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]+", " ", text.strip())[:_TOLD]


def _word(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z]{1,60}", text) else "without a usable reason"
