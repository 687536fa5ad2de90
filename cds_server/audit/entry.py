"""One audit entry: the replay record of an advice without names, identifiers or tokens.

FHIR ids and patient ids are identifiers, so an entry holds commitments: SHA-256 over a random salt and the content. The
salt lies in the advice's row. While the row exists anyone with database access can check that it is what was logged;
when a patient's rows are erased the salt goes with them, and the entry stays valid and says nothing.
"""

import platform
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import rfc8785

from cds_server.config import Settings
from cds_server.estimation import engine
from cds_server.hooks.protocol import HookRequest
from cds_server.issued import IssuedAdvice
from cds_server.store.rows import AdviceRow, FeedbackRow
from models.beside.value import Beside
from models.dosing.advice import Recommendation
from models.drug import Drug

_LIBRARIES = ("numpy", "scipy", "numba")
# Neither changes an answer, and each may hold a password or a key.
_SECRET_SETTINGS = frozenset({"secret_key", "database_url", "broker_url"})


def commitment(salt: str, text: str) -> str:
    """SHA-256 over the salt and the text: for an advice and its chart the very text that the row holds."""
    return sha256(f"{salt}\0{text}".encode()).hexdigest()


def advice_entry(
    issued: IssuedAdvice,
    *,
    drug: Drug,
    request: HookRequest,
    row: AdviceRow,
    cards: Iterable[str],
    settings: Settings,
) -> dict[str, Any]:
    """The entry of one advice."""
    advice = issued.advice
    entry: dict[str, Any] = {
        "advice": issued.id,
        "kind": type(advice).__name__.lower(),
        "hook": request.hook,
        "tenant": request.tenant or "none",
        "drug": {"name": drug.name, "hash": drug.hash},
        "clock": issued.issued_at.isoformat(),
        "inputs": commitment(row.salt, row.chart),
        "patient": commitment(row.salt, f"{request.access.base if request.access else ''}\0{request.patient}"),
        "output": commitment(row.salt, row.content),
        "estimate": row.estimate_key or "none",
        "cards": list(cards),
        "settings": settings_hash(settings),
        **environment(),
    }
    if advice.model:
        entry["model"] = {"id": advice.model.id, "hash": advice.model.hash}
    if isinstance(advice, Recommendation):
        entry |= {"seed": advice.seed, "draws": advice.draws}
        entry |= {"beside": beside_entry(advice.beside)} if advice.beside else {}
    return entry


def beside_entry(found: Beside) -> list[dict[str, Any]]:
    """Each file that was asked, by what it is called and the hash of what it held; whether it spoke."""
    files = (one for one in found.opinions if one.hash)
    return [{"id": one.name, "hash": one.hash, "spoke": one.exposure is not None} for one in files]


def notice_entry(*, kind: str, request: HookRequest, cards: Iterable[str], reference: str) -> dict[str, Any]:
    """The entry of an answer that carries no advice."""
    return {"kind": kind, "hook": request.hook, "cards": list(cards), "reference": reference, **environment()}


def feedback_entry(rows: Iterable[FeedbackRow]) -> dict[str, Any]:
    """The entry of a batch of feedback; comments are people's words and stay out."""
    said = [{"card": row.card_uuid, "outcome": row.outcome, "reason": row.reason_code or "none"} for row in rows]
    return {"kind": "feedback", "items": said}


def settings_hash(settings: Settings) -> str:
    """SHA-256 of the settings without their secrets."""
    shown = {name: str(value) for name, value in vars(settings).items() if name not in _SECRET_SETTINGS}
    return sha256(rfc8785.dumps(shown)).hexdigest()


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    return (("python", platform.python_version()), *((name, version(name)) for name in _LIBRARIES))


def environment() -> dict[str, Any]:
    """Engine and library versions, without which a number can not be computed again."""
    return {"engine": engine(), "libraries": dict(_versions())}
