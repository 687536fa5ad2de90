"""Which raw covariates can be read from a chart at all, by terminology/terms.toml."""

from collections.abc import Mapping
from functools import cache

from fhir.terminology import data

UNREAD = "unread"


def why_unread(name: str) -> str:
    """Why no reader has a covariate, "" where one has."""
    row = data("terms.toml")[name]
    return str(row["words"]) if row["from"] == UNREAD else ""


@cache
def unreadable() -> tuple[str, ...]:
    """Covariates that no chart entry can bring into a record: charting them would not help. In order of name."""
    return tuple(sorted(name for name in data("terms.toml") if why_unread(name)))


def read_from() -> Mapping[str, tuple[str, str]]:
    """covariate -> (reader, words)."""
    return {name: (row["from"], row["words"]) for name, row in data("terms.toml").items()}
