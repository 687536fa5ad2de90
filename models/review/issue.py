"""What a check of the library found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Issue:
    """where: id of a model, or "<drug>/drug.toml". error: has to be mended; warning: has to be known."""

    where: str
    code: str
    severity: Literal["error", "warning"]
    text: str


def error(where: str, code: str, text: str) -> Issue:
    return Issue(where=where, code=code, severity="error", text=text)


def warning(where: str, code: str, text: str) -> Issue:
    return Issue(where=where, code=code, severity="warning", text=text)
