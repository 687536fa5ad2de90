"""Findings as a card says them: in the order of their weight, marked by what they are, and in few words. Pure."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from cds_server.hooks import words
from models.findings import Finding

_WEIGHT = {"critical": 0, "warning": 1, "info": 2}
_MARKS = {"critical": "Serious", "warning": "Warning", "info": "Note"}
# UCUM's codes where people read words
_UNITS = {" (1)": "", " (a)": " (years)", " (d)": " (days)", " (m2)": " (m²)"}
_UNIT = re.compile(r" \((?:1|a|d|m2)\)")
_LONGEST = 90  # characters of a reason that a summary has room for beside the drug and "no dose is proposed"


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Holds and limits first, then critical, warning, info; otherwise as they came."""
    return tuple(sorted(findings, key=lambda item: (not _among("first", item.code), _WEIGHT[item.severity])))


def mark(finding: Finding) -> str:
    """ "Doubtful" for a doubt about the chart's data, else by severity."""
    if finding.severity == "warning" and not _among("not_data", finding.code):
        return "Doubtful"
    return _MARKS[finding.severity]


def text(finding: Finding) -> str:
    """The finding's words without UCUM codes or exponents."""
    said = _data()["text"].get(finding.code, finding.text)
    return words.readable(_UNIT.sub(lambda match: _UNITS[match[0]], said))


def reason(reasons: Sequence[Finding]) -> str:
    """Why no dose is proposed, as one whole sentence that fits a summary."""
    if not reasons:
        return "The detail says why."
    first = reasons[0]
    whole = text(first)
    known: str = _data()["short"].get(first.code, "The detail says why.")
    return whole if len(whole) <= _LONGEST else known


def _among(name: str, code: str) -> bool:
    return any(fnmatchcase(code, pattern) for pattern in _data()[name])


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("findings.toml").read_text(encoding="utf-8"))
