"""Log lines: one JSON object each, with the request's id, never a token and never chart content."""

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from cds_server.config import Settings

request_id: ContextVar[str] = ContextVar("request_id", default="")

# What a record has by itself; everything else was passed as `extra` and becomes a field.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "data"}

# Last line of defence behind "don't log it": bearer tokens, JWTs, FHIR references and signed links.
_SECRETS = (
    (re.compile(r"(?i)bearer\s+[A-Za-z0-9._~+/=-]+"), "Bearer [redacted]"),
    (re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), "[redacted jwt]"),
    (re.compile(r"\b(Patient|Practitioner|RelatedPerson|Person|Encounter)/[A-Za-z0-9.-]{1,64}"), r"\1/[redacted]"),
    (re.compile(r"/advice/[A-Za-z0-9._-]+"), "/advice/[redacted]"),
    (re.compile(r"(?i)(access_token|token|secret|password)([\"'=:\s]+)[^\s,;\"'}]+"), r"\1\2[redacted]"),
)


def redacted(text: str) -> str:
    """The text without tokens, JWTs and person references."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class JsonFormatter(logging.Formatter):
    """A traceback is reduced to where it happened: its message may quote the chart."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if current := request_id.get():
            line["request"] = current
        line |= {k: redacted(str(v)) for k, v in vars(record).items() if k not in _STANDARD}
        if record.exc_info and record.exc_info[0]:
            line["error"], line["trace"] = record.exc_info[0].__name__, _where(record)
        return json.dumps(line, ensure_ascii=False)


def _where(record: logging.LogRecord) -> list[str]:
    found, trace = [], record.exc_info[2] if record.exc_info else None
    while trace:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-12:]


def configure_logging(settings: Settings) -> None:
    """JSON lines on standard error for everything in this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    for noisy in ("celery", "kombu", "amqp", "alembic"):
        # Celery quotes task arguments at INFO; ours are content keys, but the habit is not worth having.
        logging.getLogger(noisy).setLevel(logging.WARNING)
