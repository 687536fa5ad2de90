"""Findings that say the same of dose after dose become one, so that what is said once is not lost among them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from models.findings import Finding

_MANY = 3  # so many sentences that differ by their numbers and times only are one (house figure)
_NUMBERS = re.compile(r"[\d.,:+-]+")


def summed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """In their order; of those alike the last, with how many there are and the sources of all."""
    groups: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for item in findings:
        groups[item.code, item.severity, _NUMBERS.sub("#", item.text)].append(item)
    return tuple(kept for group in groups.values() for kept in ([_one(group)] if len(group) >= _MANY else group))


def _one(group: list[Finding]) -> Finding:
    sources = tuple(dict.fromkeys(source for item in group for source in item.sources))
    return replace(group[-1], text=f"{group[-1].text} The same holds of {len(group) - 1} more.", sources=sources)
